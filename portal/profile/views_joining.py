"""Asking one's company for a licence, and what its managers do about it: domains proved, wishes answered."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, flash, request, url_for
from flask_login import current_user

from portal.db import writing
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.organisations import joining
from portal.organisations.joining import DomainRefused, NotOffered
from portal.organisations.seats import NoSeatLeft, ReplacementsUsed
from portal.profile.views import posted_id
from portal.profile.views_invitations import team_url
from portal.profile.views_team import acting, bp
from portal.throttle import Throttled
from portal.web import MAX_ID, READER, allow, see_other

_REFUSALS: Mapping[str, object] = {
    "not-yours": _("You can prove a domain only with a confirmed address of your own on it."),
    "alone": _("A domain belongs to a company: yours is an account of one person."),
    "taken": _("Another organisation has this domain here. Write to us: we sort it out with both."),
    "yours": _("This domain is yours already."),
}


@bp.post("/organisation/join")
@allow(READER)
def ask_to_join() -> Any:
    """Ask the managers of one's company for a licence; 404 for a company that offers nothing to this address."""
    organisation_id = posted_id("organisation")
    try:
        with writing() as unit:
            told = joining.ask(unit, organisation_id, current_user.id)
    except NotOffered:
        abort(404)
    except Throttled:
        flash(
            gettext("You have asked often this month. Speak to whoever manages the licences in your company."),
            "warning",
        )
        return see_other(url_for("profile.rights"))
    if told:
        flash(gettext("Your request has left: whoever manages the licences answers by e-mail."), "success")
    else:
        flash(gettext("Your request waits already: whoever manages the licences answers by e-mail."), "info")
    return see_other(url_for("profile.rights"))


@bp.post("/organisation/<int:organisation_id>/domains")
@allow(READER)
def prove_domain(organisation_id: int) -> Any:
    """Make the domain of one's own confirmed address the organisation's."""
    organisation, domain = acting(organisation_id), request.form.get("domain", "")[:253]
    try:
        with writing() as unit:
            joining.prove(unit, organisation.id, domain, actor_id=current_user.id)
    except DomainRefused as error:
        flash(str(_REFUSALS[error.code]), "warning")
    else:
        flash(
            gettext("Colleagues with an address at %(domain)s can ask you for a licence from now on.", domain=domain),
            "success",
        )
    return see_other(team_url(organisation_id))


@bp.post("/organisation/<int:organisation_id>/domains/<int:domain_id>/give-up")
@allow(READER)
def give_up_domain(organisation_id: int, domain_id: int) -> Any:
    """The domain offers nothing any more."""
    organisation = acting(organisation_id)
    with writing() as unit:
        known = domain_id <= MAX_ID and joining.give_up(unit, organisation.id, domain_id, actor_id=current_user.id)
    if not known:
        abort(404)
    flash(gettext("The domain is given up: nobody is offered to ask you for a licence by it."), "success")
    return see_other(team_url(organisation_id))


@bp.post("/organisation/<int:organisation_id>/wishes/<int:wish_id>/approve")
@allow(READER)
def approve_wish(organisation_id: int, wish_id: int) -> Any:
    """Give the licence that was asked for."""
    try:
        done = _answered(organisation_id, wish_id, joining.approve)
    except ReplacementsUsed:
        flash(
            gettext("Free licences cannot be given yet: as many people as may be were replaced within thirty days."),
            "warning",
        )
    except NoSeatLeft:
        flash(
            gettext("All licences are taken: take somebody off one, or add licences. The request goes on waiting."),
            "warning",
        )
    else:
        _say(done, gettext("The licence is given, and the reader is told by e-mail."))
    return see_other(team_url(organisation_id))


@bp.post("/organisation/<int:organisation_id>/wishes/<int:wish_id>/decline")
@allow(READER)
def decline_wish(organisation_id: int, wish_id: int) -> Any:
    """Say no; the reader is told, not by whom."""
    _say(_answered(organisation_id, wish_id, joining.decline), gettext("Declined; the reader is told by e-mail."))
    return see_other(team_url(organisation_id))


def _answered(organisation_id: int, wish_id: int, act: Callable[..., bool]) -> bool:
    organisation = acting(organisation_id)
    if wish_id > MAX_ID:
        abort(404)
    try:
        with writing() as unit:
            return act(unit, organisation.id, wish_id, actor_id=current_user.id)
    except LookupError:
        abort(404)


def _say(done: bool, sentence: str) -> None:
    meanwhile = gettext("Somebody has answered in the meantime. Nothing was done twice.")
    flash(sentence if done else meanwhile, "success" if done else "info")

"""What a manager does about invitations: send them to a list of addresses, send one again, withdraw one."""

from typing import Any

from flask import abort, flash, url_for
from flask_login import current_user

from portal.db import AnySession, writing
from portal.i18n import current_locale, gettext, ngettext
from portal.organisations import invitations, inviting
from portal.organisations.inviting import Inviter, Line, Outcome, TooMany
from portal.organisations.models import Invitation, Organisation
from portal.profile.forms_team import InviteForm
from portal.profile.views_team import acting, bp, managed, page
from portal.throttle import Throttled
from portal.web import MAX_ID, READER, allow, private, see_other


@bp.post("/organisation/<int:organisation_id>/invitations")
@allow(READER)
@private
def invite(organisation_id: int) -> Any:
    """Invite whoever can be; the addresses that could not stay in the form, each with its reason."""
    organisation, others = managed(organisation_id)
    form = InviteForm()
    if not form.validate():
        return page(organisation, others, form), 422
    try:
        with writing() as unit:
            lines = inviting.invite_all(unit, by(unit, organisation), form.addresses.data)
    except TooMany:
        form.addresses.errors = [
            gettext("These are too many at once: %(most)s at most. Nothing was sent.", most=inviting.MOST)
        ]
        return page(organisation, others, form), 422
    return _reported(organisation_id, form, lines)


def by(unit: AnySession, organisation: Organisation) -> Inviter:
    """Whoever is signed in, inviting for this organisation."""
    return Inviter(unit.get_one(Organisation, organisation.id), current_user.id, current_locale())


def _reported(organisation_id: int, form: InviteForm, lines: list[Line]) -> Any:
    sent = sum(line.outcome is Outcome.INVITED for line in lines)
    if sent == len(lines):
        flash(ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", sent), "success")
        return see_other(team_url(organisation_id))
    failed = [line.entry for line in lines if line.failed]
    form.addresses.data = "\n".join(failed)
    if failed:
        form.addresses.errors = [
            ngettext(
                "%(num)s line could not be used: correct it and send it again.",
                "%(num)s lines could not be used: correct them and send them again.",
                len(failed),
            )
        ]
    return page(*managed(organisation_id), form, lines), 422 if failed else 200


@bp.post("/organisation/<int:organisation_id>/invitations/<int:invitation_id>/resend")
@allow(READER)
def invite_again(organisation_id: int, invitation_id: int) -> Any:
    """Another mail with a new link, three times a day at most."""
    organisation = acting(organisation_id)
    try:
        with writing() as unit:
            waiting = _waiting(unit, organisation.id, invitation_id)
            if waiting is not None:
                inviting.resend(unit, by(unit, organisation), waiting)
    except Throttled:
        flash(gettext("This invitation was sent again three times within a day. Try again tomorrow."), "warning")
        return see_other(team_url(organisation_id))
    if waiting is None:
        return _over(organisation_id)
    flash(
        gettext(
            "Another mail is on its way to %(address)s. The link of the one before is worth nothing.",
            address=waiting.email,
        ),
        "success",
    )
    return see_other(team_url(organisation_id))


@bp.post("/organisation/<int:organisation_id>/invitations/<int:invitation_id>/withdraw")
@allow(READER)
def withdraw_invitation(organisation_id: int, invitation_id: int) -> Any:
    """Offer it no more; nobody is written to."""
    organisation = acting(organisation_id)
    with writing() as unit:
        waiting = _waiting(unit, organisation.id, invitation_id)
        if waiting is not None:
            invitations.withdraw(unit, waiting, actor_id=current_user.id)
    if waiting is None:
        return _over(organisation_id)
    flash(
        gettext("The invitation of %(address)s is withdrawn. Nobody was written to.", address=waiting.email), "success"
    )
    return see_other(team_url(organisation_id))


def _waiting(unit: AnySession, organisation_id: int, invitation_id: int) -> Invitation | None:
    """The organisation's invitation; None when it waits no more, 404 when it is not theirs."""
    found = invitations.of(unit, organisation_id, invitation_id) if 0 < invitation_id <= MAX_ID else None
    if found is None:
        abort(404)
    return found if found.accepted_at is None and found.withdrawn_at is None else None


def _over(organisation_id: int) -> Any:
    flash(gettext("This invitation was accepted or withdrawn in the meantime. Nothing was done."), "info")
    return see_other(team_url(organisation_id))


def team_url(organisation_id: int) -> str:
    """The page of the team."""
    return url_for("organisations.members", organisation_id=organisation_id)

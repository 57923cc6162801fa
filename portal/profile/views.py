"""The pages of “Mon profil”: one's rights, why an article is open or not, one's identity."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_login import current_user

from portal import clock
from portal.access import asking
from portal.access.standing import RightState
from portal.access.timeline import of_reader, timeline
from portal.access.vocabulary import ReaderFacts
from portal.accounts import acquaintance, address_change, second_address
from portal.accounts.models import Reader
from portal.content import why
from portal.db import AnySession, db, writing
from portal.i18n import COOKIE, current_locale, gettext
from portal.organisations import joining, mails
from portal.organisations.models import Invitation
from portal.organisations.seats import NoSeatLeft
from portal.profile import queries, seats
from portal.profile.cards import cards, closed
from portal.profile.forms import IdentityForm
from portal.profile.rights import Right, rights_of
from portal.profile.seats import NotTheirs
from portal.verticals import site_verticals
from portal.web import MAX_ID, READER, allow, own_path, private, see_other, viewable

bp = Blueprint("profile", __name__)
_PAST = frozenset({RightState.EXPIRED})


@bp.get("/profile/")
@allow(READER)
@private
@viewable
def rights() -> str:
    """Every right of the reader."""
    rows, now, facts = _rights(), clock.now(), asking.reader_facts()
    shown = cards([row for row in rows if row.kind not in _PAST])
    names = {one.slug: one.name for one in site_verticals()} | {one.vertical.slug: one.vertical.name for one in rows}
    return render_template(
        "profile/rights.html",
        cards=shown,
        closed=closed(site_verticals(), shown, facts, now),
        rows=rows,
        past=[row for row in rows if row.kind in _PAST],
        timeline=timeline(of_reader(facts, now, names), now),
        now=now,
        free_seats=queries.managed_without_seat(db.session, current_user.id),
        invitations=queries.waiting_invitations(db.session, current_user.id, now),
        offers=joining.offers(db.session, current_user.email, current_user.id) if _may_ask(facts) else [],
        facts=facts,
    )


def _may_ask(facts: ReaderFacts) -> bool:
    """Whose address is confirmed, reading not closed, and who holds no licence: they may ask their company for one."""
    seated = any(grant.seated_from is not None and grant.seated_until is None for grant in facts.grants)
    return facts.confirmed and not facts.suspended and not seated


def _rights() -> list[Right]:
    facts = asking.reader_facts()
    contracts = queries.contracts(db.session, facts)
    return rights_of(facts, clock.now(), names=why.names(db.session).verticals, contracts=contracts)


@bp.post("/profile/seat")
@allow(READER)
def take_seat() -> Any:
    """A manager takes a free licence of their organisation."""
    organisation_id = posted_id("organisation")
    return _seated(lambda unit: seats.take(unit, organisation_id, current_user.id))


@bp.post("/profile/seat/accept")
@allow(READER)
def accept_seat() -> Any:
    """An invited reader takes the licence that waits for them, and may say how their manager knows them.

    The lock panel names the vertical it is about instead of an invitation, and the article to come back to.
    """
    vertical, name = request.form.get("vertical", ""), request.form.get("name", "")
    try:
        invitation_id = (
            seats.waiting_here(db.session, current_user.id, vertical) if vertical else posted_id("invitation")
        )
    except NotTheirs:
        abort(404)

    def accept(unit: AnySession) -> None:
        seats.accept(unit, invitation_id, current_user.id)
        acquaintance.learn(unit, current_user.id, name=name)

    return _seated(accept, invitation_id)


def posted_id(name: str) -> int:
    """The id a form sends under this name; 404 for what is none."""
    found = request.form.get(name, type=int) or 0
    if not 0 < found <= MAX_ID:
        abort(404)
    return found


def _seated(act: Callable[[AnySession], object], invitation_id: int | None = None) -> Any:
    """Do it and say so; back to the article whose panel asked, or to the page of rights."""
    try:
        with writing() as unit:
            act(unit)
    except NotTheirs:
        abort(404)
    except NoSeatLeft:
        flash(_none_left(invitation_id), "warning")
    else:
        flash(gettext("You hold a seat: everything your organisation pays for is open to you."), "success")
    return see_other(own_path(request.form.get("next"), url_for("profile.rights")))


def _none_left(invitation_id: int | None) -> str:
    """What is said when no licence could be given; the managers of whoever invited hear of it once."""
    if invitation_id is None:
        return gettext("Every seat is taken. Free one or add seats first.")
    with writing() as unit:
        mails.licences_full(unit, unit.get_one(Invitation, invitation_id))
    return gettext(
        "No licence is free at the moment. Whoever manages them has been told; your invitation goes on waiting."
    )


@bp.route("/profile/identity", methods=["GET", "POST"])
@allow(READER)
@private
def identity() -> Any:
    """Name, company, language and appearance."""
    reader = db.session.get(Reader, current_user.id)
    if reader is None:
        abort(404)
    form = IdentityForm(data=_shown(reader))
    if form.validate_on_submit():
        return _save_identity(form)
    addresses = {
        "wish": address_change.wish_of(db.session, reader.id),
        "others": second_address.proved(db.session, reader.id),
    }
    return render_template("profile/identity.html", form=form, reader=reader, **addresses), 422 if form.errors else 200


def _shown(reader: Reader) -> dict[str, str]:
    """What the form shows first."""
    return {
        "name": reader.name,
        "company": reader.company,
        "locale": reader.locale or current_locale(),
        "theme": reader.theme or "auto",
    }


def _save_identity(form: IdentityForm) -> Any:
    with writing() as unit:
        reader = unit.get_one(Reader, current_user.id)
        reader.name, reader.company = form.name.data or "", form.company.data or ""
        reader.locale, reader.theme = form.locale.data, form.theme.data
    flash(gettext("Saved."), "success")
    answer = see_other(url_for("profile.identity"))
    for cookie in (COOKIE, "theme"):  # a choice made by cookie would hide the one just made here
        answer.delete_cookie(cookie)
    return answer

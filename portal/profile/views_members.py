"""What a manager does about a colleague on a licence: take them off, or give the place to somebody else."""

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, render_template
from flask_login import current_user

from portal.db import db, writing
from portal.formats import day
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.organisations import removing, replacing
from portal.organisations.models import Organisation, Seat
from portal.organisations.removing import CannotReplace
from portal.profile import team
from portal.profile.forms_team import ReplaceForm
from portal.profile.views_invitations import by, team_url
from portal.profile.views_team import acting, bp
from portal.web import MAX_ID, READER, allow, private, see_other

_REFUSALS: Mapping[str, object] = {
    "member": _("This person has a licence already: take the other one off instead."),
    "waiting": _("This person is invited already: take the other one off instead."),
    "over": _("Nobody sits on this licence any more."),
}


@bp.get("/organisation/<int:organisation_id>/licences/<int:seat_id>/remove")
@allow(READER)
@private
def leave_or_replace(organisation_id: int, seat_id: int) -> Any:
    """What follows, before it is done: taken off, or replaced."""
    organisation = acting(organisation_id)
    if _seat(organisation, seat_id).closed_at is not None:
        return _over(organisation_id)
    return _page(organisation, seat_id, ReplaceForm(formdata=None))


@bp.post("/organisation/<int:organisation_id>/licences/<int:seat_id>/remove")
@allow(READER)
def remove_member(organisation_id: int, seat_id: int) -> Any:
    """Take them off, at once."""
    organisation = acting(organisation_id)
    _seat(organisation, seat_id)
    with writing() as unit:
        done = removing.remove(unit, unit.get_one(Seat, seat_id), actor_id=current_user.id)
    if not done:
        return _over(organisation_id)
    flash(gettext("The licence is free again: what it opened is closed at once, and the person is told."), "success")
    return see_other(team_url(organisation_id))


@bp.post("/organisation/<int:organisation_id>/licences/<int:seat_id>/replace")
@allow(READER)
@private
def replace_member(organisation_id: int, seat_id: int) -> Any:
    """Take them off and invite somebody else; or ask staff, when this month's replacements are used."""
    organisation = acting(organisation_id)
    _seat(organisation, seat_id)
    form = ReplaceForm()
    if not form.validate():
        return _page(organisation, seat_id, form), 422
    try:
        with writing() as unit:
            asked = removing.replace(unit, by(unit, organisation), unit.get_one(Seat, seat_id), form.email.data)
    except CannotReplace as error:
        if error.code == "over":
            return _over(organisation_id)
        form.email.errors = [str(_REFUSALS[error.code])]
        return _page(organisation, seat_id, form), 422
    flash(_said(form.email.data, waits=asked is not None), "success")
    return see_other(team_url(organisation_id))


def _said(address: str, *, waits: bool) -> str:
    if waits:
        return gettext(
            "Your request is with us: we answer within one working day, by e-mail. Nothing changes until then."
        )
    return gettext("The licence is free again, and an invitation is on its way to %(address)s.", address=address)


def _seat(organisation: Organisation, seat_id: int) -> Seat:
    """A licence of this organisation, or 404."""
    seat = db.session.get(Seat, seat_id) if 0 < seat_id <= MAX_ID else None
    if seat is None or seat.organisation_id != organisation.id:
        abort(404)
    return seat


def _over(organisation_id: int) -> Any:
    flash(str(_REFUSALS["over"]), "info")
    return see_other(team_url(organisation_id))


def _page(organisation: Organisation, seat_id: int, form: ReplaceForm) -> str:
    person = team.member(db.session, organisation.id, seat_id)
    allowance = replacing.allowance(db.session, organisation)
    return render_template(
        "organisations/remove.html",
        organisation=organisation,
        person=person,
        form=form,
        allowance=allowance,
        own=person is not None and person.reader_id == current_user.id,
        next_day=day(allowance.next_at) if allowance.next_at else "",
    )

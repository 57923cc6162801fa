"""Who looks after an organisation: owners add, remove and make owner; each act asks for the password, as others do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, flash, render_template, url_for
from flask_login import current_user
from sqlalchemy import select

from portal.accounts.fresh import fresh
from portal.accounts.models import Reader
from portal.db import AnySession, db, writing
from portal.i18n import gettext
from portal.organisations import founding, mails, seats
from portal.organisations.founding import OrganisationError
from portal.organisations.models import Manager, ManagerRole, Organisation
from portal.profile import team
from portal.profile.views import posted_id
from portal.profile.views_team import acting, bp
from portal.web import MAX_ID, READER, allow, private, see_other


@dataclass(frozen=True, slots=True)
class Office:
    """Somebody who looks after the organisation."""

    manager_id: int
    reader_id: int
    name: str
    email: str
    since: datetime
    owner: bool


@bp.get("/organisation/<int:organisation_id>/managers")
@allow(READER)
@private
def managers(organisation_id: int) -> str:
    """Who looks after it, and, for an owner, who else may."""
    organisation = acting(organisation_id)
    offices = _offices(db.session, organisation.id)
    known = {one.reader_id for one in offices}
    return render_template(
        "organisations/managers.html",
        organisation=organisation,
        offices=offices,
        owner=founding.owns(db.session, current_user.id, organisation.id),
        others=[one for one in team.members(db.session, organisation.id) if one.reader_id not in known],
        me=current_user.id,
    )


def _offices(session: AnySession, organisation_id: int) -> list[Office]:
    statement = (
        select(Manager, Reader.name, Reader.email)
        .join(Reader, Reader.id == Manager.reader_id)
        .where(Manager.organisation_id == organisation_id, Manager.ended_at.is_(None))
        .order_by(Manager.role == ManagerRole.MANAGER, Manager.since, Manager.id)
    )
    return [
        Office(row.id, row.reader_id, name, email, row.since, row.role is ManagerRole.OWNER)
        for row, name, email in session.execute(statement)
    ]


def _owned(organisation_id: int) -> Organisation:
    """The organisation, for an act of one of its owners; 404 for everybody else."""
    organisation = acting(organisation_id)
    return organisation if founding.owns(db.session, current_user.id, organisation.id) else abort(404)


@bp.post("/organisation/<int:organisation_id>/managers/add")
@allow(READER)
@fresh
def add_manager(organisation_id: int) -> Any:
    """Let a colleague on a licence look after the organisation, too."""
    organisation, reader_id = _owned(organisation_id), posted_id("reader")
    with writing() as unit:
        seats.hold(unit, organisation.id)
        if seats.seat_of(unit, organisation.id, reader_id) is None:
            abort(404)
        if not founding.manages(unit, reader_id, organisation.id):
            role = ManagerRole.MANAGER
            founding.add_manager(unit, organisation.id, reader_id, role, actor_id=current_user.id)
            mails.manager_changed(unit, organisation.id, reader_id, "added")
    flash(gettext("They manage the licences with you from now on, and are told by e-mail."), "success")
    return _back(organisation_id)


@bp.post("/organisation/<int:organisation_id>/managers/<int:manager_id>/remove")
@allow(READER)
@fresh
def remove_manager(organisation_id: int, manager_id: int) -> Any:
    """End an office: an owner anybody's, everybody their own; never the last owner's."""
    organisation = acting(organisation_id)
    office = _office(organisation, manager_id)
    own = office.reader_id == current_user.id
    if not own and not founding.owns(db.session, current_user.id, organisation.id):
        abort(404)
    try:
        with writing() as unit:
            founding.remove_manager(unit, organisation.id, office.reader_id, actor_id=current_user.id)
            if not own:
                mails.manager_changed(unit, organisation.id, office.reader_id, "removed")
    except OrganisationError as error:
        flash(_refusal(error), "warning")
        return _back(organisation_id)
    flash(
        gettext("You no longer manage this team.") if own else gettext("They no longer manage the licences."), "success"
    )
    return see_other(url_for("profile.rights")) if own else _back(organisation_id)


@bp.get("/organisation/<int:organisation_id>/managers/<int:manager_id>/owner")
@allow(READER)
@private
@fresh
def before_transfer(organisation_id: int, manager_id: int) -> Any:
    """What follows, before it is done."""
    organisation = _owned(organisation_id)
    office = _office(organisation, manager_id)
    person = db.session.get_one(Reader, office.reader_id)
    if person.id == current_user.id:
        abort(404)
    return render_template("organisations/transfer.html", organisation=organisation, office=office, person=person)


@bp.post("/organisation/<int:organisation_id>/managers/<int:manager_id>/owner")
@allow(READER)
@fresh
def transfer(organisation_id: int, manager_id: int) -> Any:
    """Another manager becomes the owner."""
    organisation = _owned(organisation_id)
    heir = _office(organisation, manager_id).reader_id
    try:
        with writing() as unit:
            founding.transfer(unit, organisation.id, current_user.id, heir, actor_id=current_user.id)
            mails.manager_changed(unit, organisation.id, heir, "owner")
    except OrganisationError as error:
        flash(_refusal(error), "warning")
    else:
        flash(gettext("The ownership is handed over. You go on as a manager."), "success")
    return _back(organisation_id)


def _office(organisation: Organisation, manager_id: int) -> Manager:
    """An office of this organisation that has not ended, or 404."""
    office = db.session.get(Manager, manager_id) if 0 < manager_id <= MAX_ID else None
    if office is None or office.organisation_id != organisation.id or office.ended_at is not None:
        abort(404)
    return office


def _refusal(error: OrganisationError) -> str:
    if error.code == "last-owner":
        return gettext("An organisation always has an owner. Hand the ownership over first.")
    return gettext("This has changed in the meantime: look again. Nothing was done.")


def _back(organisation_id: int) -> Any:
    return see_other(url_for("organisations.managers", organisation_id=organisation_id))

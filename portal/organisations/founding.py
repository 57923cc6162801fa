"""Organisations and who looks after them. A person who buys alone gets an organisation of one."""

from collections.abc import Sequence

from sqlalchemy import select

from portal import audit, clock
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations.models import Manager, ManagerRole, Organisation, OrganisationKind


class OrganisationError(ValueError):
    """What was asked of an organisation cannot be done; the code says why: last-owner, unknown."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def managed_by(session: AnySession, reader_id: int) -> Organisation | None:
    """The organisation this reader pays for: the first one they look after; None when there is none.

    One with licences comes before one without: it was founded for a purchase that never came about, or that is over.
    """
    statement = (
        select(Organisation)
        .join(Manager, Manager.organisation_id == Organisation.id)
        .where(Manager.reader_id == reader_id, Manager.ended_at.is_(None))
        .order_by(Organisation.seats == 0, Manager.since, Manager.id)
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def organisation_of(session: AnySession, reader_id: int) -> Organisation:
    """The organisation a purchase of this reader belongs to, founded now (of one) when there is none.

    Locks the reader, so that two purchases at once found one organisation.
    """
    reader = session.scalars(
        select(Reader).where(Reader.id == reader_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    return managed_by(session, reader_id) or _found(session, reader)


def organisation_held(session: AnySession, reader_id: int) -> Organisation:
    """The same, held until the commit: of two purchases of one organisation the second waits for the first.

    Held before the reader is, as whoever opens a seat does: the other way round two could wait for each other.
    """
    known = managed_by(session, reader_id)
    if known is not None:
        _lock(session, known.id)
    organisation = organisation_of(session, reader_id)
    _lock(session, organisation.id)
    return organisation


def _found(session: AnySession, reader: Reader) -> Organisation:
    organisation = Organisation(
        name=reader.name or reader.email,
        kind=OrganisationKind.INDIVIDUAL,
        seats=0,
        billing_email=reader.email,
        created_at=clock.now(),
    )
    session.add(organisation)
    session.flush()
    add_manager(session, organisation.id, reader.id, ManagerRole.OWNER, actor_id=reader.id)
    return organisation


def add_manager(
    session: AnySession, organisation_id: int, reader_id: int, role: ManagerRole, *, actor_id: int | None
) -> Manager:
    """Let a reader look after an organisation; asked again, the same row."""
    known = _manager(session, organisation_id, reader_id)
    if known is not None:
        return known
    manager = Manager(organisation_id=organisation_id, reader_id=reader_id, role=role, since=clock.now())
    session.add(manager)
    session.flush()
    _audit(session, "manager.added", organisation_id, actor_id, reader_id)
    return manager


def remove_manager(session: AnySession, organisation_id: int, reader_id: int, *, actor_id: int | None) -> None:
    """End a manager's office. Raises OrganisationError("last-owner") or ("unknown")."""
    _lock(session, organisation_id)
    manager = _manager(session, organisation_id, reader_id)
    if manager is None:
        raise OrganisationError("unknown")
    owners = [one for one in managers_of(session, organisation_id) if one.role is ManagerRole.OWNER]
    if [one.id for one in owners] == [manager.id]:
        raise OrganisationError("last-owner")
    manager.ended_at = clock.now()
    session.flush()
    _audit(session, "manager.removed", organisation_id, actor_id, reader_id)


def transfer(session: AnySession, organisation_id: int, from_id: int, to_id: int, *, actor_id: int | None) -> None:
    """An owner makes another manager owner, and goes on as a manager. Raises OrganisationError("unknown")."""
    _lock(session, organisation_id)
    owner, successor = _manager(session, organisation_id, from_id), _manager(session, organisation_id, to_id)
    if owner is None or owner.role is not ManagerRole.OWNER or successor is None or from_id == to_id:
        raise OrganisationError("unknown")
    successor.role, owner.role = ManagerRole.OWNER, ManagerRole.MANAGER
    session.flush()
    _audit(session, "manager.made-owner", organisation_id, actor_id, to_id)


def owns(session: AnySession, reader_id: int, organisation_id: int) -> bool:
    """True when this reader is an owner of it now: they say who else looks after it."""
    office = _manager(session, organisation_id, reader_id)
    return office is not None and office.role is ManagerRole.OWNER


def hand_over(session: AnySession, organisation_id: int, from_id: int, to_id: int, *, actor_id: int | None) -> bool:
    """One reader's office becomes another's, with its role. True when there was one."""
    _lock(session, organisation_id)
    office = _manager(session, organisation_id, from_id)
    if office is None:
        return False
    successor = add_manager(session, organisation_id, to_id, office.role, actor_id=actor_id)
    if office.role is ManagerRole.OWNER:
        successor.role = ManagerRole.OWNER
    office.ended_at = clock.now()
    session.flush()
    _audit(session, "manager.removed", organisation_id, actor_id, from_id)
    return True


def managers_of(session: AnySession, organisation_id: int) -> Sequence[Manager]:
    """Who looks after it now, owners and elders first."""
    statement = select(Manager).where(Manager.organisation_id == organisation_id, Manager.ended_at.is_(None))
    found = session.scalars(statement.order_by(Manager.since, Manager.id)).all()
    return sorted(found, key=lambda one: one.role is not ManagerRole.OWNER)


def owner_of(session: AnySession, organisation_id: int) -> Reader | None:
    """The person mails about money go to: the first owner, else the first manager."""
    managers = managers_of(session, organisation_id)
    return session.get(Reader, managers[0].reader_id) if managers else None


def manages(session: AnySession, reader_id: int, organisation_id: int) -> bool:
    """True when this reader looks after this organisation now."""
    return _manager(session, organisation_id, reader_id) is not None


def _manager(session: AnySession, organisation_id: int, reader_id: int) -> Manager | None:
    return session.scalars(
        select(Manager).where(
            Manager.organisation_id == organisation_id, Manager.reader_id == reader_id, Manager.ended_at.is_(None)
        )
    ).one_or_none()


def _lock(session: AnySession, organisation_id: int) -> None:
    session.execute(select(Organisation.id).where(Organisation.id == organisation_id).with_for_update())


def _audit(session: AnySession, act: str, organisation_id: int, actor_id: int | None, reader_id: int) -> None:
    target = ("organisation", organisation_id)
    audit.record(session, act, actor_id=actor_id, target=target, values={"reader_id": reader_id})

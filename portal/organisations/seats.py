"""Seats (in French "licences"): how an organisation's rights reach its readers.

Counted limits lock the organisation first, so that two people on the last seat at once get one seat.
"""

from collections.abc import Sequence

from sqlalchemy import func, select

from portal import audit, clock
from portal.db import AnySession
from portal.organisations import replacing
from portal.organisations.models import Organisation, Seat


class NoSeatLeft(Exception):
    """Every licence is taken."""


class ReplacementsUsed(NoSeatLeft):
    """Licences are free, but only places of people who were taken off; as many as may be were replaced this month."""


def open_seat(session: AnySession, organisation_id: int, reader_id: int, *, actor_id: int | None) -> Seat:
    """Seat a reader; asked again, the same seat. Raises NoSeatLeft, ReplacementsUsed."""
    organisation = _locked(session, organisation_id)
    known = seat_of(session, organisation_id, reader_id)
    if known is not None:
        return known
    free = organisation.seats - used(session, organisation_id)
    if free <= 0:
        raise NoSeatLeft
    place, allowed = replacing.place_for(session, organisation, free, reader_id)
    if not allowed:
        raise ReplacementsUsed
    return _opened(session, organisation_id, reader_id, actor_id, place)


def _opened(
    session: AnySession, organisation_id: int, reader_id: int, actor_id: int | None, place: Seat | None = None
) -> Seat:
    seat = Seat(organisation_id=organisation_id, reader_id=reader_id, opened_at=clock.now())
    seat.replaces_id = place.id if place else None
    session.add(seat)
    session.flush()
    _audit(session, "seat.opened", organisation_id, actor_id, {"reader_id": reader_id})
    return seat


def close_seat(session: AnySession, seat: Seat, cause: str, *, actor_id: int | None) -> None:
    """Take a seat back; nothing happens when it is closed already."""
    if seat.closed_at is not None:
        return
    seat.closed_at, seat.close_cause = clock.now(), cause
    session.flush()
    _audit(session, "seat.closed", seat.organisation_id, actor_id, {"reader_id": seat.reader_id, "cause": cause})


def hand_over(
    session: AnySession, organisation_id: int, from_id: int, to_id: int, cause: str, *, actor_id: int | None
) -> bool:
    """One reader's open seat becomes another's. True when there was one.

    No licence is counted: there are as many as before, even where the contract has fewer by now.
    """
    _locked(session, organisation_id)
    seat = seat_of(session, organisation_id, from_id)
    if seat is None:
        return False
    close_seat(session, seat, cause, actor_id=actor_id)
    if seat_of(session, organisation_id, to_id) is None:
        _opened(session, organisation_id, to_id, actor_id)
    return True


def set_seats(session: AnySession, organisation_id: int, count: int) -> bool:
    """How many licences there are, as the subscription says; nobody is evicted. True when it changed."""
    organisation = _locked(session, organisation_id)
    before = organisation.seats
    if before == count:
        return False
    organisation.seats = count
    session.flush()
    _audit(session, "seats.changed", organisation_id, None, {"before": before, "after": count})
    return True


def used(session: AnySession, organisation_id: int) -> int:
    """How many licences are taken."""
    statement = select(func.count()).where(Seat.organisation_id == organisation_id, Seat.closed_at.is_(None))
    return session.scalar(statement) or 0


def open_seats(session: AnySession, organisation_id: int) -> Sequence[Seat]:
    """The seats that are taken, oldest first."""
    statement = select(Seat).where(Seat.organisation_id == organisation_id, Seat.closed_at.is_(None))
    return session.scalars(statement.order_by(Seat.opened_at, Seat.id)).all()


def seat_of(session: AnySession, organisation_id: int, reader_id: int) -> Seat | None:
    """This reader's open seat."""
    statement = select(Seat).where(
        Seat.organisation_id == organisation_id, Seat.reader_id == reader_id, Seat.closed_at.is_(None)
    )
    return session.scalars(statement).one_or_none()


def hold(session: AnySession, organisation_id: int) -> Organisation:
    """The organisation as it is now, locked: whatever counts its licences or invitations does so one at a time."""
    return _locked(session, organisation_id)


def _locked(session: AnySession, organisation_id: int) -> Organisation:
    statement = select(Organisation).where(Organisation.id == organisation_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def _audit(
    session: AnySession, act: str, organisation_id: int, actor_id: int | None, values: dict[str, object]
) -> None:
    audit.record(session, act, actor_id=actor_id, target=("organisation", organisation_id), values=values)

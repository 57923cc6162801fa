"""A manager takes a free licence of the organisation they look after."""

from sqlalchemy import select

from portal.db import AnySession
from portal.organisations import seats
from portal.organisations.models import Manager, Seat


class NotTheirs(Exception):
    """This reader does not manage this organisation."""


def take(session: AnySession, organisation_id: int, reader_id: int) -> Seat:
    """Open a seat for one of the organisation's managers. Raises NotTheirs, organisations.seats.NoSeatLeft."""
    manages = select(Manager.id).where(
        Manager.organisation_id == organisation_id, Manager.reader_id == reader_id, Manager.ended_at.is_(None)
    )
    if session.scalar(manages) is None:
        raise NotTheirs
    return seats.open_seat(session, organisation_id, reader_id, actor_id=reader_id)

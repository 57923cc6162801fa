"""Licences a reader takes for themselves: a manager a free one, an invited colleague the one that waits."""

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.accounts.second_address import keys_of
from portal.db import AnySession
from portal.organisations import seats
from portal.organisations.models import Invitation, Manager, Seat


class NotTheirs(Exception):
    """This reader does not manage this organisation, or is not whom the invitation is for."""


def take(session: AnySession, organisation_id: int, reader_id: int) -> Seat:
    """Open a seat for one of the organisation's managers. Raises NotTheirs, organisations.seats.NoSeatLeft."""
    manages = select(Manager.id).where(
        Manager.organisation_id == organisation_id, Manager.reader_id == reader_id, Manager.ended_at.is_(None)
    )
    if session.scalar(manages) is None:
        raise NotTheirs
    return seats.open_seat(session, organisation_id, reader_id, actor_id=reader_id)


def accept(session: AnySession, invitation_id: int, reader_id: int) -> Seat:
    """Take the licence an invitation holds. Raises NotTheirs, organisations.seats.NoSeatLeft."""
    reader = session.get_one(Reader, reader_id)
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or reader.confirmed_at is None:
        raise NotTheirs
    if invitation.email_key not in set(session.scalars(keys_of(reader_id))):
        raise NotTheirs
    if invitation.withdrawn_at is not None or clock.now() >= invitation.expires_at:
        raise NotTheirs
    seat = seats.open_seat(session, invitation.organisation_id, reader_id, actor_id=reader_id)
    invitation.accepted_at = invitation.accepted_at or clock.now()
    session.flush()
    return seat

"""Licences a reader takes for themselves: a manager a free one, an invited colleague the one that waits."""

from sqlalchemy import select

from portal import clock
from portal.access import facts
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations import invitations, seats
from portal.organisations.models import Manager, Seat


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
    try:
        return invitations.accept(session, invitation_id, reader_id)
    except invitations.NotInvited as error:
        raise NotTheirs from error


def waiting_here(session: AnySession, reader_id: int, vertical: str) -> int:
    """The invitation that would open this vertical to the reader. Raises NotTheirs when there is none."""
    reader, now = session.get_one(Reader, reader_id), clock.now()
    for one in facts.of_account(session, reader, now).invitations:
        if one.vertical == vertical and one.since <= now < one.until:
            return one.invitation_id
    raise NotTheirs

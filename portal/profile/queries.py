"""What the profile's pages read: contracts behind grants, free licences, the article of a question."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.access.models import Grant
from portal.access.standing import Contract
from portal.access.vocabulary import ReaderFacts, Source
from portal.accounts.second_address import keys_of
from portal.billing.models import Subscription
from portal.db import AnySession
from portal.organisations.models import Invitation, Manager, Organisation, Seat


def contracts(session: AnySession, facts: ReaderFacts) -> dict[int, Contract]:
    """{grant id: Contract} for the organisations' grants among these facts, in one statement."""
    ids = {grant.grant_id for grant in facts.grants if grant.organisation_id is not None}
    if not ids:
        return {}
    statement = (
        select(Grant.id, Grant.source, Organisation.name, Subscription.renews_at, Subscription.ending_at)
        .join(Organisation, Organisation.id == Grant.organisation_id)
        .outerjoin(Subscription, Subscription.stripe_id == Grant.reference)
        .where(Grant.id.in_(ids))
    )
    return {
        row.id: Contract(row.name, row.renews_at, row.ending_at)
        if row.source is Source.SUBSCRIPTION
        else Contract(row.name)
        for row in session.execute(statement)
    }


@dataclass(frozen=True, slots=True)
class FreeSeats:
    """An organisation the reader manages without a licence of their own."""

    organisation_id: int
    organisation: str
    seats: int
    taken: int

    @property
    def free(self) -> int:
        """Licences nobody holds."""
        return max(0, self.seats - self.taken)


def managed_without_seat(session: AnySession, reader_id: int) -> list[FreeSeats]:
    """The organisations this reader manages and holds no open licence of."""
    own = select(Seat.id).where(
        Seat.organisation_id == Organisation.id, Seat.reader_id == reader_id, Seat.closed_at.is_(None)
    )
    taken = select(func.count(Seat.id)).where(Seat.organisation_id == Organisation.id, Seat.closed_at.is_(None))
    statement = (
        select(Organisation.id, Organisation.name, Organisation.seats, taken.scalar_subquery().label("taken"))
        .join(Manager, Manager.organisation_id == Organisation.id)
        .where(Manager.reader_id == reader_id, Manager.ended_at.is_(None), ~own.exists())
        .order_by(Organisation.name, Organisation.id)
    )
    return [FreeSeats(row.id, row.name, row.seats, row.taken) for row in session.execute(statement)]


def waiting_invitations(session: AnySession, reader_id: int, now: datetime) -> list[tuple[int, str]]:
    """(invitation id, organisation's name) of the licences that wait for this reader."""
    statement = (
        select(Invitation.id, Organisation.name)
        .join(Organisation, Organisation.id == Invitation.organisation_id)
        .where(Invitation.email_key.in_(keys_of(reader_id)))
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .where(Invitation.expires_at > now)
        .order_by(Invitation.id)
    )
    return [(row.id, row.name) for row in session.execute(statement)]

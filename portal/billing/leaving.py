"""What is known here of ends that were asked for: read by pages, mails and the mirror."""

from datetime import datetime

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.billing.models import Subscription
from portal.billing.models_leaving import Cancellation, Withdrawal
from portal.db import AnySession
from portal.organisations.models import Seat

OPEN = (Cancellation.done_at.is_(None), Cancellation.withdrawn_at.is_(None))


def observe(session: AnySession, subscription: Subscription, ending_before: datetime | None, *, live: bool) -> None:
    """What a sync saw: an announced end settles what was asked for; one taken back takes it back, wherever it was."""
    ending = subscription.ending_at is not None or not live
    rows = session.scalars(
        select(Cancellation).where(Cancellation.subscription_id == subscription.id, Cancellation.withdrawn_at.is_(None))
    )
    for row in rows:
        if ending:
            row.done_at = row.done_at or clock.now()
        elif ending_before is not None and row.done_at is not None:
            row.withdrawn_at = clock.now()


def waiting_since(session: AnySession, subscription_row_id: int) -> datetime | None:
    """When an end was asked for that Stripe has not heard of."""
    statement = select(Cancellation.asked_at).where(Cancellation.subscription_id == subscription_row_id, *OPEN)
    return session.scalar(statement)


def asked_at(session: AnySession, subscription_row_id: int) -> datetime | None:
    """When the end that stands was asked for here; None when it was made elsewhere."""
    statement = select(Cancellation.asked_at).where(
        Cancellation.subscription_id == subscription_row_id, Cancellation.withdrawn_at.is_(None)
    )
    return session.scalar(statement.order_by(Cancellation.id.desc()).limit(1))


def who_loses(session: AnySession, organisation_id: int) -> list[str]:
    """Who holds a licence now, by name or address."""
    statement = (
        select(Reader.name, Reader.email)
        .join(Seat, Seat.reader_id == Reader.id)
        .where(Seat.organisation_id == organisation_id, Seat.closed_at.is_(None))
        .order_by(Seat.opened_at, Seat.id)
    )
    return [name or email for name, email in session.execute(statement)]


def withdrawal_of(session: AnySession, subscription_row_id: int) -> Withdrawal | None:
    """The withdrawal from the contract behind this subscription, if there was one."""
    return session.scalars(select(Withdrawal).where(Withdrawal.subscription_id == subscription_row_id)).one_or_none()

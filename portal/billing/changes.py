"""Changes agreed to, in the database: opened before Stripe is asked, closed by what comes of it."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock
from portal.billing.models_changing import ChangeState, SubscriptionChange
from portal.billing.wishes import Present, Target
from portal.db import AnySession, broke

STILL_ASKING = timedelta(seconds=60)
"""As long as the call of another request may last, retries included."""


class ChangeBusy(Exception):
    """Another change of the same subscription is being made right now."""


class Waiting(Exception):
    """An older change was never settled; it must be taken back first."""

    def __init__(self, change_id: int) -> None:
        super().__init__(change_id)
        self.change_id = change_id


def opened(session: AnySession, now: Present, wish: Target, *, prorated_at: datetime, due: int, reader_id: int) -> int:
    """The row of this change: the one that is open for it already, or a new one. Raises ChangeBusy, Waiting."""
    known = _open(session, now.subscription_id)
    if known is not None:
        return _again(known, wish, prorated_at)
    row = SubscriptionChange(
        subscription_id=now.subscription_id,
        reader_id=reader_id,
        idempotency_key=secrets.token_hex(16),
        prorated_at=prorated_at,
        target=wish.items,
        due=due,
        state=ChangeState.OPEN,
        created_at=clock.now(),
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        if broke(error, "uq_subscription_changes_open"):
            raise ChangeBusy from error
        raise
    _audit(session, now, wish, row)
    return row.id


def _open(session: AnySession, subscription_id: int) -> SubscriptionChange | None:
    statement = select(SubscriptionChange).where(
        SubscriptionChange.subscription_id == subscription_id, SubscriptionChange.state == ChangeState.OPEN
    )
    return session.scalars(statement).one_or_none()


def _again(known: SubscriptionChange, wish: Target, prorated_at: datetime) -> int:
    if (known.target, known.prorated_at) == (wish.items, prorated_at):
        return known.id
    if clock.now() - known.created_at < STILL_ASKING:
        raise ChangeBusy
    raise Waiting(known.id)


def _audit(session: AnySession, now: Present, wish: Target, row: SubscriptionChange) -> None:
    values = {
        "subscription": now.stripe_id,
        "plans": [line.plan_name for line in wish.lines],
        "seats": wish.seats,
        "interval": wish.interval.value,
        "due": row.due,
    }
    target = ("organisation", now.organisation_id)
    audit.record(session, "change.agreed", actor_id=row.reader_id, target=target, values=values)


def closed(session: AnySession, change_id: int, state: ChangeState) -> None:
    """Close a change that is still open."""
    row = session.get_one(SubscriptionChange, change_id)
    if row.state is ChangeState.OPEN:
        row.state, row.closed_at = state, clock.now()


def known_at(session: AnySession, subscription_id: int, wish: Target, prorated_at: datetime) -> ChangeState | None:
    """What became of this very change, unless it failed: the same form sent again."""
    statement = select(SubscriptionChange).where(
        SubscriptionChange.subscription_id == subscription_id,
        SubscriptionChange.prorated_at == prorated_at,
        SubscriptionChange.state != ChangeState.FAILED,
    )
    same = [row.state for row in session.scalars(statement) if row.target == wish.items]
    return same[0] if same else None

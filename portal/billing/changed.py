"""Changes agreed to here, seen in Stripe's state: closed once, whoever saw them first."""

from sqlalchemy import select

from portal import clock
from portal.billing.models import Subscription
from portal.billing.models_changing import ChangeState, SubscriptionChange
from portal.billing.shapes import RemoteSubscription
from portal.db import AnySession


def waiting(session: AnySession, subscription_row_id: int) -> bool:
    """Whether a change agreed to here waits: for its bank's confirmation, as a rule."""
    statement = select(SubscriptionChange.id).where(
        SubscriptionChange.subscription_id == subscription_row_id, SubscriptionChange.state == ChangeState.OPEN
    )
    return session.scalar(statement.limit(1)) is not None


def settle(session: AnySession, row: Subscription, remote: RemoteSubscription) -> SubscriptionChange | None:
    """Close the open change that this state shows to be made; returns it, for the mail."""
    statement = select(SubscriptionChange).where(
        SubscriptionChange.subscription_id == row.id, SubscriptionChange.state == ChangeState.OPEN
    )
    known = session.scalars(statement).one_or_none()
    if known is None or known.target != sorted([item.price_id, item.quantity] for item in remote.items):
        return None
    known.state, known.closed_at = ChangeState.DONE, clock.now()
    return known

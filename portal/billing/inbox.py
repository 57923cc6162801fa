"""Webhooks as they wait: stored at once (ids only), worked on by the worker, never lost, never done twice."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.billing import flags, sync
from portal.billing.gateway import Gateway, current
from portal.billing.models import AttemptState, CheckoutAttempt, Customer, StripeEvent, Subscription
from portal.billing.shapes import GatewayBusy, GatewayError, ObjectGone, RemoteEvent
from portal.db import AnySession, db, writing

log = logging.getLogger(__name__)

RELEVANT = (
    "checkout.session.",
    "customer.deleted",
    "customer.discount.",
    "customer.updated",
    "customer.subscription.",
    "invoice.",
    "invoice_payment.",
    "payment_method.",
    "charge.",
    "refund.",
)
LEASE = timedelta(seconds=60)
FIRST_PAUSE = timedelta(seconds=5)
BUSY_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


def store(session: AnySession, event: RemoteEvent) -> bool:
    """Keep a webhook's ids; the caller commits. False when it is known already."""
    now = clock.now()
    row = {
        "id": event.id,
        "type": event.type,
        "object_id": event.object_id[:120],
        "subscription_id": event.subscription_id,
        "customer_id": event.customer_id,
        "api_version": event.api_version,
        "livemode": event.livemode,
        "created_at": event.created,
        "received_at": now,
        "next_attempt_at": now,
        "done_at": None if event.type.startswith(RELEVANT) else now,
        "attempts": 0,
        "note": "" if event.type.startswith(RELEVANT) else "not for us",
    }
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(StripeEvent).values(row).on_conflict_do_nothing(index_elements=["id"])
    return session.execute(statement.returning(StripeEvent.id)).scalar_one_or_none() is not None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending event, free of the session."""

    id: str
    type: str
    object_id: str
    subscription_id: str | None
    customer_id: str | None
    attempts: int


def process_due(limit: int = 50) -> int:
    """The worker's turn: `work` with the app's own session and gateway."""
    return work(db.session, current(), limit)


def work(session: AnySession, gateway: Gateway, limit: int = 50) -> int:
    """Work on events whose turn has come; returns how many were closed. Failures stay pending and back off.

    All of them had happened before the first look at Stripe, so that one look at a subscription serves the whole turn:
    a first payment is a dozen events that lead to the same one.
    """
    closed = 0
    read: set[str] = set()
    for group in _grouped(_lease(session, limit)):
        try:
            _handle(session, gateway, group, read)
            closed += len(group)
        except GatewayError as error:
            _postpone(session, group, error)
        except Exception as error:
            # One event that cannot be worked on must not stop the others; it is tried again and stays visible.
            log.exception("stripe event failed", extra={"event": group[0].id})
            session.rollback()
            _postpone(session, group, error)
    return closed


def _lease(session: AnySession, limit: int) -> list[Waiting]:
    """Take events for a minute: a worker that dies gives them back by doing nothing.

    A turn that lies further ahead than any pause was set before the shared clock went back: it has come.
    """
    now = clock.now()
    turn = or_(StripeEvent.next_attempt_at <= now, StripeEvent.next_attempt_at > now + 2 * LONGEST_PAUSE)
    statement = select(StripeEvent).where(StripeEvent.done_at.is_(None), turn)
    statement = statement.order_by(StripeEvent.next_attempt_at, StripeEvent.id).limit(limit)
    if session.scalar(select(StripeEvent.id).where(StripeEvent.done_at.is_(None), turn).limit(1)) is None:
        return []
    with writing(session):
        rows = session.scalars(statement.with_for_update(skip_locked=True)).all()
        for row in rows:
            row.attempts, row.next_attempt_at = row.attempts + 1, now + LEASE
        return [_waiting(row) for row in rows]


def _waiting(row: StripeEvent) -> Waiting:
    return Waiting(row.id, row.type, row.object_id, row.subscription_id, row.customer_id, row.attempts)


def _grouped(events: Sequence[Waiting]) -> list[list[Waiting]]:
    """Events of one subscription together: one look at Stripe serves them all."""
    groups: dict[str, list[Waiting]] = {}
    for event in events:
        alone = event.type.startswith("checkout.session.") or event.type == "customer.deleted"
        key = event.subscription_id if event.subscription_id and not alone else event.id
        groups.setdefault(key, []).append(event)
    return list(groups.values())


def _handle(session: AnySession, gateway: Gateway, group: Sequence[Waiting], read: set[str]) -> None:
    """Close one group; `read` are the subscriptions that were looked at in this turn."""
    event, ids = group[0], [event.id for event in group]
    if event.type == "checkout.session.expired":
        _expire_attempt(session, event)
    if event.type == "customer.deleted":
        forget_customer(session, event.customer_id or "")
        read.clear()  # whose customer it was is part of what is written
    subscriptions = _subscriptions(session, gateway, event)
    unread = [one for one in subscriptions if one not in read]
    if flags.calls(event.type) and event.object_id.startswith("pi_"):
        _look(session, gateway, unread, read)
        _flag(session, gateway, event, subscriptions)
        return
    if unread:
        _look(session, gateway, unread[:-1], read)
        sync.subscription(session, gateway, unread[-1], event_ids=ids)
        read.add(unread[-1])
        return
    with writing(session):
        sync.mark_done(session, ids, "" if subscriptions else "nothing to read")


def _look(session: AnySession, gateway: Gateway, subscriptions: Sequence[str], read: set[str]) -> None:
    for subscription_id in subscriptions:
        sync.subscription(session, gateway, subscription_id)
        read.add(subscription_id)


def _flag(session: AnySession, gateway: Gateway, event: Waiting, subscriptions: Sequence[str]) -> None:
    """Money went back, or may have: the subscriptions are as they are now, and staff have to look at it."""
    money = gateway.taken(event.object_id) if subscriptions else []
    with writing(session):
        flags.flag(session, subscriptions, money)
        sync.mark_done(session, [event.id], "" if subscriptions else "nothing to read")


def _subscriptions(session: AnySession, gateway: Gateway, event: Waiting) -> list[str]:
    """The subscriptions an event is about: its own, its payment's, else all of its customer's if that one is ours."""
    if event.subscription_id:
        return [event.subscription_id]
    if (found := _through_money(gateway, event.object_id)) is not None:
        return [found]
    if not event.customer_id or not _ours(session, event.customer_id):
        return []
    if event.type == "customer.deleted":
        return _known_of(session, event.customer_id)
    return [one.id for one in gateway.subscriptions(event.customer_id)]


def _through_money(gateway: Gateway, object_id: str) -> str | None:
    """From a payment intent or an invoice to the subscription it is for."""
    try:
        if object_id.startswith("pi_"):
            return gateway.subscription_of_payment(object_id)
        return gateway.subscription_of_invoice(object_id) if object_id.startswith("in_") else None
    except ObjectGone:
        return None


def _ours(session: AnySession, customer_id: str) -> bool:
    found = session.scalar(select(Customer.id).where(Customer.stripe_id == customer_id))
    session.rollback()
    return found is not None


def _known_of(session: AnySession, customer_id: str) -> list[str]:

    statement = (
        select(Subscription.stripe_id)
        .join(Customer, Customer.organisation_id == Subscription.organisation_id)
        .where(Customer.stripe_id == customer_id)
    )
    found = list(session.scalars(statement.order_by(Subscription.id)))
    session.rollback()
    return found


def _expire_attempt(session: AnySession, event: Waiting) -> None:
    """Abandoned or too late: nothing was charged, another attempt may be opened."""
    with writing(session):
        attempt = session.scalars(
            select(CheckoutAttempt).where(CheckoutAttempt.stripe_session_id == event.object_id)
        ).one_or_none()
        if attempt is not None and attempt.state is AttemptState.OPEN:
            attempt.state = AttemptState.EXPIRED


def forget_customer(session: AnySession, customer_id: str) -> None:
    """Stripe deleted a customer: the next checkout makes a new one."""
    with writing(session):
        customer = session.scalars(select(Customer).where(Customer.stripe_id == customer_id)).one_or_none()
        if customer is not None and customer.deleted_at is None:
            customer.deleted_at = clock.now()


def _postpone(session: AnySession, group: Sequence[Waiting], error: Exception) -> None:
    """Later, and later each time; when Stripe says it is busy, later still."""
    with writing(session):
        rows = session.scalars(select(StripeEvent).where(StripeEvent.id.in_([event.id for event in group])))
        for row in rows:
            row.next_attempt_at = clock.now() + pause(row.attempts, busy=isinstance(error, GatewayBusy))
            row.note = type(error).__name__


def pause(attempts: int, *, busy: bool = False) -> timedelta:
    """How long to wait after so many attempts: doubling from five seconds (thirty when busy) to an hour."""
    first = BUSY_PAUSE if busy else FIRST_PAUSE
    doublings: int = min(max(attempts - 1, 0), 12)
    return min(first * (1 << doublings), LONGEST_PAUSE)


def put_back(session: AnySession, event_id: str) -> bool:
    """Have an event worked on again at once, done or not; the caller commits. False when it is unknown."""
    row = session.scalars(select(StripeEvent).where(StripeEvent.id == event_id).with_for_update()).one_or_none()
    if row is None:
        return False
    row.done_at, row.attempts, row.note, row.next_attempt_at = None, 0, "", clock.now()
    return True


def failing(session: AnySession) -> int:
    """How many events were tried and are not done."""
    statement = select(func.count()).where(StripeEvent.done_at.is_(None), StripeEvent.attempts > 1)
    return session.scalar(statement) or 0

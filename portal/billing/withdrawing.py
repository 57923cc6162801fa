"""« Renoncer au contrat »: a first order given back within fourteen days, its money too, and its access ended at once.

The row is committed before Stripe is called, and each step at Stripe has a key of its own: whatever breaks in between,
the worker (or a second click) goes on where it stopped, and no money goes back twice.
Source: Code de la consommation, L221-18 to L221-28; the period's end on a day off moves to the next working day.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from portal import audit, clock
from portal.billing import leaving, mirror, sync
from portal.billing.gateway import Gateway, current
from portal.billing.inbox import pause
from portal.billing.mirror import LIVE
from portal.billing.models import AttemptState, CheckoutAttempt, Invoice, StartChoice, Subscription
from portal.billing.models_leaving import BY_TRANSFER, Withdrawal
from portal.billing.passing_on import LEASE, acknowledge, leased
from portal.billing.shapes import GatewayError, GatewayRefused
from portal.clock import paris_date
from portal.db import AnySession, db, end_reading, writing
from portal.organisations.models import Organisation
from portal.working_days import works

DAYS = 14
ONCE = timedelta(days=365)
_DAY = timedelta(days=1)


class NothingToWithdraw(Exception):
    """The period is over, it was no first order, or somebody withdrew within twelve months."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What withdrawing now would give back: cents in all, and for each paid invoice (Stripe's id, cents)."""

    subscription: Subscription
    attempt: CheckoutAttempt
    last_day: date
    pro_rata: bool
    paid: int
    amount: int
    parts: tuple[tuple[str, int], ...]


def last_day(ordered_at: datetime) -> date:
    """The last civil day, in Paris, on which one may withdraw: the day of the order is not counted."""
    day = paris_date(ordered_at) + timedelta(days=DAYS)
    while not works(day):
        day += _DAY
    return day


def offer(session: AnySession, organisation_id: int, reader_id: int) -> Offer | None:
    """What this organisation may give back now; None when there is nothing to withdraw from."""
    now = clock.now()
    row = _first_subscription(session, organisation_id)
    if row is None or row.status not in LIVE or paris_date(now) > last_day(row.started_at):
        return None
    attempt = _order(session, organisation_id)
    if attempt is None or _withdrew_lately(session, organisation_id, reader_id, now):
        return None
    pro_rata = attempt.immediate_start and attempt.start is StartChoice.TODAY
    paid = _paid(session, row.id)
    parts = tuple((one.stripe_id, _back(one.amount_paid, row, now, pro_rata=pro_rata)) for one in paid)
    return Offer(
        subscription=row,
        attempt=attempt,
        last_day=last_day(row.started_at),
        pro_rata=pro_rata,
        paid=sum(one.amount_paid for one in paid),
        amount=sum(amount for _invoice, amount in parts),
        parts=parts,
    )


def _first_subscription(session: AnySession, organisation_id: int) -> Subscription | None:
    statement = (
        select(Subscription)
        .where(Subscription.organisation_id == organisation_id, Subscription.status != "incomplete_expired")
        .options(selectinload(Subscription.items))
        .order_by(Subscription.started_at, Subscription.id)
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def _order(session: AnySession, organisation_id: int) -> CheckoutAttempt | None:
    """The order that was paid; one made elsewhere (a quote, Stripe's dashboard) is no distance contract of ours."""
    statement = select(CheckoutAttempt).where(
        CheckoutAttempt.organisation_id == organisation_id, CheckoutAttempt.state == AttemptState.COMPLETED
    )
    return session.scalars(statement.order_by(CheckoutAttempt.id).limit(1)).one_or_none()


def _withdrew_lately(session: AnySession, organisation_id: int, reader_id: int, now: datetime) -> bool:
    mine = or_(Withdrawal.organisation_id == organisation_id, Withdrawal.asked_by == reader_id)
    statement = select(Withdrawal.id).where(mine, Withdrawal.asked_at > now - ONCE)
    return session.scalar(statement.limit(1)) is not None


def _paid(session: AnySession, subscription_row_id: int) -> list[Invoice]:
    statement = select(Invoice).where(
        Invoice.subscription_id == subscription_row_id, Invoice.status == "paid", Invoice.amount_paid > 0
    )
    return list(session.scalars(statement.order_by(Invoice.id)))


def _back(paid: int, row: Subscription, now: datetime, *, pro_rata: bool) -> int:
    """All of it; or, when reading was to begin at once, all but the whole days gone by, rounded for the buyer."""
    start = min((item.period_start for item in row.items), default=row.started_at)
    end = max((item.period_end for item in row.items), default=start)
    days = (end - start) // _DAY
    if not pro_rata or days <= 0:
        return paid
    used = min(max((now - start) // _DAY, 0), days)
    return paid - paid * used // days


def ask(session: AnySession, organisation_id: int, reader_id: int, *, by_law: bool) -> Withdrawal:
    """Write the withdrawal down and acknowledge it by mail; asked twice, the same row. Raises NothingToWithdraw."""
    session.execute(select(Organisation.id).where(Organisation.id == organisation_id).with_for_update())
    row = _first_subscription(session, organisation_id)
    known = leaving.withdrawal_of(session, row.id) if row else None
    if known is not None:
        return known
    found = offer(session, organisation_id, reader_id)
    if found is None:
        raise NothingToWithdraw
    made = _write(session, found, reader_id, by_law)
    values = {"subscription": found.subscription.stripe_id, "amount": made.amount, "by_law": by_law}
    target = ("organisation", organisation_id)
    audit.record(session, "subscription.withdrawn", actor_id=reader_id, target=target, values=values)
    sent = found.subscription.collection_method == "send_invoice"
    acknowledge(session, made, "withdrawal_received", "withdrawal", withdrawal=made, by_invoice=sent)
    return made


def _write(session: AnySession, found: Offer, reader_id: int, by_law: bool) -> Withdrawal:
    now = clock.now()
    made = Withdrawal(
        subscription_id=found.subscription.id,
        organisation_id=found.subscription.organisation_id,
        attempt_id=found.attempt.id,
        asked_by=reader_id,
        by_law=by_law,
        pro_rata=found.pro_rata,
        amount=found.amount,
        currency=found.subscription.currency,
        refunds=[{"invoice": invoice, "amount": amount, "refund": None} for invoice, amount in found.parts],
        asked_at=now,
        idempotency_key=secrets.token_hex(16),
        attempts=0,
        next_attempt_at=now + LEASE,
    )
    session.add(made)
    session.flush()
    return made


def carry_out(session: AnySession, gateway: Gateway, withdrawal_id: int) -> bool:
    """End the subscription, give the money back, read the state: each step once. False: the worker tries again."""
    try:
        _end(session, gateway, withdrawal_id)
        _refund(session, gateway, withdrawal_id)
        sync.subscription(session, gateway, _known(session, withdrawal_id))
    except GatewayError as error:
        _postpone(session, withdrawal_id, error)
        return False
    with writing(session):
        row = session.get_one(Withdrawal, withdrawal_id)
        row.done_at = row.done_at or clock.now()
    return True


def _known(session: AnySession, withdrawal_id: int) -> str:
    row = session.get_one(Withdrawal, withdrawal_id)
    known = session.get_one(Subscription, row.subscription_id).stripe_id
    end_reading(session)
    return known


def _end(session: AnySession, gateway: Gateway, withdrawal_id: int) -> None:
    row = session.get_one(Withdrawal, withdrawal_id)
    key, ended_at = row.idempotency_key, row.ended_at
    known = _known(session, withdrawal_id)
    if ended_at is not None:
        return
    gateway.end_now(known, f"{key}-end")
    gateway.void_open_invoices(known)
    with writing(session):
        session.get_one(Withdrawal, withdrawal_id).ended_at = clock.now()


def _refund(session: AnySession, gateway: Gateway, withdrawal_id: int) -> None:
    row = session.get_one(Withdrawal, withdrawal_id)
    key, parts = row.idempotency_key, [dict(part) for part in row.refunds]
    end_reading(session)
    for part in parts:
        if part["refund"] is None and part["amount"]:
            part["refund"] = _given_back(gateway, part["invoice"], part["amount"], f"{key}-{part['invoice']}")
            with writing(session):
                _note_refund(session, withdrawal_id, parts, part)


def _note_refund(session: AnySession, withdrawal_id: int, parts: list[dict[str, Any]], part: dict[str, Any]) -> None:
    row = session.get_one(Withdrawal, withdrawal_id)
    row.refunds = [dict(one) for one in parts]
    if part["refund"] == BY_TRANSFER:
        subscription = session.get_one(Subscription, row.subscription_id)
        details: dict[str, object] = {"invoice": part["invoice"], "amount": part["amount"], "currency": row.currency}
        mirror.alert(session, subscription, "refund-by-transfer", details)


def _given_back(gateway: Gateway, invoice: str, amount: int, key: str) -> str:
    """The refund's id; BY_TRANSFER where Stripe saw no payment (a transfer): then a person gives it back."""
    payment = gateway.payment_of_invoice(invoice)
    return gateway.refund(payment, amount, key) if payment else BY_TRANSFER


def _postpone(session: AnySession, withdrawal_id: int, error: GatewayError) -> None:
    """Later, and later each time; what was refused is a case for people, who are told once."""
    with writing(session):
        row = session.get_one(Withdrawal, withdrawal_id)
        refused = isinstance(error, GatewayRefused)
        row.attempts += 1
        row.next_attempt_at = clock.now() + pause(row.attempts + (8 if refused else 0))
        if isinstance(error, GatewayRefused):
            subscription = session.get_one(Subscription, row.subscription_id)
            details: dict[str, object] = {"withdrawal": row.id, "code": error.code}
            mirror.alert(session, subscription, "refund-refused", details)


def finish_due(limit: int = 20) -> int:
    """The worker's turn: withdrawals that are not through; returns how many were finished."""
    session, gateway = db.session, current()
    return sum(
        carry_out(session, gateway, one)
        for one in leased(session, Withdrawal, Withdrawal.done_at.is_(None), limit=limit)
    )

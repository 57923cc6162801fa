"""Ending a subscription with its period, from the account or by a link of a mail.

What was asked for is a row before Stripe is called: should Stripe not answer, the worker carries it out later, and the
date of the request stands.
"""

import secrets

from sqlalchemy import select

from portal import audit, clock
from portal.billing import mirror, sync
from portal.billing.gateway import Gateway, current
from portal.billing.inbox import pause
from portal.billing.leaving import OPEN
from portal.billing.mirror import LIVE
from portal.billing.models import Subscription
from portal.billing.models_leaving import Cancellation, LeavingReason
from portal.billing.passing_on import LEASE, acknowledge, leased
from portal.billing.shapes import GatewayError, GatewayRefused, GatewayUnavailable
from portal.db import AnySession, db, end_reading, writing


class NothingToCancel(Exception):
    """The subscription has ended, or its end is announced already."""


def ask(
    session: AnySession,
    subscription_row_id: int,
    *,
    reader_id: int | None,
    by_link: bool = False,
    reason: LeavingReason | None = None,
) -> Cancellation:
    """Write down that a subscription is to end with its period; asked twice, the same row. Raises NothingToCancel."""
    statement = select(Subscription).where(Subscription.id == subscription_row_id).with_for_update()
    row = session.scalars(statement.execution_options(populate_existing=True)).one()
    waiting = session.scalars(select(Cancellation).where(Cancellation.subscription_id == row.id, *OPEN)).one_or_none()
    if waiting is not None:
        return waiting
    if row.status not in LIVE or row.ending_at is not None:
        raise NothingToCancel
    made = _write(session, row, reader_id, by_link, reason)
    values = {"subscription": row.stripe_id, "by_link": by_link, "reason": reason.value if reason else None}
    target = ("organisation", row.organisation_id)
    audit.record(session, "subscription.cancel-asked", actor_id=reader_id, target=target, values=values)
    return made


def _write(
    session: AnySession, row: Subscription, reader_id: int | None, by_link: bool, reason: LeavingReason | None
) -> Cancellation:
    now = clock.now()
    made = Cancellation(
        subscription_id=row.id,
        organisation_id=row.organisation_id,
        asked_by=reader_id,
        by_link=by_link,
        reason=reason,
        asked_at=now,
        idempotency_key=secrets.token_hex(16),
        attempts=0,
        next_attempt_at=now + LEASE,
    )
    session.add(made)
    session.flush()
    return made


def carry_out(session: AnySession, gateway: Gateway, cancellation_id: int) -> bool:
    """Tell Stripe and read its state; True when the end is announced there. Stripe silent: later, by the worker."""
    row = session.get_one(Cancellation, cancellation_id)
    known = session.get_one(Subscription, row.subscription_id).stripe_id
    key, feedback = row.idempotency_key, row.reason.value if row.reason else None
    open_still = row.done_at is None and row.withdrawn_at is None
    end_reading(session)
    try:
        if open_still:
            _announce(gateway, known, key, feedback)
        sync.subscription(session, gateway, known)
    except GatewayError as error:
        _postpone(session, cancellation_id, error)
        return False
    return _settled(session, cancellation_id)


def _announce(gateway: Gateway, known: str, key: str, feedback: str | None) -> None:
    """A refusal says that it has ended or is ending: what is read afterwards tells."""
    try:
        gateway.end_with_period(known, key, feedback)
    except GatewayRefused:
        return


def _settled(session: AnySession, cancellation_id: int) -> bool:
    """Whether Stripe now has the end; when it has not, staff hear of it, and it is tried again."""
    with writing(session):
        row = session.get_one(Cancellation, cancellation_id)
        if row.done_at is not None or row.withdrawn_at is not None:
            return True
        row.attempts, row.next_attempt_at = row.attempts + 1, clock.now() + pause(row.attempts + 8)
        subscription = session.get_one(Subscription, row.subscription_id)
        mirror.alert(session, subscription, "cancellation-refused", {"cancellation": row.id})
        return False


def _postpone(session: AnySession, cancellation_id: int, error: GatewayError) -> None:
    """Later; and whoever asked hears at once, by mail, that the request stands."""
    with writing(session):
        row = session.get_one(Cancellation, cancellation_id)
        row.attempts += 1
        busy = not isinstance(error, GatewayUnavailable)
        row.next_attempt_at = clock.now() + pause(row.attempts, busy=busy)
        acknowledge_request(session, row)


def acknowledge_request(session: AnySession, row: Cancellation) -> None:
    """Tell by mail when the request was made, while its end cannot be told yet."""
    acknowledge(session, row, "cancellation_received", "cancellation-received", asked_at=row.asked_at)


def resume(session: AnySession, gateway: Gateway, subscription_row_id: int, reader_id: int) -> None:
    """Take an end back, one that Stripe has not heard of included. Raises GatewayError: then nothing changed there."""
    with writing(session):
        statement = select(Cancellation).where(Cancellation.subscription_id == subscription_row_id, *OPEN)
        for row in session.scalars(statement.with_for_update()):
            row.withdrawn_at = clock.now()
        subscription = session.get_one(Subscription, subscription_row_id)
        known, target = subscription.stripe_id, ("organisation", subscription.organisation_id)
        values = {"subscription": known}
        audit.record(session, "subscription.resume-asked", actor_id=reader_id, target=target, values=values)
    gateway.resume(known)
    sync.subscription(session, gateway, known)


def finish_due(limit: int = 20) -> int:
    """The worker's turn: cancellations that Stripe has not heard of; returns how many were settled."""
    session, gateway = db.session, current()
    return sum(carry_out(session, gateway, one) for one in leased(session, Cancellation, *OPEN, limit=limit))

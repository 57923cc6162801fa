"""What a subscription gives, by Stripe's state alone: a pure function, no database, no network.

Source: the table "Status → grant" of docs/billing.md. Stripe moves a period *before* it is paid, so an unpaid
subscription is counted from its oldest open invoice, never from the end of the period.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.access.grants import Mirrored
from portal.access.vocabulary import RENEWAL_SLACK, EndCause

CARD_GRACE = timedelta(days=7)
INVOICE_GRACE = timedelta(days=15)
_MOMENT = timedelta(seconds=1)

CLOSED = frozenset({"unpaid", "paused", "canceled", "incomplete", "incomplete_expired"})
KNOWN = CLOSED | {"trialing", "active", "past_due"}
"""Stripe's words that we understand; any other closes, and staff hear of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a subscription: the verticals it sells (none for a price that is not ours) and its period."""

    vertical_ids: tuple[int, ...]
    starts_at: datetime
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True, slots=True)
class Debt:
    """An open invoice: when it was made, and until when it may be paid (send_invoice only)."""

    created: datetime
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """Everything that decides; `debts` are the open invoices, `disputed_since` when a dispute began that closes.

    `invoice_grace` is what the contract gives after a due date.
    """

    status: str
    collection_method: str
    lines: tuple[Line, ...]
    ending_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_reason: str | None = None
    debts: tuple[Debt, ...] = ()
    disputed_since: datetime | None = None
    invoice_grace: timedelta = INVOICE_GRACE


def rights(state: SubscriptionState, now: datetime) -> list[Mirrored]:
    """One right for each vertical that any line sells, in the order of their ids; union of the lines.

    `now` only bounds what Stripe left open (an ended subscription without a date); nothing else depends on it.
    """
    if state.status not in KNOWN or state.status.startswith("incomplete"):
        return []
    ids = sorted({vertical for line in state.lines for vertical in line.vertical_ids})
    return [_disputed(state, _right(state, vertical, now)) for vertical in ids]


def _disputed(state: SubscriptionState, right: Mirrored) -> Mirrored:
    """Closed since the dispute began, if that is how this house wants it; what had ended before is left as it ended."""
    since = state.disputed_since
    if since is None or state.status in CLOSED or (right.grace_until or right.ends_at) <= since:
        return right
    return replace(right, ends_at=_after(right, since), grace_until=None, end_cause=EndCause.DISPUTED)


def _right(state: SubscriptionState, vertical_id: int, now: datetime) -> Mirrored:
    lines = [line for line in state.lines if vertical_id in line.vertical_ids]
    start = min(line.starts_at for line in lines)
    blank = Mirrored(vertical_id=vertical_id, starts_at=start, ends_at=start + _MOMENT)
    if state.status in CLOSED:
        return _closed(state, blank, lines, now)
    if state.collection_method == "send_invoice" and state.debts:
        return _owing(state, blank, _due(state), state.invoice_grace)
    if state.status == "past_due":
        return _owing(state, blank, _oldest(state, lines), CARD_GRACE)
    return _renewing(state, blank, lines)


def _renewing(state: SubscriptionState, right: Mirrored, lines: list[Line]) -> Mirrored:
    """Until the period's end and a day more, which absorbs the lag of a renewal; to the second when it is ending."""
    end = state.ending_at or max(line.period_end for line in lines) + RENEWAL_SLACK
    cause = EndCause.CANCELLED if state.ending_at else None
    return replace(right, ends_at=_after(right, end), end_cause=cause)


def _owing(state: SubscriptionState, right: Mirrored, since: datetime, grace: timedelta) -> Mirrored:
    """Paid until the debt, then a grace that an announced end may shorten and never extends."""
    until = since + grace
    if state.ending_at is not None:
        since, until = min(since, state.ending_at), min(until, state.ending_at)
    end = _after(right, since)
    return replace(right, ends_at=end, grace_until=max(end, until))


def _closed(state: SubscriptionState, right: Mirrored, lines: list[Line], now: datetime) -> Mirrored:
    end, cause = _closing(state, lines, now)
    return replace(right, ends_at=_after(right, min(end, now)), end_cause=cause)


def _closing(state: SubscriptionState, lines: list[Line], now: datetime) -> tuple[datetime, EndCause]:
    if state.status == "unpaid":
        return _oldest(state, lines), EndCause.UNPAID
    if state.status == "paused":
        return _oldest(state, lines), EndCause.PAUSED
    if state.cancel_reason == "payment_failed":
        return _oldest(state, lines), EndCause.UNPAID
    return state.ended_at or state.ending_at or now, EndCause.CANCELLED


def _oldest(state: SubscriptionState, lines: list[Line]) -> datetime:
    """When payment was first missed; without an open invoice, when the present period began."""
    return min((debt.created for debt in state.debts), default=max(line.period_start for line in lines))


def _due(state: SubscriptionState) -> datetime:
    return min(debt.due_at or debt.created for debt in state.debts)


def _after(right: Mirrored, end: datetime) -> datetime:
    """A right lasts a moment at least: the database refuses empty ones, and it must be remembered that it was there."""
    return max(end, right.starts_at + _MOMENT)

"""Cancelling, resuming, ending."""

from __future__ import annotations

from portal.sandbox import agenda
from portal.sandbox.desk import Desk
from portal.sandbox.engine.planning import plan
from portal.sandbox.errors import ApiError
from portal.sandbox.store import Document

UPDATED = "customer.subscription.updated"
NO_DETAILS: Document = {"comment": None, "feedback": None, "reason": None}


def cancel_at(desk: Desk, subscription: Document, instant: int, details: Document | None = None) -> Document:
    """Announce the end at an instant, as flexible billing does from Stripe's portal: a date, no boolean."""
    reason = NO_DETAILS | {"reason": "cancellation_requested"} | (details or {})
    fields = {"cancel_at": instant, "canceled_at": desk.now(), "cancellation_details": reason}
    desk.change(subscription, UPDATED, cancel_at_period_end=False, **fields)
    plan(desk, subscription)
    return subscription


def cancel_at_period_end(desk: Desk, subscription: Document, instant: int, details: Document | None = None) -> Document:
    """Announce the end by the classic boolean; the date is shown beside it."""
    reason = NO_DETAILS | {"reason": "cancellation_requested"} | (details or {})
    fields = {"cancel_at": instant, "canceled_at": desk.now(), "cancellation_details": reason}
    desk.change(subscription, UPDATED, cancel_at_period_end=True, **fields)
    plan(desk, subscription)
    return subscription


def resume(desk: Desk, subscription: Document) -> Document:
    """Withdraw an announced end."""
    fields = {"cancel_at": None, "canceled_at": None, "cancellation_details": dict(NO_DETAILS)}
    desk.change(subscription, UPDATED, cancel_at_period_end=False, **fields)
    plan(desk, subscription)
    return subscription


def end(desk: Desk, subscription: Document, reason: str | None = None) -> Document:
    """End it now and tell; ApiError when it has ended already."""
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise ApiError(f"No such subscription: '{subscription['id']}'", status=404, code="resource_missing", param="id")
    desk.publish(ended(desk, subscription, reason))
    return subscription


def ended(desk: Desk, subscription: Document, reason: str | None = None) -> Document:
    """End it now; the event is returned for the caller to tell."""
    details = dict(subscription["cancellation_details"])
    details["reason"] = details["reason"] or reason
    desk.change(
        subscription,
        status="canceled",
        ended_at=desk.now(),
        canceled_at=subscription["canceled_at"] or desk.now(),
        cancellation_details=details,
        pending_update=None,
        _pending=None,
    )
    stop_collecting(desk, subscription)
    return desk.picture("customer.subscription.deleted", subscription)


def lapse(desk: Desk, subscription: Document) -> None:
    """A first payment that never came."""
    if subscription["status"] != "incomplete":
        return
    stop_collecting(desk, subscription)
    desk.change(subscription, UPDATED, status="incomplete_expired", ended_at=desk.now())


def stop_collecting(desk: Desk, subscription: Document) -> None:
    """Nothing further happens by itself; open invoices stay open for whoever wants to pay them."""
    agenda.clear(desk.store, subscription["id"])
    for invoice in desk.store.find("invoice", ("_subscription", "=", subscription["id"]), ("status", "=", "open")):
        agenda.clear(desk.store, invoice["id"])
        desk.change(invoice, auto_advance=False, next_payment_attempt=None)

"""The coming instants of a subscription: renewal, announced end, end of trial."""

from __future__ import annotations

from portal.sandbox import agenda
from portal.sandbox.desk import Desk
from portal.sandbox.rendering import items_of
from portal.sandbox.store import Document

DAY = 86_400
FIRST_PAYMENT_WINDOW = 23 * 3_600
"""Seconds that Stripe leaves an incomplete subscription to be paid."""


def plan(desk: Desk, subscription: Document) -> None:
    """Put the next instants of a subscription's life on the agenda."""
    agenda.clear(desk.store, subscription["id"])
    if subscription["status"] == "incomplete":
        _plan(desk, subscription, "lapse", subscription["created"] + FIRST_PAYMENT_WINDOW)
    if subscription["status"] not in ("trialing", "active", "past_due", "unpaid"):
        return
    renewal, ending = period_end(desk, subscription), subscription["cancel_at"]
    if subscription["status"] != "unpaid" and (ending is None or renewal < ending):
        _plan(desk, subscription, "renew", renewal)
    _plan(desk, subscription, "end", ending)
    _plan(desk, subscription, "collect_again", (subscription["pause_collection"] or {}).get("resumes_at"))
    if subscription["status"] == "trialing" and not subscription.get("_warned"):
        _plan(desk, subscription, "trial_will_end", max(subscription["trial_end"] - 3 * DAY, desk.now()))


def period_end(desk: Desk, subscription: Document) -> int:
    """The latest end among the items' current periods."""
    return max(int(item["current_period_end"]) for item in items_of(desk.store, subscription["id"]))


def _plan(desk: Desk, subscription: Document, duty: str, at: int | None) -> None:
    agenda.plan(desk.store, subscription["id"], duty, at)

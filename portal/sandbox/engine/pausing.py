"""Subscriptions on hold: paused (nothing is billed, access is not owed), and those whose collection alone is paused."""

from __future__ import annotations

from portal.sandbox import agenda
from portal.sandbox.desk import Desk
from portal.sandbox.engine import collecting, invoicing, periods
from portal.sandbox.engine.ending import UPDATED
from portal.sandbox.engine.planning import period_end, plan
from portal.sandbox.errors import ApiError, card_declined
from portal.sandbox.rendering import items_of
from portal.sandbox.store import Document


def pause(desk: Desk, subscription: Document) -> Document:
    """Stop a subscription until it is resumed."""
    if subscription["status"] not in ("active", "trialing", "past_due"):
        raise ApiError(f"This subscription is {subscription['status']}: it cannot be paused.")
    before = desk.show(subscription)
    details = {"subscription": {"type": "pause_requested"}, "transitioned_at": desk.now(), "type": "subscription"}
    desk.change(subscription, status="paused", status_details={"paused": details})
    agenda.clear(desk.store, subscription["id"])
    desk.tell("customer.subscription.paused", subscription)
    desk.tell(UPDATED, subscription, before)
    return subscription


def resume(desk: Desk, subscription: Document, anchor: str = "now") -> Document:
    """Go on: with a new period from now, or within the old one while it lasts. A new period must be paid first."""
    if subscription["status"] != "paused":
        raise ApiError("Only paused subscriptions can be resumed.")
    before = desk.show(subscription)
    if anchor == "now" or period_end(desk, subscription) <= desk.now():
        _begin_anew(desk, subscription)
    desk.change(subscription, status="active", status_details=None)
    plan(desk, subscription)
    desk.tell("customer.subscription.resumed", subscription)
    desk.tell(UPDATED, subscription, before)
    return subscription


def _begin_anew(desk: Desk, subscription: Document) -> None:
    now = desk.now()
    desk.change(subscription, billing_cycle_anchor=now)
    for item in items_of(desk.store, subscription["id"]):
        end = periods.next_boundary(now, now, desk.get("price", item["price"])["recurring"])
        desk.change(item, current_period_start=now, current_period_end=end)
    invoice = invoicing.draw_up(desk, subscription, "subscription_update", (now, now))
    desk.change(subscription, latest_invoice=invoice["id"])
    desk.tell("invoice.created", invoice)
    if invoicing.by_transfer(subscription):
        collecting.finalise_and_collect(desk, invoice)
        return
    desk.tell("invoice.finalized", invoicing.finalise(desk, invoice))
    if not collecting.collect(desk, invoice).settled:
        collecting.void(desk, invoice)
        raise card_declined("card_declined", None, kept=True)


def hold_collection(desk: Desk, subscription: Document, wish: Document | None) -> Document:
    """Keep billing without collecting, or collect again; the caller tells."""
    until = wish.get("resumes_at") if wish else None
    agenda.plan(desk.store, subscription["id"], "collect_again", until)
    return desk.change(subscription, pause_collection=wish and {"behavior": wish["behavior"], "resumes_at": until})


def collect_again(desk: Desk, subscription: Document) -> None:
    """The instant until which collection was paused has come."""
    desk.change(subscription, UPDATED, pause_collection=None)

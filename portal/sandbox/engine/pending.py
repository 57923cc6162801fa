"""Changes that wait for their payment: the subscription stays as it is until the invoice is paid, or they lapse."""

from __future__ import annotations

from portal.sandbox import agenda
from portal.sandbox.desk import Desk
from portal.sandbox.engine import items
from portal.sandbox.engine.items import Change, Period
from portal.sandbox.engine.planning import period_end, plan
from portal.sandbox.store import Document

WAITS = 23 * 3_600
UPDATED = "customer.subscription.updated"


def hold(
    desk: Desk, subscription: Document, invoice: Document, changes: list[Change], cycle: Period | None
) -> list[Document]:
    """Keep a change for later; returns what is to be told."""
    before, until = desk.show(subscription), min(desk.now() + WAITS, period_end(desk, subscription))
    after = [change.after for change in changes if change.after]
    shown = {
        "billing_cycle_anchor": cycle[0] if cycle else None,
        "expires_at": until,
        "subscription_items": [_shown(desk, item) for item in after],
        "trial_end": None,
        "trial_from_plan": None,
    }
    held = {"invoice": invoice["id"], "changes": [list(change) for change in changes], "cycle": cycle}
    desk.change(subscription, pending_update=shown, _pending=held, latest_invoice=invoice["id"])
    agenda.plan(desk.store, invoice["id"], "forget_update", until)
    return [desk.picture(UPDATED, subscription, before)]


def _shown(desk: Desk, item: Document) -> Document:
    stored = {"object": "subscription_item", "created": desk.now(), **item}
    return desk.show(stored)


def concerns(desk: Desk, invoice: Document) -> bool:
    """Whether an invoice is what a change waits for."""
    held: Document | None = desk.get("subscription", invoice["_subscription"]).get("_pending")
    return held is not None and bool(held["invoice"] == invoice["id"])


def apply(desk: Desk, invoice: Document) -> list[Document]:
    """The invoice is paid: the change is made. Returns what is to be told."""
    if not concerns(desk, invoice):
        return []
    subscription = desk.get("subscription", invoice["_subscription"])
    before, held = desk.show(subscription), subscription["_pending"]
    changes = [Change(*pair) for pair in held["changes"]]
    items.written(desk, subscription, changes, tuple(held["cycle"]) if held["cycle"] else None)
    desk.change(subscription, pending_update=None, _pending=None)
    plan(desk, subscription)
    applied = desk.picture("customer.subscription.pending_update_applied", subscription)
    return [desk.picture(UPDATED, subscription, before), applied]


def forget(desk: Desk, invoice: Document) -> None:
    """The change lapses: the invoice is voided, the subscription stays as it was."""
    if invoice["status"] == "open":
        void(desk, invoice)


def withdraw(desk: Desk, subscription: Document) -> None:
    """A new change takes the place of one that waits."""
    if held := subscription.get("_pending"):
        forget(desk, desk.get("invoice", held["invoice"]))


def void(desk: Desk, invoice: Document) -> Document:
    """An open invoice is void; a change that waited for it is gone."""
    waited = concerns(desk, invoice)
    agenda.clear(desk.store, invoice["id"])
    times = invoice["status_transitions"] | {"voided_at": desk.now()}
    fields = {"auto_advance": False, "next_payment_attempt": None, "status_transitions": times}
    desk.change(invoice, "invoice.voided", status="void", **fields)
    if waited:
        subscription = desk.get("subscription", invoice["_subscription"])
        desk.change(subscription, pending_update=None, _pending=None)
        desk.tell("customer.subscription.pending_update_expired", subscription)
    return invoice

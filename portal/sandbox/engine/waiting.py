"""First payments that the bank is still thinking about, and its answer to all of them."""

from __future__ import annotations

from portal.sandbox.desk import Desk
from portal.sandbox.engine import collecting
from portal.sandbox.engine.collecting import Manner
from portal.sandbox.engine.planning import plan
from portal.sandbox.store import Document


def answer(desk: Desk) -> int:
    """The bank says yes to every payment it has: they are collected and told, oldest first. Returns how many."""
    waiting = desk.store.find("payment_intent", ("status", "=", "processing"), oldest_first=True)
    return sum(_taken(desk, intent) for intent in waiting)


def _taken(desk: Desk, intent: Document) -> bool:
    """Collect one; not the first payment of a subscription that lapsed meanwhile."""
    [payment] = desk.store.find("invoice_payment", ("payment.payment_intent", "=", intent["id"]))
    invoice = desk.get("invoice", payment["invoice"])
    subscription = desk.get("subscription", invoice["_subscription"])
    if subscription["status"] != "incomplete":
        return False
    method = desk.get("payment_method", intent["payment_method"])
    manner = Manner(may_wait=False, authenticated=bool(method.get("_authenticated")))
    collecting.collect(desk, invoice, method, manner)
    plan(desk, desk.get("subscription", subscription["id"]))
    for session in desk.store.find("checkout.session", ("invoice", "=", invoice["id"])):
        desk.tell("checkout.session.async_payment_succeeded", desk.change(session, payment_status="paid"))
    return True

"""Invoices that are sent, to be paid by bank transfer until their due date, instead of charged to a card."""

from __future__ import annotations

from portal.sandbox import agenda
from portal.sandbox.desk import Desk
from portal.sandbox.engine import invoicing
from portal.sandbox.store import Document

DAY = 86_400


def send(desk: Desk, invoice: Document) -> Document:
    """Tell that an open invoice was sent, and wait for its due date; one with nothing to pay is paid."""
    if not invoice["amount_due"]:
        invoicing.mark_paid(desk, invoice)
        desk.publish(desk.picture("invoice.paid", invoice), desk.picture("invoice.payment_succeeded", invoice))
        return invoice
    desk.tell("invoice.sent", invoice)
    agenda.plan(desk.store, invoice["id"], "overdue", invoice["due_date"])
    return invoice


def overdue(desk: Desk, invoice: Document) -> None:
    """The due date of an unpaid invoice has come: its subscription is past due, and goes on."""
    if invoice["status"] != "open":
        return
    desk.tell("invoice.overdue", invoice)
    subscription = desk.get("subscription", invoice["_subscription"])
    if subscription["status"] in ("active", "trialing"):
        desk.change(subscription, "customer.subscription.updated", status="past_due")

"""The first day of a subscription: its items, its first invoice, its first payment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from portal.sandbox.desk import Desk
from portal.sandbox.engine import collecting, discounting, invoicing, items, periods
from portal.sandbox.engine.discounting import Offer
from portal.sandbox.engine.planning import plan
from portal.sandbox.store import Document


@dataclass(frozen=True)
class Order:
    """What somebody subscribes to; entries are {price, quantity, tax_rates, metadata} with ids."""

    customer: str
    entries: list[Document]
    metadata: dict[str, str] = field(default_factory=dict)
    trial_end: int | None = None
    method: str | None = None
    description: str | None = None
    days_until_due: int | None = None
    offer: Offer | None = None
    session: str | None = None


class Subscribed(NamedTuple):
    """What subscribing left behind, and whether its first invoice is settled."""

    subscription: Document
    invoice: Document
    settled: bool


def subscribe(
    desk: Desk, order: Order, news: list[Document] | None = None, manner: collecting.Manner = collecting.USUAL
) -> Subscribed:
    """Open a subscription, bill and collect its first invoice; `news` are events told after the charge."""
    subscription = _open(desk, order)
    invoice = _first_invoice(desk, subscription)
    pictures = [
        *(news or []),
        desk.picture("customer.subscription.created", subscription),
        desk.picture("invoice.created", invoice),
    ]
    if invoicing.by_transfer(subscription):
        return _sent(desk, subscription, invoice, pictures)
    pictures.append(desk.picture("invoice.finalized", invoicing.finalise(desk, invoice)))
    result = collecting.attempt(desk, invoice, manner=manner)
    desk.publish(*result.charge_news, *pictures, *result.news)
    plan(desk, desk.get("subscription", subscription["id"]))
    return Subscribed(desk.get("subscription", subscription["id"]), invoice, result.settled)


def _sent(desk: Desk, subscription: Document, invoice: Document, pictures: list[Document]) -> Subscribed:
    """A subscription paid by transfer is active at once; its invoice is sent when a renewal's would be."""
    desk.publish(*pictures)
    collecting.bill(desk, invoice)
    plan(desk, subscription)
    return Subscribed(subscription, invoice, settled=True)


def _first_invoice(desk: Desk, subscription: Document) -> Document:
    free = subscription["status"] == "trialing"
    now = desk.now()
    invoice = invoicing.draw_up(desk, subscription, "subscription_create", (now, now), free)
    desk.change(subscription, latest_invoice=invoice["id"])
    return invoice


def _open(desk: Desk, order: Order) -> Document:
    price = desk.get("price", order.entries[0]["price"])
    anchor = order.trial_end or desk.now()
    subscription = desk.add("subscription", _fields(desk, order, anchor, price["currency"]))
    end = order.trial_end or periods.next_boundary(anchor, anchor, price["recurring"])
    for entry in order.entries:
        items.add_item(desk, subscription, entry, (desk.now(), end))
    if order.offer:
        discounting.grant(desk, subscription, order.offer, order.session)
    customer = desk.get("customer", order.customer)
    if customer["currency"] is None:
        desk.change(customer, currency=price["currency"])
    return subscription


def _fields(desk: Desk, order: Order, anchor: int, currency: str) -> Document:
    nothing: dict[str, Any] = dict.fromkeys(EMPTY_FIELDS)
    return nothing | {
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": anchor,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically" if order.days_until_due is None else "send_invoice",
        "currency": currency,
        "days_until_due": order.days_until_due,
        "customer": order.customer,
        "default_payment_method": order.method,
        "default_tax_rates": [],
        "description": order.description,
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"account": None, "type": "self"}},
        "metadata": dict(order.metadata),
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": desk.now(),
        "status": _first_status(order),
        "trial_end": order.trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": desk.now() if order.trial_end else None,
    }


def _first_status(order: Order) -> str:
    if order.trial_end:
        return "trialing"
    return "incomplete" if order.days_until_due is None else "active"


EMPTY_FIELDS = [
    "application",
    "application_fee_percent",
    "billing_cycle_anchor_config",
    "billing_thresholds",
    "cancel_at",
    "canceled_at",
    "customer_account",
    "default_source",
    "ended_at",
    "latest_invoice",
    "next_pending_invoice_item_invoice",
    "on_behalf_of",
    "pause_collection",
    "pending_invoice_item_interval",
    "pending_setup_intent",
    "pending_update",
    "schedule",
    "test_clock",
    "transfer_data",
]

"""Paying a checkout session: the card, the subscription, the session's completion."""

from __future__ import annotations

from typing import NamedTuple

from portal.sandbox import agenda, expand
from portal.sandbox.desk import Desk
from portal.sandbox.engine import cards, charging, subscribing
from portal.sandbox.engine.cards import Card, Details
from portal.sandbox.engine.charging import Demand
from portal.sandbox.engine.subscribing import Order
from portal.sandbox.resources import customers
from portal.sandbox.store import Document


class Paid(NamedTuple):
    """The outcome of pressing the button: the completion's event id, or the bank's refusal."""

    completed: str | None
    refusal: str | None = None


def pay(desk: Desk, session: Document, card: Card, details: Details) -> Paid:
    """Subscribe with a card; a refused one leaves the session open and nothing but a failed charge."""
    customer = _customer(desk, session, details)
    if card.refusal and not (card.later and _trial_end(desk, session)):
        return _refused(desk, session, card, details, customer)
    method = cards.keep(desk, card, details, customer)
    attached = desk.picture("payment_method.attached", method)
    order = _order(desk, session, customer, method)
    result = subscribing.subscribe(desk, order, [attached])
    return Paid(_complete(desk, session, customer, result))


def _order(desk: Desk, session: Document, customer: Document, method: Document) -> Order:
    items = desk.store.find("item", ("_session", "=", session["id"]), oldest_first=True)
    entries = [
        {name: item[name] for name in ("price", "quantity", "metadata")} | {"tax_rates": item["_tax_rates"]}
        for item in items
    ]
    wish, trial_end = session["_order"], _trial_end(desk, session)
    return Order(customer["id"], entries, wish["metadata"], trial_end, method["id"], wish["description"])


def _trial_end(desk: Desk, session: Document) -> int | None:
    # A page left open past the trial's end starts the paid subscription at once.
    end: int | None = session["_order"]["trial_end"]
    return end if end and end > desk.now() else None


def _customer(desk: Desk, session: Document, details: Details) -> Document:
    if session["customer"]:
        return desk.get("customer", session["customer"])
    given = {"email": session["customer_email"], "name": details.name}
    return customers.create(desk, {name: value for name, value in given.items() if value})


def _complete(desk: Desk, session: Document, customer: Document, result: subscribing.Subscribed) -> str:
    details = session["customer_details"]
    desk.change(
        session,
        status="complete",
        url=None,
        customer=customer["id"],
        invoice=result.invoice["id"],
        subscription=result.subscription["id"],
        payment_status=_payment_status(result),
        customer_details=details | {"name": details["name"] or customer["name"]},
    )
    agenda.clear(desk.store, session["id"])
    return str(desk.tell("checkout.session.completed", session)["id"])


def _payment_status(result: subscribing.Subscribed) -> str:
    if not result.settled:
        return "unpaid"
    return "paid" if result.invoice["amount_due"] else "no_payment_required"


def _refused(desk: Desk, session: Document, card: Card, details: Details, customer: Document) -> Paid:
    amount = session["amount_total"] or sum(item["amount_total"] for item in expand.line_items(desk, session)["data"])
    method = cards.keep(desk, card, details, None)
    demand = Demand(amount, session["currency"], customer["id"])
    attempt = charging.take(desk, demand, method, card.refusal)
    desk.publish(*charging.told(desk, attempt).values())
    return Paid(None, card.refusal)

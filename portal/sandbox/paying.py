"""Paying a checkout session: the card, the subscription, the session's completion."""

from __future__ import annotations

from typing import NamedTuple

from portal.sandbox import agenda, expand
from portal.sandbox.desk import Desk
from portal.sandbox.engine import cards, carts, charging, subscribing
from portal.sandbox.engine.cards import Card, Details
from portal.sandbox.engine.charging import Demand
from portal.sandbox.engine.collecting import Manner
from portal.sandbox.engine.subscribing import Order
from portal.sandbox.resources import customers
from portal.sandbox.store import Document


class Paid(NamedTuple):
    """The outcome of pressing the button: the completion's event id, the bank's refusal, or its wish to be asked."""

    completed: str | None
    refusal: str | None = None
    asked: bool = False


def pay(desk: Desk, session: Document, card: Card, details: Details) -> Paid:
    """Subscribe with a card; a refused one leaves the session open and nothing but a failed charge."""
    customer = _customer(desk, session, details)
    if card.refusal and not (card.later and _trial_end(desk, session)):
        return _refused(desk, session, card, details, customer)
    if card.authenticate:
        method = cards.keep(desk, card, details, None)
        desk.change(session, _asked=method["id"])
        return Paid(None, asked=True)
    return _subscribed(desk, session, customer, cards.keep(desk, card, details, customer))


def asked(desk: Desk, session: Document) -> Document | None:
    """The card whose bank waits for its holder's confirmation."""
    waiting = session.get("_asked")
    return desk.get("payment_method", waiting) if waiting else None


def confirm(desk: Desk, session: Document, method: Document, proved: bool) -> Paid:
    """The holder's answer to the bank: subscribe, or leave the session open and a failed intent."""
    desk.change(session, _asked=None)
    customer = _customer(desk, session, Details(name=method["billing_details"]["name"]))
    if not proved:
        intent = charging.unproved(desk, _demand(desk, session, customer), method)
        desk.tell("payment_intent.payment_failed", intent)
        return Paid(None, "authentication_required")
    billing = cards.billing(customer, method["billing_details"]["name"])
    desk.change(method, customer=customer["id"], billing_details=billing, _authenticated=True)
    return _subscribed(desk, session, customer, method)


def _subscribed(desk: Desk, session: Document, customer: Document, method: Document) -> Paid:
    attached = desk.picture("payment_method.attached", method)
    order = _order(desk, session, customer, method)
    # A card refused only later fails here as anywhere; one that was confirmed is confirmed for this payment too.
    manner = Manner(authenticated=bool(method.get("_authenticated")))
    result = subscribing.subscribe(desk, order, [attached], manner)
    return Paid(_complete(desk, session, customer, result))


def _order(desk: Desk, session: Document, customer: Document, method: Document) -> Order:
    items = desk.store.find("item", ("_session", "=", session["id"]), oldest_first=True)
    entries = [
        {name: item[name] for name in ("price", "quantity", "metadata")} | {"tax_rates": item["_tax_rates"]}
        for item in items
    ]
    wish, trial_end = session["_order"], _trial_end(desk, session)
    return Order(
        customer["id"],
        entries,
        wish["metadata"],
        trial_end,
        method["id"],
        wish["description"],
        offer=carts.offer(desk, session),
        session=session["id"],
    )


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
    method = cards.keep(desk, card, details, None)
    attempt = charging.take(desk, _demand(desk, session, customer), method, card.refusal)
    desk.publish(*charging.told(desk, attempt).values())
    return Paid(None, card.refusal)


def _demand(desk: Desk, session: Document, customer: Document) -> Demand:
    amount = session["amount_total"] or sum(item["amount_total"] for item in expand.line_items(desk, session)["data"])
    return Demand(amount, session["currency"], customer["id"])

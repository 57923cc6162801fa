"""Payment methods, payment intents and charges."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import cards
from portal.sandbox.errors import ApiError, card_declined
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import PAGE, choice, text
from portal.sandbox.store import Document

CARD = choice("card")


@endpoint("GET", "payment_methods", PAGE | {"customer": text(), "type": CARD})
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Payment methods by pages."""
    conditions = wanted(parameters, "customer", "type")
    return page(desk, "payment_method", "/v1/payment_methods", parameters, *conditions)


@endpoint("GET", "customers/<customer>/payment_methods", PAGE | {"type": CARD})
def of_customer(desk: Desk, parameters: dict[str, Any], customer: str) -> Document:
    """A customer's payment methods."""
    desk.alive("customer", customer)
    conditions = [("customer", "=", customer), *wanted(parameters, "type")]
    return page(desk, "payment_method", f"/v1/customers/{customer}/payment_methods", parameters, *conditions)


@endpoint("GET", "payment_methods/<method>")
def retrieve(desk: Desk, _parameters: dict[str, Any], method: str) -> Document:
    """One payment method."""
    return desk.get("payment_method", method)


@endpoint("POST", "payment_methods/<method>/attach", {"customer": text()}, required=("customer",))
def attach(desk: Desk, parameters: dict[str, Any], method: str) -> Document:
    """A card given to a customer; the test mode's ready-made ones (pm_card_visa …) become a new one."""
    customer = desk.alive("customer", parameters["customer"], "customer")
    kept = _kept(desk, method, customer)
    desk.tell("payment_method.attached", kept)
    return kept


def _kept(desk: Desk, method: str, customer: Document) -> Document:
    card = cards.SHORTHANDS.get(method)
    if card is None:
        found = desk.get("payment_method", method)
        if found["customer"] not in (None, customer["id"]):
            raise ApiError("This PaymentMethod is already attached to another customer.", param="customer")
        return desk.change(found, customer=customer["id"])
    if card.refusal and not card.later:
        raise card_declined("card_declined", card.refusal)
    return cards.keep(desk, card, cards.Details(), customer)


@endpoint("POST", "payment_methods/<method>/detach")
def detach(desk: Desk, _parameters: dict[str, Any], method: str) -> Document:
    """A card taken away from its customer."""
    found = desk.get("payment_method", method)
    return desk.change(found, "payment_method.detached", customer=None)


@endpoint("GET", "payment_intents/<intent>")
def retrieve_intent(desk: Desk, _parameters: dict[str, Any], intent: str) -> Document:
    """One payment intent."""
    return desk.get("payment_intent", intent)


@endpoint("GET", "payment_intents", PAGE | {"customer": text()})
def list_intents(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Payment intents by pages."""
    return page(desk, "payment_intent", "/v1/payment_intents", parameters, *wanted(parameters, "customer"))


@endpoint("GET", "charges/<charge>")
def retrieve_charge(desk: Desk, _parameters: dict[str, Any], charge: str) -> Document:
    """One charge."""
    return desk.get("charge", charge)


@endpoint("GET", "charges", PAGE | {"customer": text(), "payment_intent": text()})
def list_charges(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Charges by pages."""
    conditions = wanted(parameters, "customer", "payment_intent")
    return page(desk, "charge", "/v1/charges", parameters, *conditions)

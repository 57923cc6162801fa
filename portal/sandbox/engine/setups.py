"""Keeping a card for later without a payment: the setup intent, and the confirmation that some banks want."""

from __future__ import annotations

from typing import Any

from portal.sandbox import ids
from portal.sandbox.desk import Desk
from portal.sandbox.engine import cards
from portal.sandbox.engine.charging import UNPROVED
from portal.sandbox.store import Document


def begin(desk: Desk, customer: Document, method: Document) -> Document:
    """A setup intent for a card; it wants its holder when the bank does, and has succeeded otherwise."""
    identifier = ids.new_id("setup_intent")
    intent = desk.add("setup_intent", _fields(customer, method, identifier), identifier)
    desk.tell("setup_intent.created", intent)
    if cards.asks(method):
        step = {"type": "redirect_to_url", "redirect_to_url": {"return_url": None, "url": desk.address}}
        return desk.change(intent, status="requires_action", next_action=step)
    return succeed(desk, intent)


def succeed(desk: Desk, intent: Document) -> Document:
    """The card may be charged from now on."""
    method = desk.get("payment_method", intent["payment_method"])
    desk.change(method, customer=intent["customer"], _authenticated=True)
    desk.change(intent, status="succeeded", next_action=None)
    desk.tell("payment_method.attached", method)
    desk.tell("setup_intent.succeeded", intent)
    return intent


def fail(desk: Desk, intent: Document) -> Document:
    """The holder did not confirm."""
    method = desk.show(desk.get("payment_method", intent["payment_method"]))
    code = "setup_intent_authentication_failure"
    error = {"code": code, "message": UNPROVED, "payment_method": method, "type": "card_error"}
    again = {"status": "requires_payment_method", "next_action": None, "payment_method": None}
    desk.change(intent, **again, last_setup_error=error)
    desk.tell("setup_intent.setup_failed", intent)
    return intent


def waiting(desk: Desk, customer: Document) -> Document | None:
    """The setup intent that waits for this customer's confirmation."""
    conditions = (("customer", "=", customer["id"]), ("status", "=", "requires_action"))
    return next(iter(desk.store.find("setup_intent", *conditions, limit=1)), None)


def _fields(customer: Document, method: Document, identifier: str) -> Document:
    nothing: dict[str, Any] = dict.fromkeys(EMPTY_FIELDS)
    return nothing | {
        "client_secret": f"{identifier}_secret_{ids.random_letters(25)}",
        "customer": customer["id"],
        "metadata": {},
        "payment_method": method["id"],
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "status": "requires_confirmation",
        "usage": "off_session",
    }


EMPTY_FIELDS = [
    "application",
    "automatic_payment_methods",
    "cancellation_reason",
    "customer_account",
    "description",
    "flow_directions",
    "last_setup_error",
    "latest_attempt",
    "mandate",
    "next_action",
    "on_behalf_of",
    "payment_method_configuration_details",
    "single_use_mandate",
]

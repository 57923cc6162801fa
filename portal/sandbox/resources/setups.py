"""Setup intents: made when a card is kept in the customer portal, read here."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import PAGE, text, when
from portal.sandbox.store import Document


@endpoint("GET", "setup_intents/<intent>")
def retrieve(desk: Desk, _parameters: dict[str, Any], intent: str) -> Document:
    """One setup intent."""
    return desk.get("setup_intent", intent)


@endpoint("GET", "setup_intents", PAGE | {"created": when, "customer": text(), "payment_method": text()})
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Setup intents by pages."""
    conditions = wanted(parameters, "customer", "payment_method")
    return page(desk, "setup_intent", "/v1/setup_intents", parameters, *conditions)

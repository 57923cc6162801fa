"""Invoices that do not exist yet."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import updating
from portal.sandbox.errors import ApiError
from portal.sandbox.params import instant, many, struct, text
from portal.sandbox.resources import changing
from portal.sandbox.store import Document

DETAILS = struct(
    items=many(changing.ITEM, 20),
    proration_behavior=changing.PRORATION,
    proration_date=instant,
)


@endpoint(
    "POST",
    "invoices/create_preview",
    {"customer": text(), "subscription": text(), "subscription_details": DETAILS},
    required=("subscription",),
)
def preview(desk: Desk, parameters: dict[str, Any]) -> Document:
    """What a change of a subscription would be invoiced; nothing is kept and nothing is told."""
    found = desk.get("subscription", parameters["subscription"], "subscription")
    if found["status"] in ("canceled", "incomplete_expired"):
        raise ApiError("No upcoming invoices for customer", status=404, code="invoice_upcoming_none")
    if parameters.get("customer", found["customer"]) != found["customer"]:
        raise ApiError("The subscription does not belong to this customer.", param="subscription")
    details = parameters.get("subscription_details", {})
    given = changing.entries(desk, details.get("items", []), "subscription_details[items]")
    changing.one_cycle(desk, found, given)
    return updating.preview(desk, found, given, changing.terms(details))

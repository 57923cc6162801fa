"""Refunds."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import refunding
from portal.sandbox.errors import ApiError
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import PAGE, Kind, choice, integer, metadata, text, when
from portal.sandbox.resources.merging import merged
from portal.sandbox.store import Document

CREATED: dict[str, Kind] = {
    "amount": integer(1),
    "charge": text(),
    "metadata": metadata,
    "payment_intent": text(),
    "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
}


@endpoint("POST", "refunds", CREATED)
def create(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Money given back, all that is left unless an amount is named."""
    wish = refunding.Wish(parameters.get("amount"), parameters.get("reason"), merged({}, parameters.get("metadata")))
    return refunding.refund(desk, _charge(desk, parameters), wish)


def _charge(desk: Desk, parameters: dict[str, Any]) -> Document:
    given = [name for name in ("charge", "payment_intent") if name in parameters]
    if not given:
        raise ApiError("One of the following params should be provided for this request: payment_intent or charge.")
    if len(given) > 1:
        raise ApiError("You may only specify one of these parameters: charge, payment_intent.")
    if given == ["charge"]:
        return desk.get("charge", parameters["charge"], "charge")
    return refunding.charge_of(desk, desk.get("payment_intent", parameters["payment_intent"], "payment_intent"))


@endpoint("GET", "refunds/<refund>")
def retrieve(desk: Desk, _parameters: dict[str, Any], refund: str) -> Document:
    """One refund."""
    return desk.get("refund", refund)


@endpoint("POST", "refunds/<refund>", {"metadata": metadata})
def update(desk: Desk, parameters: dict[str, Any], refund: str) -> Document:
    """A refund's metadata changed; nothing else of it can be."""
    found = desk.get("refund", refund)
    return desk.change(found, "refund.updated", metadata=merged(found["metadata"], parameters.get("metadata")))


@endpoint("GET", "refunds", PAGE | {"charge": text(), "created": when, "payment_intent": text()})
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Refunds by pages."""
    return page(desk, "refund", "/v1/refunds", parameters, *wanted(parameters, "charge", "payment_intent"))

"""Prices, found again by their lookup keys."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.errors import ApiError, missing_parameter
from portal.sandbox.listing import one_of, page, wanted
from portal.sandbox.params import (
    PAGE,
    Kind,
    boolean,
    choice,
    integer,
    many,
    metadata,
    struct,
    text,
    unset,
    when,
)
from portal.sandbox.resources.merging import changes
from portal.sandbox.store import Condition, Document

INTERVAL = choice("day", "week", "month", "year")
RECURRING = struct(
    "interval", interval=INTERVAL, interval_count=integer(1, 36), usage_type=choice("licensed", "metered")
)
CHANGEABLE: dict[str, Kind] = {
    "active": boolean,
    "lookup_key": unset(text(200)),
    "metadata": metadata,
    "nickname": unset(text()),
    "tax_behavior": choice("exclusive", "inclusive", "unspecified"),
    "transfer_lookup_key": boolean,
}
CREATED: dict[str, Kind] = {
    "currency": text(3),
    "product": text(),
    "recurring": RECURRING,
    "unit_amount": integer(0, 99_999_999),
    "billing_scheme": choice("per_unit"),
}
FILTERS: dict[str, Kind] = {
    "active": boolean,
    "created": when,
    "currency": text(3),
    "lookup_keys": many(text(), 10),
    "product": text(),
    "recurring": struct(interval=INTERVAL, usage_type=choice("licensed", "metered")),
    "type": choice("one_time", "recurring"),
}


@endpoint("POST", "prices", CHANGEABLE | CREATED, required=("currency", "product"))
def create(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A new price of a product; amount and interval can never change."""
    if "unit_amount" not in parameters:
        raise missing_parameter("unit_amount")
    desk.alive("product", parameters["product"], "product")
    _claim(desk, None, parameters)
    amount, recurring = parameters["unit_amount"], parameters.get("recurring")
    fields = _blank() | changes({"metadata": {}}, parameters)
    fields |= {
        "currency": parameters["currency"].lower(),
        "recurring": _recurring(recurring) if recurring else None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount_decimal": str(amount),
    }
    price = desk.add("price", fields)
    desk.tell("price.created", price)
    return price


@endpoint("POST", "prices/<price>", CHANGEABLE)
def update(desk: Desk, parameters: dict[str, Any], price: str) -> Document:
    """What may change of a price."""
    found = desk.get("price", price)
    _claim(desk, found, parameters)
    return desk.change(found, "price.updated", **changes(found, parameters))


@endpoint("GET", "prices/<price>")
def retrieve(desk: Desk, _parameters: dict[str, Any], price: str) -> Document:
    """One price."""
    return desk.get("price", price)


@endpoint("GET", "prices", PAGE | FILTERS)
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Prices by pages, or by lookup keys."""
    return page(desk, "price", "/v1/prices", parameters, *_conditions(parameters))


def _conditions(parameters: dict[str, Any]) -> list[Condition]:
    conditions = wanted(parameters, "active", "currency", "product", "type")
    if "lookup_keys" in parameters:
        conditions.append(one_of("lookup_key", parameters["lookup_keys"]))
    recurring: dict[str, str] = parameters.get("recurring", {})
    return conditions + [(f"recurring.{name}", "=", value) for name, value in recurring.items()]


def _claim(desk: Desk, price: Document | None, parameters: dict[str, Any]) -> None:
    """Make sure that a lookup key names one price, taking it from another only when asked to."""
    transfer = parameters.pop("transfer_lookup_key", False)
    key = parameters.get("lookup_key")
    for holder in desk.store.find("price", ("lookup_key", "=", key)) if key else []:
        if price is not None and holder["id"] == price["id"]:
            continue
        if not transfer:
            message = f"A price (`{holder['id']}`) already uses that lookup key."
            raise ApiError(message, code="resource_already_exists", param="lookup_key")
        desk.change(holder, "price.updated", lookup_key=None)


def _recurring(given: Document) -> Document:
    plain = {"interval_count": 1, "meter": None, "trial_period_days": None, "usage_type": "licensed"}
    if given.get("usage_type") == "metered":
        raise ApiError("This stand-in has no metered prices.", param="recurring[usage_type]")
    return plain | given


def _blank() -> Document:
    return {
        "active": True,
        "billing_scheme": "per_unit",
        "custom_unit_amount": None,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
    }

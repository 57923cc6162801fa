"""Customers and their tax numbers."""

from __future__ import annotations

from typing import Any

from portal.sandbox import ids
from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import ending
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import ADDRESS, PAGE, choice, integer, many, metadata, struct, text, unset, when
from portal.sandbox.resources.merging import changes, merged
from portal.sandbox.store import Document

CUSTOM_FIELDS = unset(many(struct("name", "value", name=text(40), value=text(140)), 4))
INVOICE_SETTINGS = struct(custom_fields=CUSTOM_FIELDS, default_payment_method=unset(text()), footer=unset(text()))
TAX_ID = struct("type", "value", type=text(40), value=text(60))
FIELDS = {
    "address": unset(ADDRESS),
    "business_name": unset(text(150)),
    "description": unset(text()),
    "email": unset(text(512)),
    "individual_name": unset(text(150)),
    "invoice_settings": INVOICE_SETTINGS,
    "invoice_prefix": text(12),
    "metadata": metadata,
    "name": unset(text(256)),
    "next_invoice_sequence": integer(1),
    "phone": unset(text(20)),
    "preferred_locales": many(text(10)),
    "tax_exempt": unset(choice("none", "exempt", "reverse")),
}


@endpoint("POST", "customers", FIELDS | {"tax_id_data": many(TAX_ID, 5)})
def create(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A new customer."""
    numbers = parameters.pop("tax_id_data", [])
    customer = desk.add("customer", _blank() | {"metadata": {}})
    desk.change(customer, **_written(desk, customer, parameters), _tax_ids=_short(numbers))
    for number in numbers:
        _add_tax_id(desk, customer, number)
    desk.tell("customer.created", customer)
    return customer


@endpoint("POST", "customers/<customer>", FIELDS)
def update(desk: Desk, parameters: dict[str, Any], customer: str) -> Document:
    """A customer changed."""
    found = desk.alive("customer", customer)
    return desk.change(found, "customer.updated", **_written(desk, found, parameters))


@endpoint("GET", "customers/<customer>")
def retrieve(desk: Desk, _parameters: dict[str, Any], customer: str) -> Document:
    """A customer, or what remains of a deleted one."""
    return desk.get("customer", customer)


@endpoint("GET", "customers", PAGE | {"created": when, "email": text()})
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Customers by pages."""
    return page(desk, "customer", "/v1/customers", parameters, *wanted(parameters, "email"))


@endpoint("DELETE", "customers/<customer>")
def delete(desk: Desk, _parameters: dict[str, Any], customer: str) -> Document:
    """A customer gone for good; its subscriptions end at once."""
    found = desk.alive("customer", customer)
    for subscription in desk.store.find("subscription", ("customer", "=", customer), ("status", "!=", "canceled")):
        if subscription["status"] != "incomplete_expired":
            ending.end(desk, subscription)
    desk.tell("customer.deleted", found)
    tombstone = {"id": customer, "object": "customer", "deleted": True}
    desk.store.bury(tombstone)
    return tombstone


@endpoint("GET", "customers/<customer>/tax_ids", PAGE)
def tax_ids(desk: Desk, parameters: dict[str, Any], customer: str) -> Document:
    """A customer's tax numbers."""
    desk.alive("customer", customer)
    return page(desk, "tax_id", f"/v1/customers/{customer}/tax_ids", parameters, ("customer", "=", customer))


def _written(desk: Desk, customer: Document, parameters: dict[str, Any]) -> Document:
    fields = changes(customer, parameters)
    if fields.get("invoice_settings"):
        chosen = fields["invoice_settings"].get("default_payment_method")
        if chosen:
            desk.get("payment_method", chosen, "invoice_settings[default_payment_method]")
        fields["invoice_settings"] = customer["invoice_settings"] | fields["invoice_settings"]
    if fields.get("address"):
        fields["address"] = (customer["address"] or _no_address()) | fields["address"]
    if "tax_exempt" in fields:
        fields["tax_exempt"] = fields["tax_exempt"] or "none"
    fields["metadata"] = merged(fields.get("metadata", customer["metadata"]), None)
    return fields


def set_tax_id(desk: Desk, customer: Document, value: str) -> None:
    """The one European VAT number of a customer replaced, or taken away by an empty value."""
    if [number["value"] for number in customer["_tax_ids"]] == ([value] if value else []):
        return
    for old in desk.store.find("tax_id", ("customer", "=", customer["id"])):
        desk.tell("customer.tax_id.deleted", old)
        desk.store.bury({"id": old["id"], "object": "tax_id", "deleted": True})
    numbers = [{"type": "eu_vat", "value": value}] if value else []
    desk.change(customer, _tax_ids=numbers)
    for number in numbers:
        _add_tax_id(desk, customer, number)


def _add_tax_id(desk: Desk, customer: Document, number: Document) -> None:
    fields = {
        "country": number["value"][:2].upper() if number["type"] == "eu_vat" else None,
        "customer": customer["id"],
        "customer_account": None,
        "owner": {"customer": customer["id"], "type": "customer"},
        "type": number["type"],
        "value": number["value"],
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }
    desk.tell("customer.tax_id.created", desk.add("tax_id", fields))


def _short(numbers: list[Document]) -> list[Document]:
    return [{"type": number["type"], "value": number["value"]} for number in numbers]


def _no_address() -> Document:
    return dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def _blank() -> Document:
    return {
        "address": None,
        "balance": 0,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": ids.random_letters(8, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        "_tax_ids": [],
    }

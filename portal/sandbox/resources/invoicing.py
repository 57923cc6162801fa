"""What is done to an invoice by hand: changed while a draft, finalised, sent, voided, given up."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import collecting, invoicing
from portal.sandbox.errors import ApiError
from portal.sandbox.params import Kind, boolean, integer, metadata, text, unset
from portal.sandbox.resources.customers import CUSTOM_FIELDS
from portal.sandbox.resources.merging import changes
from portal.sandbox.store import Document

CHANGED: dict[str, Kind] = {
    "custom_fields": CUSTOM_FIELDS,
    "days_until_due": integer(0, 365),
    "description": unset(text(1_500)),
    "footer": unset(text()),
    "metadata": metadata,
}


@endpoint("POST", "invoices/<invoice>", CHANGED)
def update(desk: Desk, parameters: dict[str, Any], invoice: str) -> Document:
    """A draft changed; of a finalised invoice only the metadata."""
    found = desk.get("invoice", invoice)
    fields = changes(found, parameters)
    if found["status"] != "draft" and set(fields) - {"metadata"}:
        message = "Finalized invoices can't be updated in this way: only their metadata can."
        raise ApiError(message, code="invoice_not_editable")
    days = fields.pop("days_until_due", None)
    if days is not None:
        _refuse_charged(found)
        fields["_days_until_due"] = days
    return desk.change(found, "invoice.updated", **fields)


@endpoint("POST", "invoices/<invoice>/finalize", {"auto_advance": boolean})
def finalize(desk: Desk, parameters: dict[str, Any], invoice: str) -> Document:
    """A draft given its number; what follows by itself follows at once, unless `auto_advance` is false."""
    found = _in(desk, invoice, ("draft",), "finalized")
    if parameters.get("auto_advance", True):
        collecting.finalise_and_collect(desk, found)
    else:
        desk.tell("invoice.finalized", desk.change(invoicing.finalise(desk, found), auto_advance=False))
    return desk.get("invoice", invoice)


@endpoint("POST", "invoices/<invoice>/send")
def send(desk: Desk, _parameters: dict[str, Any], invoice: str) -> Document:
    """An invoice sent by mail, a draft being finalised first."""
    found = _in(desk, invoice, ("draft", "open"), "sent")
    _refuse_charged(found)
    if found["status"] == "draft":
        collecting.finalise_and_collect(desk, found)
    else:
        desk.tell("invoice.sent", found)
    return desk.get("invoice", invoice)


@endpoint("POST", "invoices/<invoice>/void")
def void(desk: Desk, _parameters: dict[str, Any], invoice: str) -> Document:
    """An unpaid invoice cancelled for good."""
    return collecting.void(desk, _in(desk, invoice, ("open", "uncollectible"), "voided"))


@endpoint("POST", "invoices/<invoice>/mark_uncollectible")
def mark_uncollectible(desk: Desk, _parameters: dict[str, Any], invoice: str) -> Document:
    """An unpaid invoice given up; it can still be paid or voided."""
    return collecting.give_up(desk, _in(desk, invoice, ("open",), "marked as uncollectible"))


def _in(desk: Desk, invoice: str, states: tuple[str, ...], done: str) -> Document:
    found = desk.get("invoice", invoice)
    if found["status"] not in states:
        message = f"This invoice is {found['status']}: only invoices that are {' or '.join(states)} can be {done}."
        raise ApiError(message, code="status_transition_invalid")
    return found


def _refuse_charged(invoice: Document) -> None:
    if invoice["collection_method"] != "send_invoice":
        raise ApiError("This needs an invoice whose `collection_method` is `send_invoice`.")

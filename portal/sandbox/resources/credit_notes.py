"""Credit notes."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import crediting
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import PAGE, Kind, choice, integer, many, metadata, struct, text, when
from portal.sandbox.rendering import envelope
from portal.sandbox.resources.merging import merged
from portal.sandbox.store import Document

LINE = struct(
    "type",
    amount=integer(1),
    description=text(),
    invoice_line_item=text(),
    quantity=integer(1),
    type=choice("custom_line_item", "invoice_line_item"),
    unit_amount=integer(0),
)
CREATED: dict[str, Kind] = {
    "amount": integer(1),
    "invoice": text(),
    "lines": many(LINE, 50),
    "memo": text(),
    "metadata": metadata,
    "out_of_band_amount": integer(0),
    "reason": choice("duplicate", "fraudulent", "order_change", "product_unsatisfactory"),
    "refund_amount": integer(0),
}


@endpoint("POST", "credit_notes", CREATED, required=("invoice",))
def create(desk: Desk, parameters: dict[str, Any]) -> Document:
    """An invoice taken back, in part or whole; of a paid one the money is given back or was elsewhere."""
    fields = {name: parameters[name] for name in ("memo", "reason") if name in parameters}
    wish = crediting.Wish(
        parameters.get("amount"),
        parameters.get("lines", []),
        parameters.get("refund_amount", 0),
        parameters.get("out_of_band_amount", 0),
        fields | {"metadata": merged({}, parameters.get("metadata"))},
    )
    return crediting.issue(desk, desk.get("invoice", parameters["invoice"], "invoice"), wish)


@endpoint("GET", "credit_notes", PAGE | {"created": when, "customer": text(), "invoice": text()})
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Credit notes by pages."""
    return page(desk, "credit_note", "/v1/credit_notes", parameters, *wanted(parameters, "customer", "invoice"))


@endpoint("GET", "credit_notes/<note>")
def retrieve(desk: Desk, _parameters: dict[str, Any], note: str) -> Document:
    """One credit note."""
    return desk.get("credit_note", note)


@endpoint("GET", "credit_notes/<note>/lines", PAGE)
def lines(desk: Desk, _parameters: dict[str, Any], note: str) -> Document:
    """A credit note's lines; it never has more than one page of them here."""
    return envelope(f"/v1/credit_notes/{note}/lines", desk.get("credit_note", note)["lines"]["data"])


@endpoint("POST", "credit_notes/<note>", {"memo": text(), "metadata": metadata})
def update(desk: Desk, parameters: dict[str, Any], note: str) -> Document:
    """A credit note's memo and metadata changed."""
    found = desk.get("credit_note", note)
    joined = merged(found["metadata"], parameters.get("metadata"))
    return desk.change(found, "credit_note.updated", memo=parameters.get("memo", found["memo"]), metadata=joined)


@endpoint("POST", "credit_notes/<note>/void")
def void(desk: Desk, _parameters: dict[str, Any], note: str) -> Document:
    """A credit note taken back, while its invoice is open."""
    return crediting.void(desk, desk.get("credit_note", note))

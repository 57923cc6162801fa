"""Amounts in integer cents: price times quantity, and exclusive taxes per line, rounded half up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from portal.sandbox.desk import Desk
from portal.sandbox.store import Document


class Line(NamedTuple):
    """What is sold on one line: stored price, quantity, and the stored tax rates that apply."""

    price: Document
    quantity: int
    rates: list[Document]


class Tax(NamedTuple):
    """One rate's share of a line."""

    rate: Document
    base: int
    amount: int
    reason: str


def subtotal(line: Line) -> int:
    """Cents before tax."""
    return int(line.price["unit_amount"]) * line.quantity


def taxes(line: Line, exempt: str | None, amount: int | None = None) -> list[Tax]:
    """The taxes of a line (of a part of it); none is due from customers that are exempt or account for it."""
    base = subtotal(line) if amount is None else amount
    return [_tax(rate, base, exempt) for rate in line.rates]


def _tax(rate: Document, base: int, exempt: str | None) -> Tax:
    if exempt in ("exempt", "reverse"):
        return Tax(rate, base, 0, "reverse_charge" if exempt == "reverse" else "customer_exempt")
    return Tax(rate, base, share(base, rate["percentage"]), "standard_rated")


def share(base: int, percentage: float) -> int:
    """A percentage of an amount in cents, half a cent rounded up."""
    exact = Decimal(base) * Decimal(str(percentage)) / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def lines_of(desk: Desk, entries: list[Document]) -> list[Line]:
    """Entries of {price, quantity, tax_rates} ids as lines."""
    return [
        Line(
            desk.get("price", entry["price"]),
            entry["quantity"],
            [desk.get("tax_rate", rate) for rate in entry["tax_rates"]],
        )
        for entry in entries
    ]


def tax_fields(tax: Tax) -> Document:
    """A tax as invoices and their lines show it."""
    return {
        "amount": tax.amount,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": tax.rate["id"]},
        "taxability_reason": tax.reason,
        "taxable_amount": tax.base,
        "type": "tax_rate_details",
    }


def summed(shares: list[Document]) -> list[Document]:
    """Taxes of several lines added up per rate."""
    totals: dict[str, Document] = {}
    for tax in shares:
        total = totals.setdefault(tax["tax_rate_details"]["tax_rate"], tax | {"amount": 0, "taxable_amount": 0})
        total["amount"] += tax["amount"]
        total["taxable_amount"] += tax["taxable_amount"]
    return list(totals.values())

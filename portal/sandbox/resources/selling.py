"""Rules on what may be sold together, which a table of parameters cannot say."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.errors import ApiError
from portal.sandbox.resources.merging import merged
from portal.sandbox.store import Document


def entries(desk: Desk, given: list[dict[str, Any]], name: str) -> list[Document]:
    """Line items or subscription items as {price, quantity, tax_rates, metadata}, every id checked."""
    return [_entry(desk, entry, f"{name}[{index}]") for index, entry in enumerate(given)]


def _entry(desk: Desk, entry: dict[str, Any], name: str) -> Document:
    return {
        "price": sold(desk, entry["price"], f"{name}[price]")["id"],
        "quantity": entry.get("quantity", 1),
        "tax_rates": tax_rates(desk, entry.get("tax_rates") or [], f"{name}[tax_rates]"),
        "metadata": merged({}, entry.get("metadata")),
    }


def sold(desk: Desk, price: str, name: str) -> Document:
    """A price that is on sale."""
    found = desk.alive("price", price, name)
    if not found["active"]:
        raise ApiError("The price specified is inactive. This field only accepts active prices.", param=name)
    return found


def tax_rates(desk: Desk, rates: list[str], name: str) -> list[str]:
    """Ids of tax rates, every one checked."""
    for index, rate in enumerate(rates):
        desk.get("tax_rate", rate, f"{name}[{index}]")
    return rates


def one_cycle(desk: Desk, sold: list[Document], name: str) -> str:
    """The one currency of what is sold; ApiError unless everything recurs, in one currency and interval."""
    prices = [desk.get("price", entry["price"]) for entry in sold]
    recurring = [price["recurring"] for price in prices if price["recurring"]]
    if not recurring:
        message = "You must provide at least one recurring price in `subscription` mode when using prices."
        raise ApiError(message, param=name)
    if len(recurring) < len(prices):
        raise ApiError("This stand-in sells recurring prices only.", param=name)
    if len({(cycle["interval"], cycle["interval_count"]) for cycle in recurring}) > 1:
        raise ApiError("All prices on a subscription must have the same `recurring.interval`.", param=name)
    currencies = {price["currency"] for price in prices}
    if len(currencies) > 1:
        raise ApiError("All prices must use the same currency.", param=name)
    return str(currencies.pop())


def refuse_other_currency(desk: Desk, customer: Document, currency: str) -> None:
    """One currency per customer for ever, pinned even by an open checkout session."""
    pinned = customer["currency"]
    if pinned is None:
        sessions = desk.store.find("checkout.session", ("customer", "=", customer["id"]), ("status", "=", "open"))
        pinned = sessions[0]["currency"] if sessions else currency
    if pinned != currency:
        message = (
            "You cannot combine currencies on a single customer. This customer has an active subscription, "
            f"subscription schedule, discount, quote, invoice item or checkout session with currency {pinned}."
        )
        raise ApiError(message, param="customer")


def future(desk: Desk, moment: int | None, name: str) -> None:
    """Refuse an instant that is over."""
    if moment is not None and moment <= desk.now():
        raise ApiError(f"Invalid timestamp: {name} must be an integer Unix timestamp in the future.", param=name)

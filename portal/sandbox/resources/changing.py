"""What a change of a subscription's items may ask for, the same in updates and previews."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.engine import items
from portal.sandbox.engine.updating import Terms
from portal.sandbox.errors import ApiError
from portal.sandbox.params import Kind, boolean, choice, instant, integer, many, metadata, struct, text, unset
from portal.sandbox.resources import selling
from portal.sandbox.resources.merging import merged
from portal.sandbox.store import Document

PRICED: dict[str, Kind] = {
    "metadata": metadata,
    "price": text(),
    "quantity": integer(1, 999_999),
    "tax_rates": unset(many(text(), 5)),
}
ITEM = struct(id=text(), deleted=boolean, **PRICED)
PRORATION = choice("none", "create_prorations", "always_invoice")
BILLING: dict[str, Kind] = {
    "payment_behavior": choice("allow_incomplete", "error_if_incomplete", "pending_if_incomplete"),
    "proration_behavior": PRORATION,
    "proration_date": instant,
}
PENDING = ("expand", "items", *BILLING)
PENDING_ITEM = ("id", "price", "quantity")
"""What Stripe documents for changes that wait for their payment; everything else is refused beside them."""


def terms(parameters: dict[str, Any]) -> Terms:
    """How the change is billed."""
    return Terms(
        parameters.get("proration_behavior", "create_prorations"),
        parameters.get("proration_date"),
        parameters.get("payment_behavior", "allow_incomplete"),
    )


def entries(desk: Desk, given: list[dict[str, Any]], name: str) -> list[Document]:
    """The items of a request, prices and rates checked; new ones completed."""
    return [_entry(desk, entry, f"{name}[{index}]") for index, entry in enumerate(given)]


def _entry(desk: Desk, entry: dict[str, Any], name: str) -> Document:
    if "id" not in entry:
        return selling.entries(desk, [entry], name)[0] if "price" in entry else entry
    item = desk.alive("subscription_item", entry["id"], f"{name}[id]")
    known = {key: value for key, value in entry.items() if key not in ("metadata", "tax_rates")}
    if "price" in entry:
        selling.sold(desk, entry["price"], f"{name}[price]")
    if "tax_rates" in entry:
        known["tax_rates"] = selling.tax_rates(desk, entry["tax_rates"] or [], f"{name}[tax_rates]")
    if "metadata" in entry:
        known["metadata"] = merged(item["metadata"], entry["metadata"])
    return known


def one_cycle(desk: Desk, found: Document, given: list[Document]) -> None:
    """ApiError unless what remains is billed in one interval, and in the subscription's currency."""
    after = [change.after for change in items.planned(desk, found, given) if change.after]
    if selling.one_cycle(desk, after, "items") != found["currency"]:
        message = f"The price specified only supports another currency than this subscription's {found['currency']}."
        raise ApiError(message, param="items")


def refuse_beside_pending(parameters: dict[str, Any]) -> None:
    """ApiError when something is asked for that cannot wait for a payment."""
    if parameters.get("payment_behavior") != "pending_if_incomplete":
        return
    asked = [name for name in parameters if name not in PENDING]
    asked += [name for entry in parameters.get("items", []) for name in entry if name not in PENDING_ITEM]
    if asked:
        listed = ", ".join(dict.fromkeys(asked))
        message = f"When `payment_behavior` is `pending_if_incomplete`, these parameters are not supported: {listed}."
        raise ApiError(message, param=asked[0])

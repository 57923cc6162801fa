"""The items of a subscription: how they are made, and what a change makes of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from portal.sandbox import ids
from portal.sandbox.desk import Desk
from portal.sandbox.engine import periods
from portal.sandbox.errors import ApiError, missing_parameter
from portal.sandbox.rendering import items_of
from portal.sandbox.store import Document

Period = tuple[int, int]


class Change(NamedTuple):
    """One item as it is and as it will be; None where there is none."""

    before: Document | None
    after: Document | None

    @property
    def differs(self) -> bool:
        """Whether it costs something else afterwards."""
        if self.before is None or self.after is None:
            return True
        return any(self.before[name] != self.after[name] for name in ("price", "quantity", "tax_rates"))


def add_item(desk: Desk, subscription: Document, entry: Document, period: Period) -> Document:
    """One more item, with the period it is billed for; `entry` may bring its id."""
    return desk.add("subscription_item", item_fields(subscription, entry, period), entry.get("id"))


def item_fields(subscription: Document, entry: Document, period: Period) -> Document:
    """What an item of this entry holds."""
    return {
        "billed_until": None,
        "billing_thresholds": None,
        "current_period_start": period[0],
        "current_period_end": period[1],
        "discounts": [],
        "metadata": entry.get("metadata") or {},
        "price": entry["price"],
        "quantity": entry["quantity"],
        "subscription": subscription["id"],
        "tax_rates": entry["tax_rates"],
    }


def planned(desk: Desk, subscription: Document, given: list[dict[str, Any]]) -> list[Change]:
    """Every item before and after; nothing is written. `given` are entries with known prices and rates."""
    present = items_of(desk.store, subscription["id"])
    named = {entry["id"]: entry for entry in given if "id" in entry}
    for index, entry in enumerate(given):
        _refuse_foreign(present, entry, f"items[{index}]")
    changes = [Change(item, _after(item, named.get(item["id"]))) for item in present]
    period = (desk.now(), present[0]["current_period_end"])
    changes += [Change(None, _joining(subscription, entry, period)) for entry in given if "id" not in entry]
    _refuse_impossible(changes)
    return changes


def _refuse_foreign(present: list[Document], entry: dict[str, Any], name: str) -> None:
    if "id" in entry and entry["id"] not in [item["id"] for item in present]:
        raise ApiError(f"No such subscription_item: '{entry['id']}'", code="resource_missing", param=f"{name}[id]")
    if "id" not in entry and "price" not in entry:
        raise missing_parameter(f"{name}[price]")


def _after(item: Document, entry: dict[str, Any] | None) -> Document | None:
    if entry is None:
        return item
    if entry.get("deleted"):
        return None
    return item | {name: entry[name] for name in ("price", "quantity", "tax_rates", "metadata") if name in entry}


def _joining(subscription: Document, entry: Document, period: Period) -> Document:
    """An item that is not kept yet, its id chosen already: a line may name it."""
    return {"id": ids.new_id("subscription_item"), **item_fields(subscription, entry, period)}


def _refuse_impossible(changes: list[Change]) -> None:
    prices = [change.after["price"] for change in changes if change.after]
    if not prices:
        raise ApiError("A subscription must have at least one active plan.", param="items")
    if len(set(prices)) < len(prices):
        raise ApiError("Cannot add multiple subscription items with the same plan.", param="items")


def new_cycle(desk: Desk, subscription: Document, changes: list[Change]) -> Period | None:
    """The period that begins now because the interval changes; None when it stays, or while a trial runs."""
    old = next(change.before for change in changes if change.before)
    new = next(change.after for change in changes if change.after)
    before, after = (desk.get("price", item["price"])["recurring"] for item in (old, new))
    same = all(before[name] == after[name] for name in ("interval", "interval_count"))
    if same or subscription["status"] == "trialing":
        return None
    return desk.now(), periods.next_boundary(desk.now(), desk.now(), after)


def written(desk: Desk, subscription: Document, changes: list[Change], cycle: Period | None) -> None:
    """Keep every item as it will be, and the new cycle's anchor."""
    for before, after in changes:
        if before is None and after is not None:
            add_item(desk, subscription, after, _period(after, cycle))
        elif before is not None and after is None:
            desk.store.bury({"id": before["id"], "object": "subscription_item", "deleted": True})
        elif before is not None and after is not None:
            kept = {name: after[name] for name in ("price", "quantity", "tax_rates", "metadata")}
            start, end = _period(after, cycle)
            desk.change(before, **kept, current_period_start=start, current_period_end=end)
    if cycle:
        desk.change(subscription, billing_cycle_anchor=cycle[0])


def _period(item: Document, cycle: Period | None) -> Period:
    return cycle or (item["current_period_start"], item["current_period_end"])

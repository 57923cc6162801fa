"""What a change within a period costs: to the second, each line rounded half up, unused time back, the rest added."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from portal.sandbox.desk import Desk
from portal.sandbox.engine import amounts, invoicing, periods
from portal.sandbox.engine.items import Change, Period
from portal.sandbox.errors import ApiError
from portal.sandbox.store import Document


def lines(
    desk: Desk, subscription: Document, changes: list[Change], instant: int, cycle: Period | None
) -> list[Document]:
    """A negative line for what is given up and a positive one for what takes its place; none during a trial.

    A new cycle is billed in full from its start, so nothing of the old period is charged again.
    """
    if subscription["status"] == "trialing":
        return []
    moved = [change for change in changes if change.differs]
    unused = [_share(desk, subscription, one.before, instant, -1) for one in moved if one.before]
    if cycle:
        return [*unused, *full(desk, changes, cycle)]
    return [*unused, *(_share(desk, subscription, one.after, instant, 1) for one in moved if one.after)]


def full(desk: Desk, changes: list[Change], cycle: Period) -> list[Document]:
    """The whole first period of a new cycle."""
    after = [change.after for change in changes if change.after]
    return [
        invoicing.line_of(desk, item | {"current_period_start": cycle[0], "current_period_end": cycle[1]})
        for item in after
    ]


def refuse_outside(item: Document, instant: int) -> None:
    """ApiError for an instant outside the period that is being prorated."""
    if not item["current_period_start"] <= instant <= item["current_period_end"]:
        message = "Invalid timestamp: proration_date must be within the current period of the subscription."
        raise ApiError(message, param="proration_date")


def _share(desk: Desk, subscription: Document, item: Document, instant: int, sign: int) -> Document:
    start, end = _whole(desk, subscription, item)
    line = invoicing.sold_on(desk, item)
    amount = sign * part(amounts.subtotal(line), end - instant, end - start)
    words = "Unused time on" if sign < 0 else "Remaining time on"
    name = desk.get("product", line.price["product"])["name"]
    description = f"{words} {line.quantity} × {name} after {_day(instant)}"
    drawn = invoicing.drawn(desk, item, line, amount, description)
    drawn["parent"]["subscription_item_details"]["proration"] = True
    return drawn | {"period": {"start": instant, "end": end}}


def part(cents: int, left: int, whole: int) -> int:
    """So many seconds' share of a period's price, half a cent rounded up."""
    exact = Decimal(cents) * left / whole
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _whole(desk: Desk, subscription: Document, item: Document) -> Period:
    """The full period around an item: one that joined late is charged for its share of it all the same."""
    end = item["current_period_end"]
    recurring = desk.get("price", item["price"])["recurring"]
    return periods.previous_boundary(subscription["billing_cycle_anchor"], end, recurring), end


def _day(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%d %b %Y")


def following(subscription: Document, end: int, recurring: Document) -> int:
    """When the period after the present one ends."""
    return periods.next_boundary(subscription["billing_cycle_anchor"], end, recurring)

"""What a coupon takes off, to the cent and for how long, worked out as Stripe does it: before VAT, line by line."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Priced = tuple[str, int]
"""A line: Stripe's id of its product, and its cents before tax."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """A coupon as it is taken off: a percentage, or cents of the whole; on some products, or on all (none named).

    It lasts for one payment (`once`), for so many `months` from the purchase, or for ever. `until` is set where it was
    granted already: from that instant on it counts no more.
    """

    name: str
    percent: Decimal | None = None
    amount: int | None = None
    products: tuple[str, ...] = ()
    once: bool = False
    months: int | None = None
    until: datetime | None = None

    def covers(self, product: str) -> bool:
        """Whether it is for this product."""
        return not self.products or product in self.products

    def payments(self, first: datetime, bought: datetime, months_each: int) -> int | None:
        """How many payments it lowers, the first one on `first`, then every so many months; None for all of them."""
        if self.once:
            return 1
        if self.months is None:
            return None
        end, count = _later(bought, self.months), 0
        while _later(first, count * months_each) < end:
            count += 1
        return count


def _later(start: datetime, months: int) -> datetime:
    """So many months later: 31 January plus one is 28 or 29 February, as Stripe counts."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def shares(reduction: Reduction, lines: Sequence[Priced]) -> list[int]:
    """Cents taken off each line; an amount is spread by weight, and nothing falls below nought."""
    bases = [net if reduction.covers(product) else 0 for product, net in lines]
    if reduction.percent is not None:
        return [_percent(base, reduction.percent) for base in bases]
    weight = sum(base for base in bases if base > 0)
    rest, taken = min(reduction.amount or 0, weight), []
    for base in bases:
        part = rest * base // weight if base > 0 else 0
        taken.append(part)
        rest, weight = rest - part, weight - max(base, 0)
    return taken


def _percent(cents: int, percent: Decimal) -> int:
    return int((Decimal(cents) * percent / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def reduced(lines: Sequence[Priced], reductions: Iterable[Reduction], at: datetime) -> list[Priced]:
    """The lines as they are charged at this instant, one reduction after the other."""
    for one in reductions:
        if one.until is None or at < one.until:
            lines = [(name, net - off) for (name, net), off in zip(lines, shares(one, lines), strict=True)]
    return list(lines)


def kept(reduction: Reduction) -> dict[str, Any]:
    """A reduction as a row keeps it."""
    return {
        "name": reduction.name,
        "percent": None if reduction.percent is None else str(reduction.percent),
        "amount": reduction.amount,
        "products": list(reduction.products),
        "once": reduction.once,
        "until": reduction.until.isoformat() if reduction.until else None,
    }


def known(value: dict[str, Any]) -> Reduction:
    """What a row kept."""
    until = value["until"]
    return Reduction(
        name=value["name"],
        percent=None if value["percent"] is None else Decimal(value["percent"]),
        amount=value["amount"],
        products=tuple(value["products"]),
        once=value["once"],
        until=datetime.fromisoformat(until) if until else None,
    )

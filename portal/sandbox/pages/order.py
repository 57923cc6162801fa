"""What is sold, summed up for people: of a checkout session's items or a subscription's."""

from __future__ import annotations

from typing import NamedTuple

from portal.sandbox.desk import Desk
from portal.sandbox.engine import amounts, discounting
from portal.sandbox.store import Document


class Order(NamedTuple):
    """Lines {name, quantity, unit, amount, interval, currency}, taxes [(percentage, cents)], cents in all."""

    lines: list[Document]
    off: int
    taxes: list[tuple[float, int]]
    net: int
    total: int
    interval: str
    currency: str


def summed(desk: Desk, entries: list[Document], exempt: str | None, coupon: Document | None = None) -> Order:
    """Entries of {price, quantity, tax_rates} ids as they will be billed once nothing is free, `coupon` taken off."""
    lines = amounts.lines_of(desk, entries)
    nets = [amounts.subtotal(line) for line in lines]
    named = [(line.price["product"], net) for line, net in zip(lines, nets, strict=True)]
    offs = discounting.shares(coupon, named) if coupon else [0] * len(lines)
    bases = [net - off for net, off in zip(nets, offs, strict=True)]
    taxes = [tax for line, base in zip(lines, bases, strict=True) for tax in amounts.taxes(line, exempt, base)]
    price = lines[0].price
    return Order(
        [_line(desk, line) for line in lines],
        sum(offs),
        _by_rate(taxes),
        sum(nets),
        sum(bases) + sum(tax.amount for tax in taxes),
        price["recurring"]["interval"],
        price["currency"],
    )


def _line(desk: Desk, line: amounts.Line) -> Document:
    return {
        "name": desk.get("product", line.price["product"])["name"],
        "quantity": line.quantity,
        "unit": line.price["unit_amount"],
        "amount": amounts.subtotal(line),
        "interval": line.price["recurring"]["interval"],
        "currency": line.price["currency"],
    }


def _by_rate(taxes: list[amounts.Tax]) -> list[tuple[float, int]]:
    totals: dict[float, int] = {}
    for tax in taxes:
        totals[tax.rate["percentage"]] = totals.get(tax.rate["percentage"], 0) + tax.amount
    return list(totals.items())

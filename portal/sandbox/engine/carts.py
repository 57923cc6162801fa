"""What a checkout session sells and asks for, priced again when a promotion code is typed."""

from __future__ import annotations

from portal.sandbox.desk import Desk
from portal.sandbox.engine import amounts, discounting, invoicing
from portal.sandbox.engine.discounting import Offer
from portal.sandbox.store import Document


def fill(desk: Desk, session: Document, sold: list[Document]) -> None:
    """Keep the lines of a new session and price it."""
    for entry in sold:
        desk.add("item", _line(desk, session, entry))
    price(desk, session)


def items(desk: Desk, session: Document) -> list[Document]:
    """The stored lines of a session, first one first."""
    return desk.store.find("item", ("_session", "=", session["id"]), oldest_first=True)


def price(desk: Desk, session: Document) -> None:
    """Write amounts, discounts and taxes on the lines of a session, and their sums on it."""
    kept = items(desk, session)
    free, exempt = session["_order"]["trial"], session["customer_details"]["tax_exempt"]
    lines = [amounts.lines_of(desk, [item | {"tax_rates": item["_tax_rates"]}])[0] for item in kept]
    nets = [0 if free else amounts.subtotal(line) for line in lines]
    offs = taken(desk, session, lines, nets)
    for item, line, net, off in zip(kept, lines, nets, offs, strict=True):
        tax = sum(share.amount for share in amounts.taxes(line, exempt, net - off))
        desk.change(item, amount_discount=off, amount_subtotal=net, amount_tax=tax, amount_total=net - off + tax)
    desk.change(session, **_totals(kept))


def taken(desk: Desk, session: Document, lines: list[amounts.Line], nets: list[int]) -> list[int]:
    """Cents that the session's discount takes off each line."""
    wish = offer(desk, session)
    if wish is None:
        return [0] * len(lines)
    return discounting.shares(
        wish.coupon, [(line.price["product"], net) for line, net in zip(lines, nets, strict=True)]
    )


def offer(desk: Desk, session: Document) -> Offer | None:
    """The coupon of a session, and the promotion code if that led to it."""
    for one in session["discounts"]:
        code = desk.get("promotion_code", one["promotion_code"]) if one["promotion_code"] else None
        return Offer(desk.get("coupon", code["promotion"]["coupon"] if code else one["coupon"]), code)
    return None


def _totals(kept: list[Document]) -> Document:
    return {
        "amount_subtotal": sum(item["amount_subtotal"] for item in kept),
        "amount_total": sum(item["amount_total"] for item in kept),
        "total_details": {
            "amount_discount": sum(item["amount_discount"] for item in kept),
            "amount_shipping": 0,
            "amount_tax": sum(item["amount_tax"] for item in kept),
        },
    }


def _line(desk: Desk, session: Document, entry: Document) -> Document:
    line = amounts.lines_of(desk, [entry])[0]
    product, free = desk.get("product", line.price["product"]), session["_order"]["trial"]
    return {
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": line.price["currency"],
        "description": invoicing.describe(line, product, free) if free else product["name"],
        "metadata": entry["metadata"],
        "price": line.price["id"],
        "quantity": line.quantity,
        "_session": session["id"],
        "_tax_rates": entry["tax_rates"],
    }

"""Coupons and promotion codes: which may be used, what they take off each line, for how long."""

from __future__ import annotations

from typing import Any, NamedTuple

from portal.sandbox.desk import Desk
from portal.sandbox.engine import amounts, periods
from portal.sandbox.errors import ApiError, no_such
from portal.sandbox.store import Document


class Offer(NamedTuple):
    """A coupon, and the promotion code that led to it if one did."""

    coupon: Document
    code: Document | None = None

    def ids(self) -> Document:
        """As checkout sessions name it."""
        return {"coupon": None if self.code else self.coupon["id"], "promotion_code": self.code and self.code["id"]}


def valid(desk: Desk, coupon: Document) -> bool:
    """Whether a coupon can still be used."""
    most, until = coupon["max_redemptions"], coupon["redeem_by"]
    used_up = most is not None and coupon["times_redeemed"] >= most
    return not used_up and (until is None or desk.now() < until)


def offer(desk: Desk, given: Document, name: str, customer: Document | None) -> Offer:
    """What {coupon} or {promotion_code} names; ApiError when it is unknown or not to be used."""
    if "promotion_code" in given:
        code = desk.get("promotion_code", given["promotion_code"], f"{name}[promotion_code]")
        return _checked(desk, code, f"{name}[promotion_code]", customer)
    coupon = desk.store.get(given.get("coupon", ""))
    if coupon is None or coupon["object"] != "coupon" or coupon.get("deleted"):
        raise no_such("coupon", given.get("coupon", ""), f"{name}[coupon]", 400)
    if not valid(desk, coupon):
        raise ApiError(f"Coupon expired: {coupon['id']}", code="coupon_expired", param=f"{name}[coupon]")
    return Offer(coupon)


def typed(desk: Desk, word: str, customer: Document | None) -> Offer | None:
    """What a buyer's word stands for; None when it can not be used."""
    for code in desk.store.find("promotion_code", ("active", "=", True)):
        if code["code"].casefold() == word.strip().casefold():
            try:
                return _checked(desk, code, "promotion_code", customer)
            except ApiError:
                return None
    return None


def _checked(desk: Desk, code: Document, name: str, customer: Document | None) -> Offer:
    coupon = desk.get("coupon", code["promotion"]["coupon"])
    most, until = code["max_redemptions"], code["expires_at"]
    over = (most is not None and code["times_redeemed"] >= most) or (until is not None and desk.now() >= until)
    if not code["active"] or over or coupon.get("deleted") or not valid(desk, coupon):
        raise ApiError("This promotion code is not active or has expired.", code="coupon_expired", param=name)
    if code["customer"] and (customer is None or code["customer"] != customer["id"]):
        raise ApiError("This promotion code is for another customer.", param=name)
    if code["restrictions"]["first_time_transaction"] and customer and _has_paid(desk, customer):
        raise ApiError("This promotion code is for first orders only.", param=name)
    return Offer(coupon, code)


def refuse_unfit(desk: Desk, wish: Offer, entries: list[Document], name: str) -> None:
    """ApiError where what is bought is too little for a code, or nothing that its coupon is for."""
    coupon, code = wish
    lines = amounts.lines_of(desk, entries)
    currencies = {line.price["currency"] for line in lines}
    if coupon["amount_off"] and coupon["currency"] not in currencies:
        raise ApiError("The coupon and the prices must have the same currency.", param=name)
    products = (coupon.get("applies_to") or {}).get("products") or []
    if products and not any(line.price["product"] in products for line in lines):
        raise ApiError("This coupon applies to nothing in this order.", param=name)
    least = (code["restrictions"] if code else {}).get("minimum_amount")
    if least and sum(amounts.subtotal(line) for line in lines) < least:
        raise ApiError("The order is below the minimum amount of this promotion code.", param=name)


def _has_paid(desk: Desk, customer: Document) -> bool:
    conditions = (("customer", "=", customer["id"]), ("status", "=", "paid"), ("total", ">", 0))
    return bool(desk.store.find("invoice", *conditions, limit=1))


def shares(coupon: Document, nets: list[tuple[str, int]]) -> list[int]:
    """Cents off each line of (product, net); a fixed amount is spread by weight, nothing falls below nought."""
    products = (coupon.get("applies_to") or {}).get("products") or []
    bases = [net if not products or product in products else 0 for product, net in nets]
    if coupon["percent_off"] is not None:
        return [amounts.share(base, coupon["percent_off"]) for base in bases]
    total = sum(base for base in bases if base > 0)
    rest, taken = min(int(coupon["amount_off"]), total), []
    for base in bases:
        part = rest * base // total if base > 0 else 0
        taken.append(part)
        rest, total = rest - part, total - max(base, 0)
    return taken


def grant(desk: Desk, subscription: Document, wish: Offer, session: str | None = None) -> Document:
    """Keep a discount on a subscription, count it, tell it."""
    coupon, code = wish
    months = coupon["duration_in_months"]
    cycle = {"interval": "month", "interval_count": 1}
    discount = desk.add(
        "discount",
        {
            "checkout_session": session,
            "customer": subscription["customer"],
            "customer_account": None,
            "end": periods.add(desk.now(), cycle, months) if months else None,
            "invoice": None,
            "invoice_item": None,
            "promotion_code": code["id"] if code else None,
            "source": {"coupon": coupon["id"], "type": "coupon"},
            "start": desk.now(),
            "subscription": subscription["id"],
            "subscription_item": None,
        },
    )
    for counted in (coupon, code):
        if counted:
            desk.change(counted, times_redeemed=counted["times_redeemed"] + 1)
    desk.change(coupon, valid=valid(desk, coupon))
    desk.change(subscription, discounts=[*subscription["discounts"], discount["id"]])
    desk.tell("customer.discount.created", discount)
    return discount


def take_away(desk: Desk, subscription: Document, discount: Document) -> None:
    """A discount no longer counts."""
    left = [one for one in subscription["discounts"] if one != discount["id"]]
    desk.change(subscription, discounts=left)
    desk.tell("customer.discount.deleted", desk.change(discount, end=desk.now()))


def current(desk: Desk, subscription: Document) -> list[Document]:
    """The discounts of a subscription that count now."""
    found = [desk.get("discount", one) for one in subscription["discounts"]]
    return [one for one in found if one["end"] is None or one["end"] > desk.now()]


def coupon_of(desk: Desk, discount: Document) -> Document:
    """What a discount takes off: a coupon deleted meanwhile goes on for those who have it."""
    coupon = desk.get("coupon", discount["source"]["coupon"])
    kept: Document = coupon.get("_kept") or coupon
    return kept


def applied(desk: Desk, subscription: Document, lines: list[Document]) -> list[Document]:
    """Invoice lines with what the subscription's discounts take off, taxes on what is left."""
    for discount in current(desk, subscription):
        coupon = coupon_of(desk, discount)
        nets = [(line["pricing"]["price_details"]["product"], left(line)) for line in lines]
        lines = [_less(desk, line, off, discount) for line, off in zip(lines, shares(coupon, nets), strict=True)]
    return lines


def left(line: Document) -> int:
    """Cents of a line once its discounts are taken off, before tax."""
    return int(line["amount"]) - sum(int(one["amount"]) for one in line["discount_amounts"])


def _less(desk: Desk, line: Document, off: int, discount: Document) -> Document:
    if not off:
        return line
    taken = [*line["discount_amounts"], {"amount": off, "discount": discount["id"]}]
    line = line | {"discount_amounts": taken, "discounts": [one["discount"] for one in taken]}
    base = left(line)
    return line | {"taxes": [_taxed(desk, tax, base) for tax in line["taxes"]]}


def _taxed(desk: Desk, tax: Document, base: int) -> Document:
    rate = desk.get("tax_rate", tax["tax_rate_details"]["tax_rate"])["percentage"]
    due = amounts.share(base, rate) if tax["taxability_reason"] == "standard_rated" else 0
    return tax | {"amount": due, "taxable_amount": base}


def summed(lines: list[Document]) -> list[Document]:
    """What an invoice's lines have taken off, per discount."""
    totals: dict[str, int] = {}
    for one in [one for line in lines for one in line["discount_amounts"]]:
        totals[one["discount"]] = totals.get(one["discount"], 0) + one["amount"]
    return [{"amount": amount, "discount": discount} for discount, amount in totals.items()]


def used(desk: Desk, subscription: Document, lines: list[Document]) -> None:
    """A discount of one invoice only has had its invoice."""
    spent: dict[str, Any] = {one["discount"]: one for one in summed(lines)}
    for discount in current(desk, subscription):
        once = coupon_of(desk, discount)["duration"] == "once"
        if once and discount["id"] in spent:
            take_away(desk, subscription, discount)

"""Promotion codes at Stripe: looked up by the word that somebody typed, and made; bodies of the gateway's calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal import clock
from portal.billing import reading
from portal.billing.ending import Speaking
from portal.billing.reading import Document, instant
from portal.billing.shapes import RemotePromotion

GRANTED = ("discounts.promotion_code", "discounts.source.coupon.applies_to")
"""What a subscription is read with, so that its reductions are known to the cent."""


@dataclass(frozen=True, slots=True)
class PromotionWish:
    """A code to be made: `percent` off, for `months` (None: for ever; 0: one payment), on one product or all."""

    word: str
    percent: float
    months: int | None
    product_id: str | None = None
    most: int | None = None


def of_word(gateway: Speaking, word: str) -> list[RemotePromotion]:
    """Every code of this spelling, usable ones first; one call, so that unknown words take as long as known ones."""
    wish = {"code": word, "limit": 20, "expand": ["data.promotion.coupon.applies_to"]}
    plain = [one.to_dict() for one in gateway._client.v1.promotion_codes.list(wish).data]
    found = [_read(one) for one in plain if isinstance(one["promotion"].get("coupon"), Mapping)]
    return sorted(found, key=lambda one: not one.usable)


def _read(code: Document) -> RemotePromotion:
    coupon, asked = code["promotion"]["coupon"], code.get("restrictions") or {}
    ends = [end for end in (instant(code.get("expires_at")), instant(coupon.get("redeem_by"))) if end]
    used_up = _used_up(code) or _used_up(coupon)
    over = min(ends, default=None)
    here = bool(code["active"] and coupon.get("valid")) and not coupon.get("deleted")
    return RemotePromotion(
        id=code["id"],
        reduction=reading.reduction(coupon, str(code["code"])),
        usable=here and not used_up and (over is None or clock.now() < over),
        used_up=used_up,
        over=over,
        customer_id=reading.identifier(code.get("customer")),
        first_order_only=bool(asked.get("first_time_transaction")),
        least=asked.get("minimum_amount"),
        least_currency=str(asked.get("minimum_amount_currency") or ""),
        currency=str(coupon.get("currency") or ""),
    )


def _used_up(counted: Document) -> bool:
    most = counted.get("max_redemptions")
    return most is not None and int(counted.get("times_redeemed") or 0) >= most


def made(gateway: Speaking, wish: PromotionWish) -> str:
    """A coupon, and the code that stands for it; returns the code's id."""
    duration: dict[str, Any] = {"duration": "once" if wish.months == 0 else "forever"}
    if wish.months:
        duration = {"duration": "repeating", "duration_in_months": wish.months}
    products = {"applies_to": {"products": [wish.product_id]}} if wish.product_id else {}
    coupon = {"name": wish.word[:40], "percent_off": wish.percent, **duration, **products}
    coupon_id = gateway._client.v1.coupons.create(coupon).id
    code: dict[str, Any] = {"code": wish.word, "promotion": {"type": "coupon", "coupon": coupon_id}}
    if wish.most:
        code["max_redemptions"] = wish.most
    return str(gateway._client.v1.promotion_codes.create(code).id)

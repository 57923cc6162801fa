"""A promotion code that somebody typed before paying: looked up at Stripe, held against the order, refused in words.

Guessing is counted, by reader and by network; a code that may be used is not. A code for somebody else is as unknown
as one that does not exist.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from portal import throttle
from portal.billing import customers
from portal.billing.catalogue import Offer
from portal.billing.gateway import Gateway
from portal.billing.models import Invoice
from portal.billing.orders import Promotion
from portal.billing.shapes import RemotePromotion
from portal.db import AnySession, end_reading, writing

TRIES = 10
TRIES_PER_NETWORK = 40
WINDOW = timedelta(hours=1)
LONGEST = 60
_WORD = re.compile(r"[A-Za-z0-9_-]{1,60}")


class Why(StrEnum):
    """Why a code cannot be used for an order."""

    UNKNOWN = "unknown"
    OVER = "over"
    USED_UP = "used-up"
    OTHER_PLAN = "other-plan"
    TOO_LITTLE = "too-little"
    FIRST_ORDER = "first-order"


class CodeRefused(Exception):
    """The code cannot be used; `least` is the least amount before tax in cents, where that is the reason."""

    def __init__(self, reason: Why, least: int = 0) -> None:
        super().__init__(reason.value)
        self.reason, self.least = reason, least


@dataclass(frozen=True, slots=True)
class Asking:
    """Who types a code, from where, for what."""

    reader_id: int
    network: str
    organisation_id: int | None
    offer: Offer
    quantity: int


def look(session: AnySession, gateway: Gateway, word: str, asking: Asking) -> Promotion:
    """What this word takes off this order. Raises CodeRefused, Throttled, GatewayError (then nothing is counted)."""
    customer_id, has_paid = _buyer(session, asking.organisation_id, gateway)
    _count(session, asking)
    if not _WORD.fullmatch(word):
        raise CodeRefused(Why.UNKNOWN)
    try:
        found = gateway.promotions(word)
    except Exception:
        _uncount(session, asking)
        raise
    mine = [one for one in found if one.customer_id in (None, customer_id)]
    if not mine:
        raise CodeRefused(Why.UNKNOWN)
    _check(mine[0], asking, has_paid=has_paid)
    _uncount(session, asking)
    return Promotion(mine[0].id, mine[0].reduction)


def _buyer(session: AnySession, organisation_id: int | None, gateway: Gateway) -> tuple[str | None, bool]:
    """The organisation's customer at Stripe, and whether it has paid anything; no transaction is open afterwards."""
    if organisation_id is None:
        end_reading(session)
        return None, False
    paid = select(Invoice.id).where(
        Invoice.organisation_id == organisation_id, Invoice.status == "paid", Invoice.total > 0
    )
    answer = (
        customers.stripe_id(session, organisation_id, gateway.livemode),
        session.scalar(paid.limit(1)) is not None,
    )
    end_reading(session)
    return answer


def _keys(asking: Asking) -> list[tuple[str, int]]:
    by_network = (f"promotion-from:{asking.network}", TRIES_PER_NETWORK)
    return [(f"promotion:{asking.reader_id}", TRIES), by_network]


def _count(session: AnySession, asking: Asking) -> None:
    with writing(session) as unit:
        for key, limit in _keys(asking):
            throttle.hit(unit, key, limit=limit, window=WINDOW)


def _uncount(session: AnySession, asking: Asking) -> None:
    with writing(session) as unit:
        for key, _limit in _keys(asking):
            throttle.take_back(unit, key)


def _check(code: RemotePromotion, asking: Asking, *, has_paid: bool) -> None:
    """Raises CodeRefused for the first thing that stands in the way."""
    offer = asking.offer
    if not code.usable:
        raise CodeRefused(Why.USED_UP if code.used_up else Why.OVER)
    currencies = {code.currency if code.reduction.amount is not None else "", code.least_currency if code.least else ""}
    if currencies - {"", offer.currency} or not code.reduction.covers(offer.product_id):
        raise CodeRefused(Why.OTHER_PLAN)
    if code.first_order_only and has_paid:
        raise CodeRefused(Why.FIRST_ORDER)
    if code.least and offer.unit_amount * asking.quantity < code.least:
        raise CodeRefused(Why.TOO_LITTLE, code.least)

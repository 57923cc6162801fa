"""Stripe's JSON into our shapes. Every rule about where the pinned API version keeps a value is in this file."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.billing.reductions import Reduction
from portal.billing.shapes import (
    PreviewLine,
    RemoteDispute,
    RemoteEvent,
    RemoteInvoice,
    RemoteItem,
    RemotePreview,
    RemotePrice,
    RemoteSession,
    RemoteSubscription,
)
from portal.clock import from_timestamp

Document = Mapping[str, Any]


def instant(seconds: Any) -> datetime | None:
    """Unix seconds into an aware instant; None stays None."""
    return None if seconds is None else from_timestamp(int(seconds))


def identifier(value: Any) -> str | None:
    """The id of a reference, expanded or not."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def subscription(found: Document) -> RemoteSubscription:
    """A subscription with its items and the card it is charged to."""
    card = _card(found)
    return RemoteSubscription(
        id=found["id"],
        customer_id=identifier(found["customer"]) or "",
        livemode=bool(found["livemode"]),
        status=str(found["status"]),
        collection_method=str(found["collection_method"]),
        currency=str(found["currency"]),
        started_at=from_timestamp(found["start_date"]),
        items=tuple(_item(entry) for entry in found["items"]["data"]),
        trial_end=instant(found.get("trial_end")),
        cancel_at=instant(found.get("cancel_at")),
        cancel_at_period_end=bool(found.get("cancel_at_period_end")),
        canceled_at=instant(found.get("canceled_at")),
        ended_at=instant(found.get("ended_at")),
        cancel_reason=(found.get("cancellation_details") or {}).get("reason"),
        card_brand=str(card.get("brand") or ""),
        card_last4=str(card.get("last4") or ""),
        card_expires_on=_last_day(card.get("exp_year"), card.get("exp_month")),
        metadata={str(key): str(value) for key, value in (found.get("metadata") or {}).items()},
        reductions=tuple(_granted(one) for one in found.get("discounts") or () if _coupon_of(one)),
    )


def _granted(discount: Document) -> Reduction:
    """A discount that a subscription has, its coupon and code expanded; named by the word that was typed for it."""
    code = discount.get("promotion_code")
    word = str(code.get("code") or "") if isinstance(code, Mapping) else ""
    found = reduction(_coupon_of(discount), word)
    return replace(found, until=instant(discount.get("end")))


def _coupon_of(discount: Any) -> Document:
    """Empty where it was not expanded, or is not known any more."""
    source = (discount.get("source") or {}) if isinstance(discount, Mapping) else {}
    coupon = source.get("coupon")
    if isinstance(coupon, Mapping) and (coupon.get("percent_off") or coupon.get("amount_off")):
        return coupon
    return {}


def reduction(coupon: Document, name: str) -> Reduction:
    """What a coupon takes off; `applies_to` expanded, else it is for every product."""
    percent, amount = coupon.get("percent_off"), coupon.get("amount_off")
    return Reduction(
        name=(name or str(coupon.get("name") or ""))[:80],
        percent=None if percent is None else Decimal(str(percent)),
        amount=None if amount is None else int(amount),
        products=tuple((coupon.get("applies_to") or {}).get("products") or ()),
        once=coupon.get("duration") == "once",
        months=coupon.get("duration_in_months"),
    )


def _item(entry: Document) -> RemoteItem:
    """Periods live on items only; `quantity` is absent for metered prices, which we do not sell."""
    return RemoteItem(
        id=entry["id"],
        price_id=identifier(entry["price"]) or "",
        quantity=int(entry.get("quantity") or 0),
        created=from_timestamp(entry["created"]),
        period_start=from_timestamp(entry["current_period_start"]),
        period_end=from_timestamp(entry["current_period_end"]),
    )


def _card(found: Document) -> Document:
    """The card that is charged; empty when it was not expanded or the method is no card."""
    method = found.get("default_payment_method")
    return (method.get("card") or {}) if isinstance(method, Mapping) else {}


def _last_day(year: Any, month: Any) -> date | None:
    """The last day on which a card is good; None for a method that is no card, or a month that is none."""
    if not (isinstance(year, int) and isinstance(month, int) and 2000 <= year < 9999 and 1 <= month <= 12):
        return None
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def unread_card(found: Document) -> str | None:
    """The customer's own payment method, when the subscription names none and its customer was expanded."""
    if found.get("default_payment_method") or not isinstance(found.get("customer"), Mapping):
        return None
    return identifier((found["customer"].get("invoice_settings") or {}).get("default_payment_method"))


def invoice(found: Document) -> RemoteInvoice:
    """An invoice; its subscription is named by its parent, its tax is the sum of `total_taxes`."""
    times = found.get("status_transitions") or {}
    return RemoteInvoice(
        id=found["id"],
        subscription_id=subscription_of_invoice(found),
        number=found.get("number"),
        status=str(found.get("status") or "draft"),
        currency=str(found["currency"]),
        subtotal=_before_tax(found),
        tax=sum(int(tax["amount"]) for tax in found.get("total_taxes") or ()),
        total=int(found["total"]),
        amount_paid=int(found["amount_paid"]),
        amount_due=int(found["amount_due"]),
        created=from_timestamp(found["created"]),
        due_at=instant(found.get("due_date")),
        paid_at=instant(times.get("paid_at")),
        attempt_count=int(found.get("attempt_count") or 0),
        next_attempt_at=instant(found.get("next_payment_attempt")),
        hosted_url=found.get("hosted_invoice_url"),
        pdf_url=found.get("invoice_pdf"),
        discount=_taken_off(found),
    )


def _taken_off(found: Document) -> int:
    """Cents that discounts took off, before tax."""
    return sum(int(one["amount"]) for one in found.get("total_discount_amounts") or ())


def preview(found: Document) -> RemotePreview:
    """An invoice that does not exist yet."""
    tax = sum(int(one["amount"]) for one in found.get("total_taxes") or ())
    lines = tuple(_preview_line(line) for line in found["lines"]["data"])
    return RemotePreview(
        _before_tax(found), tax, int(found["total"]), int(found["amount_due"]), lines, _taken_off(found)
    )


def _preview_line(line: Document) -> PreviewLine:
    details = (line.get("parent") or {}).get("subscription_item_details") or {}
    priced = (line.get("pricing") or {}).get("price_details") or {}
    return PreviewLine(
        price_id=identifier(priced.get("price")) or "",
        quantity=int(line.get("quantity") or 0),
        amount=int(line["amount"]),
        proration=bool(details.get("proration")),
        period_end=from_timestamp(line["period"]["end"]),
    )


def _before_tax(found: Document) -> int:
    """HT, discounts taken off: what is left of the total without its taxes."""
    value = found.get("total_excluding_tax")
    return int(found["subtotal"] if value is None else value)


def subscription_of_invoice(found: Document) -> str | None:
    """`invoice.subscription` is gone: the parent names it."""
    details = (found.get("parent") or {}).get("subscription_details") or {}
    return identifier(details.get("subscription"))


def session(found: Document) -> RemoteSession:
    """A Checkout session."""
    return RemoteSession(
        id=found["id"],
        status=str(found["status"]),
        url=found.get("url"),
        customer_id=identifier(found.get("customer")),
        subscription_id=identifier(found.get("subscription")),
        total=found.get("amount_total"),
    )


def dispute(found: Document) -> RemoteDispute:
    """A dispute of a payment."""
    return RemoteDispute(
        id=found["id"],
        payment=identifier(found.get("payment_intent")) or "",
        status=str(found["status"]),
        reason=str(found.get("reason") or ""),
        amount=int(found["amount"]),
        currency=str(found["currency"]),
        opened=from_timestamp(found["created"]),
    )


def price(found: Document) -> RemotePrice:
    """A price of ours."""
    return RemotePrice(
        id=found["id"],
        product_id=identifier(found["product"]) or "",
        lookup_key=found.get("lookup_key"),
        unit_amount=int(found.get("unit_amount") or 0),
        currency=str(found["currency"]),
        interval=str((found.get("recurring") or {}).get("interval") or ""),
        active=bool(found["active"]),
    )


def event(found: Document) -> RemoteEvent:
    """A webhook's ids. Raises KeyError, TypeError or ValueError when it does not look like one (a thin event)."""
    subject = found["data"]["object"]
    kind = str(subject.get("object") or "")
    return RemoteEvent(
        id=_short(found["id"], 80),
        type=_short(found["type"], 80),
        livemode=bool(found["livemode"]),
        created=from_timestamp(int(found["created"])),
        api_version=found.get("api_version"),
        object_id=_leading_id(kind, subject),
        subscription_id=_subscription_id(kind, subject),
        customer_id=subject.get("id") if kind == "customer" else identifier(subject.get("customer")),
    )


def _short(value: Any, limit: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise ValueError("an id or type of unlikely length")
    return value


def _leading_id(kind: str, subject: Document) -> str:
    """For money that moved, what leads to the subscription: the payment intent, or the invoice itself."""
    own = str(subject.get("id") or "")
    if kind == "invoice_payment":
        return identifier(subject.get("invoice")) or own
    if kind in ("charge", "refund", "dispute"):
        return identifier(subject.get("payment_intent")) or own
    return own


def _subscription_id(kind: str, subject: Document) -> str | None:
    if kind == "subscription":
        return identifier(subject)
    if kind == "invoice":
        return subscription_of_invoice(subject)
    return identifier(subject.get("subscription"))

"""Checkout sessions: the hosted page on which a first subscription is paid."""

from __future__ import annotations

from typing import Any

from portal.sandbox import agenda, expand
from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import carts, discounting
from portal.sandbox.errors import ApiError, missing_parameter
from portal.sandbox.ids import new_id
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import (
    PAGE,
    Kind,
    boolean,
    choice,
    instant,
    integer,
    many,
    metadata,
    struct,
    text,
    when,
)
from portal.sandbox.resources import selling
from portal.sandbox.resources.merging import merged
from portal.sandbox.store import Document

HALF_HOUR, DAY = 1_800, 86_400
LOCALES = choice("auto", "fr", "en", "en-GB")
LINE = struct("price", metadata=metadata, price=text(), quantity=integer(1, 999_999), tax_rates=many(text(), 5))
SUBSCRIPTION = struct(
    billing_mode=struct("type", type=choice("flexible")),
    description=text(500),
    metadata=metadata,
    trial_end=instant,
    trial_period_days=integer(1, 730),
)
DISCOUNT = struct(coupon=text(), promotion_code=text())
FIELDS: dict[str, Kind] = {
    "allow_promotion_codes": boolean,
    "billing_address_collection": choice("auto", "required"),
    "cancel_url": text(),
    "client_reference_id": text(200),
    "currency": text(3),
    "customer": text(),
    "customer_email": text(800),
    "discounts": many(DISCOUNT, 1),
    "expires_at": instant,
    "line_items": many(LINE, 20),
    "locale": LOCALES,
    "metadata": metadata,
    "mode": choice("payment", "setup", "subscription"),
    "payment_method_collection": choice("always", "if_required"),
    "subscription_data": SUBSCRIPTION,
    "success_url": text(),
    "ui_mode": choice("hosted_page"),
}


@endpoint("POST", "checkout/sessions", FIELDS)
def create(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A page to pay on; ApiError where parameters exclude each other."""
    _refuse_contradictions(desk, parameters)
    sold = selling.entries(desk, parameters["line_items"], "line_items")
    currency = selling.one_cycle(desk, sold, "line_items")
    customer = _customer(desk, parameters)
    if customer:
        selling.refuse_other_currency(desk, customer, currency)
    identifier = new_id("checkout.session")
    session = desk.add("checkout.session", _fields(desk, parameters, customer, currency), identifier)
    wish = carts.offer(desk, session)
    if wish:
        discounting.refuse_unfit(desk, wish, sold, "discounts[0]")
    desk.change(session, url=f"{desk.address}/pay/{identifier}")
    carts.fill(desk, session, sold)
    agenda.plan(desk.store, identifier, "expire", session["expires_at"])
    return session


@endpoint("GET", "checkout/sessions/<session>")
def retrieve(desk: Desk, _parameters: dict[str, Any], session: str) -> Document:
    """One session."""
    return desk.get("checkout.session", session)


@endpoint(
    "GET",
    "checkout/sessions",
    PAGE
    | {
        "created": when,
        "customer": text(),
        "payment_intent": text(),
        "status": choice("complete", "expired", "open"),
        "subscription": text(),
    },
)
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Sessions by pages."""
    conditions = wanted(parameters, "customer", "payment_intent", "status", "subscription")
    return page(desk, "checkout.session", "/v1/checkout/sessions", parameters, *conditions)


@endpoint("POST", "checkout/sessions/<session>/expire")
def expire(desk: Desk, _parameters: dict[str, Any], session: str) -> Document:
    """A session closed before its time."""
    found = desk.get("checkout.session", session)
    if found["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {found['status']}."
        )
        raise ApiError(message, param="session")
    agenda.clear(desk.store, session)
    desk.change(found, status="expired", url=None)
    desk.tell("checkout.session.expired", found)
    return found


@endpoint("GET", "checkout/sessions/<session>/line_items", PAGE)
def line_items(desk: Desk, _parameters: dict[str, Any], session: str) -> Document:
    """What a session sells; never more than one page of it here."""
    return expand.line_items(desk, desk.get("checkout.session", session))


def _refuse_contradictions(desk: Desk, parameters: dict[str, Any]) -> None:
    if "mode" not in parameters:
        raise missing_parameter("mode")
    if parameters["mode"] != "subscription":
        raise ApiError("This stand-in does mode=subscription only.", param="mode")
    for name in ("success_url", "line_items"):
        if not parameters.get(name):
            raise missing_parameter(name)
    _refuse_both(parameters, "customer", "customer_email")
    _refuse_both(parameters, "allow_promotion_codes", "discounts")
    _refuse_both(parameters.get("subscription_data", {}), "trial_end", "trial_period_days")
    _check_expiry(desk, parameters.get("expires_at"))


def _refuse_both(parameters: dict[str, Any], one: str, other: str) -> None:
    if parameters.get(one) and parameters.get(other):
        raise ApiError(f"You may only specify one of these parameters: {one}, {other}.", param=other)


def _check_expiry(desk: Desk, moment: int | None) -> None:
    if moment is None:
        return
    ahead = moment - desk.now()
    # A few seconds' tolerance below: the caller's clock read is always a little before ours.
    if ahead < HALF_HOUR - 5:
        raise ApiError(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if ahead > DAY:
        raise ApiError(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )


def _customer(desk: Desk, parameters: dict[str, Any]) -> Document | None:
    return desk.alive("customer", parameters["customer"], "customer") if "customer" in parameters else None


def _trial_end(desk: Desk, data: dict[str, Any]) -> int | None:
    end: int | None = data.get("trial_end")
    if end is not None and end < desk.now() + 2 * DAY - 5:
        message = "The `trial_end` date has to be at least 2 days in the future."
        raise ApiError(message, param="subscription_data[trial_end]")
    days = data.get("trial_period_days")
    return desk.now() + days * DAY if days else end


def _fields(desk: Desk, parameters: dict[str, Any], customer: Document | None, currency: str) -> Document:
    data = parameters.get("subscription_data", {})
    trial_end = _trial_end(desk, data)
    nothing: dict[str, Any] = dict.fromkeys(EMPTY_FIELDS)
    return nothing | {
        "adaptive_pricing": {"enabled": False},
        "allow_promotion_codes": parameters.get("allow_promotion_codes"),
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": parameters.get("billing_address_collection"),
        "cancel_url": parameters.get("cancel_url"),
        "client_reference_id": parameters.get("client_reference_id"),
        "currency": currency,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": customer["id"] if customer else None,
        "customer_creation": None if customer else "always",
        "customer_details": _details(customer, parameters.get("customer_email")),
        "customer_email": parameters.get("customer_email"),
        "discounts": _discounts(desk, parameters, customer),
        "expires_at": parameters.get("expires_at", desk.now() + DAY),
        "locale": parameters.get("locale"),
        "metadata": merged({}, parameters.get("metadata")),
        "mode": "subscription",
        "payment_method_collection": parameters.get("payment_method_collection", "always"),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "success_url": parameters["success_url"],
        "ui_mode": "hosted_page",
        "_order": {
            "trial": trial_end is not None,
            "trial_end": trial_end,
            "metadata": merged({}, data.get("metadata")),
            "description": data.get("description"),
        },
    }


def _discounts(desk: Desk, parameters: dict[str, Any], customer: Document | None) -> list[Document]:
    given = parameters.get("discounts", [])
    return [discounting.offer(desk, one, "discounts[0]", customer).ids() for one in given]


def _details(customer: Document | None, email: str | None) -> Document:
    known = customer or {}
    return {
        "address": known.get("address"),
        "business_name": None,
        "email": email or known.get("email"),
        "individual_name": None,
        "name": known.get("name"),
        "phone": known.get("phone"),
        "tax_exempt": known.get("tax_exempt", "none"),
        "tax_ids": known.get("_tax_ids", []),
    }


EMPTY_FIELDS = [
    "after_expiration",
    "client_secret",
    "collected_information",
    "consent",
    "consent_collection",
    "currency_conversion",
    "invoice",
    "invoice_creation",
    "payment_intent",
    "payment_link",
    "recovered_from",
    "saved_payment_method_options",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
    "subscription",
    "total_details",
    "url",
    "wallet_options",
    "amount_subtotal",
    "amount_total",
]

"""Subscriptions and their items."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import discounting, ending, pausing, planning, subscribing, updating
from portal.sandbox.engine.subscribing import Order
from portal.sandbox.errors import ApiError, card_declined, missing_parameter
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
    unset,
    when,
)
from portal.sandbox.rendering import items_of
from portal.sandbox.resources import changing, selling
from portal.sandbox.resources.merging import merged
from portal.sandbox.store import Condition, Document

STATUSES = [
    "active",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
    "all",
    "ended",
]
FEEDBACK = choice(
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
)
DETAILS = struct(comment=unset(text()), feedback=unset(FEEDBACK))
ITEM = changing.PRICED
DISCOUNTS = unset(many(struct(coupon=text(), promotion_code=text(), discount=text()), 1))
PAUSE = struct("behavior", behavior=choice("keep_as_draft", "mark_uncollectible", "void"), resumes_at=instant)
CREATED: dict[str, Kind] = {
    "collection_method": choice("charge_automatically", "send_invoice"),
    "days_until_due": integer(0, 365),
    "customer": text(),
    "default_payment_method": text(),
    "description": unset(text(500)),
    "discounts": DISCOUNTS,
    "items": many(struct("price", **ITEM), 20),
    "metadata": metadata,
    "off_session": boolean,
    "payment_behavior": choice("allow_incomplete", "error_if_incomplete"),
    "trial_end": instant,
}


def _moment(raw: Any, name: str) -> int | str | None:
    moment: int | str | None = raw if raw in ("min_period_end", "max_period_end") else unset(instant)(raw, name)
    return moment


CHANGED: dict[str, Kind] = {
    "cancel_at": _moment,
    "cancel_at_period_end": boolean,
    "collection_method": CREATED["collection_method"],
    "days_until_due": CREATED["days_until_due"],
    "cancellation_details": DETAILS,
    "default_payment_method": text(),
    "description": unset(text(500)),
    "default_tax_rates": unset(many(text(), 5)),
    "discounts": DISCOUNTS,
    "items": many(changing.ITEM, 20),
    "metadata": metadata,
    "off_session": boolean,
    "pause_collection": unset(PAUSE),
    **changing.BILLING,
}


@endpoint("POST", "subscriptions", CREATED, required=("customer", "items"))
def create(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A subscription without Checkout, billed to a card that the customer already has."""
    entries = selling.entries(desk, parameters["items"], "items")
    currency = selling.one_cycle(desk, entries, "items")
    customer = desk.alive("customer", parameters["customer"], "customer")
    selling.refuse_other_currency(desk, customer, currency)
    selling.future(desk, parameters.get("trial_end"), "trial_end")
    days = _days_until_due(parameters)
    order = Order(
        customer["id"],
        entries,
        merged({}, parameters.get("metadata")),
        parameters.get("trial_end"),
        _method(desk, customer, parameters),
        parameters.get("description"),
        days,
        _offer(desk, parameters, customer),
    )
    return _subscribed(desk, order, parameters)


def _subscribed(desk: Desk, order: Order, parameters: dict[str, Any]) -> Document:
    result = subscribing.subscribe(desk, order)
    if not result.settled and parameters.get("payment_behavior") == "error_if_incomplete":
        raise card_declined("card_declined", None)
    return result.subscription


def _offer(desk: Desk, parameters: dict[str, Any], customer: Document) -> discounting.Offer | None:
    given = parameters.get("discounts") or []
    return discounting.offer(desk, given[0], "discounts[0]", customer) if given else None


def _change_discounts(desk: Desk, found: Document, parameters: dict[str, Any]) -> None:
    """Discounts replaced by those named: an existing one stays, anything else is new."""
    if "discounts" not in parameters:
        return
    given = parameters["discounts"] or []
    kept = {entry["discount"] for entry in given if "discount" in entry}
    for discount in discounting.current(desk, found):
        if discount["id"] not in kept:
            discounting.take_away(desk, found, discount)
    customer = desk.get("customer", found["customer"])
    for entry in given:
        if "discount" not in entry:
            discounting.grant(desk, found, discounting.offer(desk, entry, "discounts[0]", customer))


def _days_until_due(parameters: dict[str, Any]) -> int | None:
    """How long invoices may stay unpaid; None when a card is charged."""
    sent, days = parameters.get("collection_method") == "send_invoice", parameters.get("days_until_due")
    if sent and days is None:
        raise missing_parameter("days_until_due")
    if days is not None and not sent:
        message = "`days_until_due` can only be set when `collection_method` is `send_invoice`."
        raise ApiError(message, param="days_until_due")
    return days


def _method(desk: Desk, customer: Document, parameters: dict[str, Any]) -> str | None:
    chosen = parameters.get("default_payment_method")
    if chosen and desk.get("payment_method", chosen, "default_payment_method")["customer"] != customer["id"]:
        raise ApiError("The customer does not have a payment method with that ID.", param="default_payment_method")
    needed = not parameters.get("trial_end") and parameters.get("collection_method") != "send_invoice"
    if needed and not chosen and not customer["invoice_settings"]["default_payment_method"]:
        raise ApiError("This customer has no attached payment source or default payment method.")
    return chosen


@endpoint("GET", "subscriptions/<subscription>")
def retrieve(desk: Desk, _parameters: dict[str, Any], subscription: str) -> Document:
    """One subscription."""
    return desk.get("subscription", subscription)


@endpoint(
    "GET",
    "subscriptions",
    PAGE | {"created": when, "customer": text(), "price": text(), "status": choice(*STATUSES)},
)
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Subscriptions by pages; ended ones only when asked for."""
    conditions = [*wanted(parameters, "customer"), *_status(parameters.get("status"))]
    answer = page(desk, "subscription", "/v1/subscriptions", parameters, *conditions)
    if "price" in parameters:
        answer["data"] = [one for one in answer["data"] if _has_price(one, parameters["price"])]
    return answer


def _status(word: str | None) -> list[Condition]:
    if word == "all":
        return []
    if word == "ended":
        return [("ended_at", ">", 0)]
    return [("status", "=", word)] if word else [("status", "!=", "canceled"), ("status", "!=", "incomplete_expired")]


def _has_price(subscription: Document, price: str) -> bool:
    return any(item["price"]["id"] == price for item in subscription["items"]["data"])


@endpoint("POST", "subscriptions/<subscription>", CHANGED)
def update(desk: Desk, parameters: dict[str, Any], subscription: str) -> Document:
    """A subscription changed: its end announced or withdrawn, its card, its items."""
    found = _live(desk, subscription)
    changing.refuse_beside_pending(parameters)
    _change_items(desk, found, parameters)
    found = _live(desk, subscription)
    before = desk.show(found)
    _change_discounts(desk, found, parameters)
    if "pause_collection" in parameters:
        pausing.hold_collection(desk, found, parameters["pause_collection"])
    _change_fields(desk, found, parameters)
    if desk.show(found) != before:
        desk.tell("customer.subscription.updated", found, before)
    _change_ending(desk, found, parameters)
    return desk.get("subscription", subscription)


def _live(desk: Desk, subscription: str) -> Document:
    found = desk.get("subscription", subscription)
    if found["status"] in ("canceled", "incomplete_expired"):
        raise ApiError("A canceled subscription can only update its cancellation_details and metadata.")
    return found


def _change_fields(desk: Desk, found: Document, parameters: dict[str, Any]) -> None:
    names = ("default_payment_method", "description")
    fields: Document = {name: parameters[name] for name in names if name in parameters}
    if "default_tax_rates" in parameters:
        fields["default_tax_rates"] = selling.tax_rates(
            desk, parameters["default_tax_rates"] or [], "default_tax_rates"
        )
    if "default_payment_method" in fields:
        desk.get("payment_method", fields["default_payment_method"], "default_payment_method")
    if "collection_method" in parameters or "days_until_due" in parameters:
        days = _days_until_due({"collection_method": found["collection_method"], **parameters})
        fields |= {"collection_method": parameters.get("collection_method", found["collection_method"])}
        fields |= {"days_until_due": days}
    desk.change(found, metadata=merged(found["metadata"], parameters.get("metadata")), **fields)


def _change_ending(desk: Desk, found: Document, parameters: dict[str, Any]) -> None:
    if "cancel_at" in parameters and "cancel_at_period_end" in parameters:
        raise ApiError("You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
    details = parameters.get("cancellation_details")
    if parameters.get("cancel_at_period_end"):
        ending.cancel_at_period_end(desk, found, planning.period_end(desk, found), details)
    elif parameters.get("cancel_at"):
        ending.cancel_at(desk, found, _ending(desk, found, parameters["cancel_at"]), details)
    elif "cancel_at" in parameters or "cancel_at_period_end" in parameters:
        ending.resume(desk, found)


def _ending(desk: Desk, found: Document, moment: int | str) -> int:
    if isinstance(moment, int):
        selling.future(desk, moment, "cancel_at")
        return moment
    ends: list[int] = [item["current_period_end"] for item in items_of(desk.store, found["id"])]
    return min(ends) if moment == "min_period_end" else max(ends)


def _change_items(desk: Desk, found: Document, parameters: dict[str, Any]) -> None:
    if "items" in parameters:
        given = changing.entries(desk, parameters["items"], "items")
        changing.one_cycle(desk, found, given)
        updating.change(desk, found, given, changing.terms(parameters))


@endpoint("DELETE", "subscriptions/<subscription>", {"cancellation_details": DETAILS, "prorate": boolean})
def cancel(desk: Desk, parameters: dict[str, Any], subscription: str) -> Document:
    """A subscription ended at once, without a refund."""
    found = desk.get("subscription", subscription)
    details = {"reason": "cancellation_requested"} | parameters.get("cancellation_details", {})
    desk.change(found, cancellation_details=ending.NO_DETAILS | details)
    return ending.end(desk, found)


@endpoint("GET", "subscription_items", PAGE | {"subscription": text()}, required=("subscription",))
def list_items(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A subscription's items by pages."""
    desk.get("subscription", parameters["subscription"], "subscription")
    conditions = wanted(parameters, "subscription")
    return page(desk, "subscription_item", "/v1/subscription_items", parameters, *conditions)


@endpoint("GET", "subscription_items/<item>")
def retrieve_item(desk: Desk, _parameters: dict[str, Any], item: str) -> Document:
    """One item."""
    return desk.alive("subscription_item", item)


@endpoint("POST", "subscription_items/<item>", ITEM | changing.BILLING)
def update_item(desk: Desk, parameters: dict[str, Any], item: str) -> Document:
    """One item changed."""
    owner = desk.alive("subscription_item", item)["subscription"]
    billing = {key: parameters.pop(key) for key in changing.BILLING if key in parameters}
    change = {key: value for key, value in parameters.items() if key != "expand"} | {"id": item}
    update(desk, {"items": [change], **billing}, owner)
    return desk.get("subscription_item", item)

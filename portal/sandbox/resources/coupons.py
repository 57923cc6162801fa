"""Coupons, and the promotion codes that buyers type."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import discounting
from portal.sandbox.errors import ApiError, missing_parameter
from portal.sandbox.ids import random_letters
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
    number,
    struct,
    text,
    when,
)
from portal.sandbox.resources.merging import changes, merged
from portal.sandbox.store import Document

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
COUPON: dict[str, Kind] = {
    "amount_off": integer(1),
    "applies_to": struct(products=many(text(), 50)),
    "currency": text(3),
    "duration": choice("forever", "once", "repeating"),
    "duration_in_months": integer(1, 36),
    "id": text(200),
    "max_redemptions": integer(1),
    "metadata": metadata,
    "name": text(40),
    "percent_off": number,
    "redeem_by": instant,
}
CODE: dict[str, Kind] = {
    "active": boolean,
    "code": text(500),
    "customer": text(),
    "expires_at": instant,
    "max_redemptions": integer(1),
    "metadata": metadata,
    "promotion": struct("coupon", "type", coupon=text(), type=choice("coupon")),
    "restrictions": struct(first_time_transaction=boolean, minimum_amount=integer(1), minimum_amount_currency=text(3)),
}


@endpoint("POST", "coupons", COUPON)
def create(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A new coupon, off by a percentage or by an amount of one currency."""
    if ("percent_off" in parameters) == ("amount_off" in parameters):
        raise ApiError("You must pass exactly one of: percent_off, amount_off.")
    if "amount_off" in parameters and "currency" not in parameters:
        raise missing_parameter("currency")
    if parameters.get("duration") == "repeating" and "duration_in_months" not in parameters:
        raise missing_parameter("duration_in_months")
    identifier = parameters.get("id") or random_letters(8)
    if desk.store.get(identifier):
        raise ApiError("Coupon already exists.", code="resource_already_exists", param="id")
    coupon = desk.add("coupon", BLANK | changes({"metadata": {}}, parameters), identifier)
    desk.tell("coupon.created", coupon)
    return coupon


@endpoint("GET", "coupons/<coupon>")
def retrieve(desk: Desk, _parameters: dict[str, Any], coupon: str) -> Document:
    """One coupon."""
    return desk.alive("coupon", coupon)


@endpoint("POST", "coupons/<coupon>", {"metadata": metadata, "name": text(40)})
def update(desk: Desk, parameters: dict[str, Any], coupon: str) -> Document:
    """A coupon's name and metadata changed; what it takes off never changes."""
    found = desk.alive("coupon", coupon)
    return desk.change(found, "coupon.updated", **changes(found, parameters))


@endpoint("DELETE", "coupons/<coupon>")
def delete(desk: Desk, _parameters: dict[str, Any], coupon: str) -> Document:
    """A coupon that nobody can use any more; who has it keeps it."""
    found = desk.alive("coupon", coupon)
    desk.tell("coupon.deleted", found)
    # What it takes off is kept under its name: discounts given by it go on.
    tombstone = {"id": coupon, "object": "coupon", "deleted": True}
    desk.store.bury(tombstone | {"_kept": found})
    return tombstone


@endpoint("GET", "coupons", PAGE | {"created": when})
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Coupons by pages."""
    return page(desk, "coupon", "/v1/coupons", parameters)


@endpoint("POST", "promotion_codes", CODE, required=("promotion",))
def create_code(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A word that stands for a coupon; one active code of a name at a time."""
    coupon = discounting.offer(desk, {"coupon": parameters["promotion"]["coupon"]}, "promotion", None).coupon
    word = parameters.get("code") or random_letters(8, LETTERS)
    for other in desk.store.find("promotion_code", ("active", "=", True)):
        if other["code"].casefold() == word.casefold():
            message = f"An active promotion code with `code: {word}` already exists."
            raise ApiError(message, code="resource_already_exists", param="code")
    if "customer" in parameters:
        desk.alive("customer", parameters["customer"], "customer")
    fields = BLANK_CODE | changes({"metadata": {}}, parameters)
    fields |= {"_word": word.casefold(), "code": word, "promotion": {"coupon": coupon["id"], "type": "coupon"}}
    fields["restrictions"] = BLANK_CODE["restrictions"] | parameters.get("restrictions", {})
    made = desk.add("promotion_code", fields)
    desk.tell("promotion_code.created", made)
    return made


@endpoint("GET", "promotion_codes/<code>")
def retrieve_code(desk: Desk, _parameters: dict[str, Any], code: str) -> Document:
    """One promotion code."""
    return desk.get("promotion_code", code)


@endpoint("POST", "promotion_codes/<code>", {"active": boolean, "metadata": metadata})
def update_code(desk: Desk, parameters: dict[str, Any], code: str) -> Document:
    """A promotion code switched off or on."""
    found = desk.get("promotion_code", code)
    fields = {"active": parameters.get("active", found["active"])}
    joined = merged(found["metadata"], parameters.get("metadata"))
    return desk.change(found, "promotion_code.updated", metadata=joined, **fields)


CODES: dict[str, Kind] = {
    "active": boolean,
    "code": text(),
    "coupon": text(),
    "created": when,
    "customer": text(),
}


@endpoint("GET", "promotion_codes", PAGE | CODES)
def list_codes(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Promotion codes by pages; a word is found however it is spelled."""
    conditions = wanted(parameters, "active", "customer")
    if "code" in parameters:
        conditions.append(("_word", "=", parameters["code"].casefold()))
    if "coupon" in parameters:
        conditions.append(("promotion.coupon", "=", parameters["coupon"]))
    return page(desk, "promotion_code", "/v1/promotion_codes", parameters, *conditions)


BLANK: Document = {
    "amount_off": None,
    "currency": None,
    "duration": "once",
    "duration_in_months": None,
    "max_redemptions": None,
    "metadata": {},
    "name": None,
    "percent_off": None,
    "redeem_by": None,
    "times_redeemed": 0,
    "valid": True,
}
BLANK_CODE: Document = {
    "active": True,
    "customer": None,
    "customer_account": None,
    "expires_at": None,
    "max_redemptions": None,
    "metadata": {},
    "restrictions": {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None},
    "times_redeemed": 0,
}

"""What the buyer, the bank and staff do outside the API: refunds, disputes, a customer deleted, the clock moved.

Each lever takes the desk and what was given, and answers what it did; ApiError says in words why it could not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.engine import collecting, crediting, disputing, refunding
from portal.sandbox.errors import ApiError
from portal.sandbox.resources import customers
from portal.sandbox.store import Document

Given = dict[str, Any]
LONGEST_JUMP = 3_660 * 86_400
OUTCOMES = ("won", "lost")


def refund(desk: Desk, given: Given) -> Document:
    """Give back a charge, or the last paid one of a payment intent, invoice, subscription or customer."""
    amount = whole(given.get("amount") or 0, "amount")
    made = refunding.refund(
        desk, charge_of(desk, named(given)), refunding.Wish(amount or None, "requested_by_customer")
    )
    return {"refund": made["id"], "charge": made["charge"], "amount": made["amount"], "currency": made["currency"]}


def dispute(desk: Desk, given: Given) -> Document:
    """Open a dispute on such a charge."""
    reason = given.get("reason") or "fraudulent"
    if reason not in disputing.REASONS:
        raise ApiError(f"reason must be one of {', '.join(disputing.REASONS)}")
    made = disputing.open_for(desk, charge_of(desk, named(given)), reason)
    return {"dispute": made["id"], "charge": made["charge"], "amount": made["amount"], "currency": made["currency"]}


def dispute_closed(desk: Desk, given: Given) -> Document:
    """The bank decides a dispute, named by its own id or as the lever that opened it."""
    outcome = given.get("outcome", "lost")
    if outcome not in OUTCOMES:
        raise ApiError(f"outcome must be one of {', '.join(OUTCOMES)}")
    found = desk.store.get(named(given))
    if found is None or found["object"] != "dispute":
        found = disputing.of_charge(desk, charge_of(desk, named(given)))
    if found is None:
        raise ApiError(f"{named(given)} is not disputed.")
    disputing.close(desk, found, str(outcome))
    return {"dispute": found["id"], "outcome": outcome}


def delete_customer(desk: Desk, given: Given) -> Document:
    """Delete a customer, as somebody may at Stripe's own pages."""
    identifier = named(given)
    customers.delete(desk, {}, identifier)
    return {"customer": identifier, "deleted": True}


def clock(desk: Desk, given: Given) -> Document:
    """Move the shared clock forward, the portal's with it: `days`, `hours` and `seconds` are added up; or `real`."""
    if given.get("real"):
        return {"offset": move(desk, -desk.clock.offset()), "now": desk.now()}
    units = {"days": 86_400, "hours": 3_600, "seconds": 1}
    seconds = sum(whole(given.get(unit) or 0, unit) * worth for unit, worth in units.items())
    if not 0 < seconds <= LONGEST_JUMP:
        raise ApiError("Say by how much: days, hours or seconds, ten years at most together.")
    return {"offset": move(desk, seconds), "now": desk.now()}


def move(desk: Desk, seconds: int) -> int:
    """Move the clock; the new offset."""
    try:
        return desk.clock.move(seconds)
    except LookupError as fault:
        raise ApiError("This stand-in was started without --clock-file: its clock cannot be moved.") from fault


def account(desk: Desk, given: Given) -> Document:
    """The account's setting: what becomes of a subscription once every retry of its payment has failed."""
    outcome = given.get("after_retries")
    if outcome not in collecting.OUTCOMES:
        raise ApiError(f"after_retries must be one of {', '.join(collecting.OUTCOMES)}")
    desk.store.set(collecting.AFTER, outcome)
    return {"after_retries": outcome}


def named(given: Given) -> str:
    """The object a lever is about: its id under `subject`, or under the name of its kind."""
    for name in ("subject", "charge", "payment_intent", "invoice", "subscription", "customer", "dispute"):
        if given.get(name):
            return str(given[name]).strip()
    raise ApiError("subject must be the id of a charge, payment intent, invoice, subscription or customer")


def charge_of(desk: Desk, identifier: str) -> Document:
    """The last paid charge of what an id names."""
    found = desk.store.get(identifier)
    finder = CHARGES.get(found["object"]) if found else None
    charge = finder(desk, found) if finder and found else None
    if charge is None:
        raise ApiError(f"{identifier or 'Nothing'} leads to no paid charge.")
    return charge


def _last(desk: Desk, customer: Document) -> Document | None:
    found = desk.store.find("charge", ("customer", "=", customer["id"]), ("paid", "=", True), limit=1)
    return found[0] if found else None


def _of_subscription(desk: Desk, subscription: Document) -> Document | None:
    for invoice in desk.store.find("invoice", ("_subscription", "=", subscription["id"]), ("status", "=", "paid")):
        if invoice["amount_paid"]:
            return crediting.charge_of(desk, invoice)
    return None


CHARGES: dict[str, Callable[[Desk, Document], Document | None]] = {
    "charge": lambda _desk, charge: charge,
    "payment_intent": refunding.charge_of,
    "invoice": crediting.charge_of,
    "subscription": _of_subscription,
    "customer": _last,
}


def whole(raw: Any, name: str) -> int:
    """A whole number, nought or more."""
    text = str(raw).strip()
    if not text.isdecimal() or len(text) > 12:
        raise ApiError(f"{name} must be a whole number, not {text or 'nothing'}")
    return int(text)


LEVERS: dict[str, Callable[[Desk, Given], Document]] = {
    "refund": refund,
    "dispute": dispute,
    "dispute-closed": dispute_closed,
    "delete-customer": delete_customer,
    "clock": clock,
    "account": account,
}

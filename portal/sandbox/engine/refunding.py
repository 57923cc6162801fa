"""Giving money back: a charge refunded in part or whole. An invoice and its subscription stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.sandbox import ids
from portal.sandbox.desk import Desk
from portal.sandbox.engine import disputing
from portal.sandbox.engine.invoicing import SYMBOLS
from portal.sandbox.errors import ApiError
from portal.sandbox.store import Document


@dataclass(frozen=True)
class Wish:
    """What is asked for: cents, or everything that is left."""

    amount: int | None = None
    reason: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def refund(desk: Desk, charge: Document, wish: Wish) -> Document:
    """Give back, keep and tell; ApiError when there is nothing or not so much to give back."""
    _refuse(desk, charge, wish.amount)
    amount = wish.amount or left(charge)
    made = desk.add("refund", _fields(charge, amount, wish))
    before = desk.show(charge)
    given = charge["amount_refunded"] + amount
    desk.change(charge, amount_refunded=given, refunded=given == charge["amount"])
    desk.tell("refund.created", made)
    desk.tell("charge.refunded", charge, before)
    return made


def left(charge: Document) -> int:
    """Cents of a charge that can still be given back."""
    return int(charge["amount_captured"]) - int(charge["amount_refunded"])


def charge_of(desk: Desk, intent: Document) -> Document:
    """The charge that took a payment intent's money; ApiError when none did."""
    charge = desk.store.get(intent["latest_charge"] or "")
    if charge is None or not charge["paid"]:
        message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise ApiError(message, param="payment_intent")
    return charge


def _refuse(desk: Desk, charge: Document, amount: int | None) -> None:
    if not charge["paid"]:
        raise ApiError(f"Charge {charge['id']} has failed: there is nothing to refund.", param="charge")
    dispute = disputing.of_charge(desk, charge)
    if dispute and dispute["status"] != "won":
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise ApiError(message, code="charge_disputed")
    if not left(charge):
        message = f"Charge {charge['id']} has already been refunded."
        raise ApiError(message, code="charge_already_refunded")
    if amount and amount > left(charge):
        asked, most = (_money(cents, charge["currency"]) for cents in (amount, left(charge)))
        raise ApiError(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({most})", param="amount")


def _money(cents: int, currency: str) -> str:
    return f"{SYMBOLS.get(currency, currency.upper() + ' ')}{cents / 100:.2f}"


def _fields(charge: Document, amount: int, wish: Wish) -> Document:
    reference = {"reference": ids.random_letters(16, "0123456789"), "reference_status": "available"}
    card = reference | {"reference_type": "acquirer_reference_number", "type": "refund"}
    return {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "currency": charge["currency"],
        "destination_details": {"card": card, "type": "card"},
        "metadata": wish.metadata,
        "payment_intent": charge["payment_intent"],
        "reason": wish.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }

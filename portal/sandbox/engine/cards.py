"""Stripe's test cards: the number decides what the bank answers."""

from __future__ import annotations

from typing import NamedTuple

from portal.sandbox import ids
from portal.sandbox.desk import Desk
from portal.sandbox.store import Document


class Card(NamedTuple):
    """A card: `refusal` is None or the decline code; `later` means that it is refused only after it was kept.

    `authenticate` is when its bank asks for 3-D Secure: never (None), "once" (when kept), or "always".
    """

    number: str
    brand: str
    country: str
    refusal: str | None = None
    later: bool = False
    authenticate: str | None = None

    @property
    def last4(self) -> str:
        """The four digits that are shown."""
        return self.number[-4:]


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "visa", "US"),
        Card("5555555555554444", "mastercard", "US"),
        Card("4000002500000003", "visa", "FR"),
        Card("4000000000000002", "visa", "US", "generic_decline"),
        Card("4000000000009995", "visa", "US", "insufficient_funds"),
        Card("4000000000000341", "visa", "US", "generic_decline", later=True),
        Card("4000002500003155", "visa", "FR", authenticate="once"),
        Card("4000002760003184", "visa", "FR", authenticate="always"),
    )
}
SHORTHANDS = {
    "pm_card_visa": CARDS["4242424242424242"],
    "pm_card_mastercard": CARDS["5555555555554444"],
    "pm_card_chargeDeclined": CARDS["4000000000000002"],
    "pm_card_chargeCustomerFail": CARDS["4000000000000341"],
    "pm_card_authenticationRequiredOnSetup": CARDS["4000002500003155"],
    "pm_card_authenticationRequired": CARDS["4000002760003184"],
}
"""Ready-made payment methods, as the real test mode has them."""


class Details(NamedTuple):
    """What is written on the card beside its number."""

    month: int = 12
    year: int = 2034
    name: str | None = None


def keep(desk: Desk, card: Card, details: Details, customer: Document | None) -> Document:
    """A payment method for a card; the number itself is not kept, only what it does."""
    fields = {
        "allow_redisplay": "limited",
        "billing_details": billing(customer, details.name),
        "card": _card(card, details),
        "customer": customer["id"] if customer else None,
        "customer_account": None,
        "metadata": {},
        "type": "card",
        "_refusal": card.refusal,
        "_later": card.later,
        "_authenticate": card.authenticate,
    }
    return desk.add("payment_method", fields)


def asks(method: Document) -> bool:
    """Whether the bank wants its holder to confirm before money moves."""
    when = method.get("_authenticate")
    return when == "always" or (when == "once" and not method.get("_authenticated"))


def _card(card: Card, details: Details) -> Document:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": details.month,
        "exp_year": details.year,
        "fingerprint": ids.random_letters(16),
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def billing(customer: Document | None, name: str | None) -> Document:
    """Whose card it is, as far as is known."""
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    known = customer or {}
    return {
        "address": address | (known.get("address") or {}),
        "email": known.get("email"),
        "name": name or known.get("name"),
        "phone": known.get("phone"),
        "tax_id": None,
    }

"""The card form: what was typed, checked; the test cards it explains."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from flask import request

from portal.sandbox.desk import Desk
from portal.sandbox.engine.cards import CARDS, Card, Details
from portal.sandbox.pages.formats import PARIS
from portal.sandbox.pages.words import say

FIELDS = ("number", "expiry", "cvc", "name")
EXPLAINED = (
    ("4242424242424242", "card_ok"),
    ("4000000000000002", "card_no"),
    ("4000000000000341", "card_later"),
    ("4000002500003155", "card_asks_once"),
    ("4000002760003184", "card_asks_always"),
)
_EXPIRY = re.compile(r"\s*(\d{1,2})\s*[/ -]?\s*(?:20)?(\d{2})\s*")


class CardForm(NamedTuple):
    """What the form holds, the errors by field, and the card once there are none."""

    values: dict[str, str]
    errors: dict[str, str]
    card: Card | None = None
    details: Details = Details()


def blank() -> CardForm:
    """The form as first shown; `?fill=` puts in one of the test cards."""
    number = request.args.get("fill", "")
    if number not in CARDS:
        return CardForm(dict.fromkeys(FIELDS, ""), {})
    return CardForm({"number": spaced(number), "expiry": "12/34", "cvc": "123", "name": ""}, {})


def read(desk: Desk, tongue: str) -> CardForm:
    """The form as sent."""
    values = {name: request.form.get(name, "")[:100].strip() for name in FIELDS}
    number = re.sub(r"\D", "", values["number"])
    expiry = _EXPIRY.fullmatch(values["expiry"])
    wrong = {
        "number": _number_error(number),
        "expiry": _expiry_error(desk, expiry),
        "cvc": None if re.fullmatch(r"\d{3,4}", values["cvc"]) else "cvc_missing",
    }
    errors = {name: say(tongue, key) for name, key in wrong.items() if key}
    if errors or expiry is None:
        return CardForm(values | {"cvc": ""}, errors)
    details = Details(int(expiry[1]), 2000 + int(expiry[2]), values["name"] or None)
    return CardForm(values | {"cvc": ""}, {}, CARDS[number], details)


def _number_error(number: str) -> str | None:
    if not number:
        return "number_missing"
    return None if number in CARDS else "number_unknown"


def _expiry_error(desk: Desk, expiry: re.Match[str] | None) -> str | None:
    if expiry is None or not 1 <= int(expiry[1]) <= 12:
        return "expiry_missing"
    today = datetime.fromtimestamp(desk.now(), PARIS)
    return "expiry_past" if (2000 + int(expiry[2]), int(expiry[1])) < (today.year, today.month) else None


def problems(form: CardForm, tongue: str, declined: bool, word: str = "declined") -> list[tuple[str, str]]:
    """What to say at the top of the page: (field to go to, sentence)."""
    return [("number", say(tongue, word))] if declined else list(form.errors.items())


def explained_cards(tongue: str) -> list[dict[str, str]]:
    """The cards that the page explains."""
    return [{"number": number, "spaced": spaced(number), "does": say(tongue, key)} for number, key in EXPLAINED]


def spaced(number: str) -> str:
    """4242 4242 4242 4242."""
    return " ".join(re.findall(".{4}", number))

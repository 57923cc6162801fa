"""Money, dates and percentages for people, in Paris time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from portal.sandbox.pages.words import FIXED, NARROW

PARIS = ZoneInfo("Europe/Paris")
MONTHS = {
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}
SIGNS = {"eur": "€", "usd": "$", "gbp": "£"}


def money(language: str, cents: int, currency: str) -> str:
    """1 234,50 € or €1,234.50."""
    sign = SIGNS.get(currency, currency.upper())
    grouped = f"{abs(cents) / 100:,.2f}"
    minus = "−" if cents < 0 else ""
    if language == "en":
        return f"{minus}{sign}{grouped}"
    return minus + grouped.replace(",", NARROW).replace(".", ",") + NARROW + sign


def percent(language: str, rate: float) -> str:
    """2,1 or 2.1, without the sign."""
    text = f"{rate:.2f}".rstrip("0").rstrip(".")
    return text if language == "en" else text.replace(".", ",")


def day(language: str, instant: int) -> str:
    """4 décembre 2020."""
    local = _local(instant)
    first = "1er" if language == "fr" and local.day == 1 else str(local.day)
    return FIXED.join((first, MONTHS[language][local.month - 1], str(local.year)))


def moment(language: str, instant: int) -> str:
    """4 décembre 2020 à 15 h 56, or 4 December 2020, 15:56."""
    local = _local(instant)
    if language == "en":
        return f"{day('en', instant)}, {local:%H:%M}"
    return f"{day('fr', instant)} à {local.hour}{FIXED}h{FIXED}{local:%M}"


def machine(instant: int) -> str:
    """The instant for a <time> element."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _local(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, PARIS)

"""Dates, money and typography as a French and an English reader expect them."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from portal import formats
from portal.i18n import use_locale
from portal.typography import french

INSTANT = datetime(2020, 12, 4, 14, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("fr", "4 décembre 2020 à 15 h 56"), ("en", "4 December 2020 at 15:56")],
)
def test_an_instant_is_told_in_paris_time_and_does_not_break(locale: str, expected: str) -> None:
    with use_locale(locale):
        assert formats.moment(INSTANT) == expected.replace(" ", "\u00a0")


def test_the_first_of_a_month_is_1er_in_french_only() -> None:
    with use_locale("fr"):
        assert formats.day(date(2026, 5, 1), year=False) == "1er\u00a0mai"
    with use_locale("en"):
        assert formats.day(date(2026, 5, 1), weekday=True) == "Friday\u00a01\u00a0May\u00a02026"


@pytest.mark.parametrize(
    ("cents", "fr", "en"),
    [(47783, "477,83 €", "€477.83"), (-50, "−0,50 €", "−€0.50"), (199000, "1 990,00 €", "€1,990.00")],
)
def test_money_is_cents_told_in_each_language(cents: int, fr: str, en: str) -> None:
    with use_locale("fr"):
        assert formats.money(cents) == fr.replace(" ", "\u202f")
    with use_locale("en"):
        assert formats.money(cents) == en


def test_round_prices_lose_their_cents() -> None:
    with use_locale("fr"):
        assert formats.round_money(8900) == "89\u202f€"
        assert formats.round_money(8950) == "89,50\u202f€"
    with use_locale("en"):
        assert formats.round_money(8900) == "€89"


def test_a_rate_is_told_with_two_decimals() -> None:
    with use_locale("fr"):
        assert formats.percent(210) == "2,10\u202f%"


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Prêt ? Oui : « demain »", "Prêt\u202f? Oui\u00a0: «\u00a0demain\u00a0»"),
        ("12 000 € et 40 %", "12\u202f000\u202f€ et 40\u202f%"),
        ("14 M€ en 2026", "14\u00a0M€ en 2026"),
        ("l'essai d'aujourd'hui...", "l’essai d’aujourd’hui…"),
        ("https://example.org/a?b=c:d", "https://example.org/a?b=c:d"),
        ("%(n)s articles", "%(n)s articles"),
        ("Il reste %(n)s %(unit)s", "Il reste %(n)s %(unit)s"),
    ],
)
def test_french_typography_changes_spaces_and_nothing_else(typed: str, printed: str) -> None:
    assert french(typed) == printed
    assert french(printed) == printed


def test_an_amount_written_into_a_template_is_told_in_the_language_of_each_reader(app: Flask) -> None:
    template = app.jinja_env.from_string("{{ 0|money }}")
    shown = []
    for locale in ("fr", "en"):
        with use_locale(locale):
            shown.append(template.render())
    assert shown == ["0,00\u202f€", "€0.00"]

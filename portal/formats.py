"""Dates, hours, money and numbers as people read them, in Paris time, in the current language."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from portal.clock import PARIS, paris_date
from portal.i18n import current_locale
from portal.typography import NBSP, NNBSP

_MONTHS = {
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
_DAYS = {
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}


def day(value: date | datetime, *, weekday: bool = False, year: bool = True) -> str:
    """ "4 décembre 2020", "lundi 7 décembre", "4 December 2020"; an instant is told as its day in Paris."""
    if isinstance(value, datetime):
        value = paris_date(value)
    locale = current_locale()
    number = "1er" if locale == "fr" and value.day == 1 else str(value.day)
    parts = [number, _MONTHS[locale][value.month - 1]]
    if weekday:
        parts.insert(0, _DAYS[locale][value.weekday()])
    if year:
        parts.append(str(value.year))
    return NBSP.join(parts)


def hour(value: datetime) -> str:
    """ "15 h 56", "15:56", in Paris."""
    local = value.astimezone(PARIS)
    if current_locale() == "fr":
        return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}"
    return f"{local.hour:02}:{local.minute:02}"


def moment(value: datetime) -> str:
    """ "4 décembre 2020 à 15 h 56", "4 December 2020 at 15:56"."""
    joint = "à" if current_locale() == "fr" else "at"
    return f"{day(value)}{NBSP}{joint}{NBSP}{hour(value)}"


def integer(value: int) -> str:
    """ "12 000", "12,000"."""
    grouped = f"{value:,}"
    return grouped.replace(",", NNBSP) if current_locale() == "fr" else grouped


def money(cents: int, currency: str = "eur") -> str:
    """ "477,83 €", "€477.83"; whole amounts keep their cents, so that columns align."""
    sign = "−" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    symbol = "€" if currency == "eur" else currency.upper()
    if current_locale() == "fr":
        return f"{sign}{integer(whole)},{rest:02}{NNBSP}{symbol}"
    return f"{sign}{symbol}{integer(whole)}.{rest:02}"


def round_money(cents: int, currency: str = "eur") -> str:
    """ "89 €" when there are no cents, else as money()."""
    text = money(cents, currency)
    if cents % 100:
        return text
    return text.replace(",00", "") if current_locale() == "fr" else text.removesuffix(".00")


def percent(basis_points: int) -> str:
    """210 is "2,10 %", "2.10%"."""
    text = f"{basis_points // 100}.{basis_points % 100:02}"
    return f"{text.replace('.', ',')}{NNBSP}%" if current_locale() == "fr" else f"{text}%"


def rate(value: Decimal) -> str:
    """A percentage without needless zeros: "20 %", "12,5 %", "20%"."""
    text = f"{value.normalize():f}"
    return f"{text.replace('.', ',')}{NNBSP}%" if current_locale() == "fr" else f"{text}%"


def size(count: int) -> str:
    """Bytes as people tell them: "38 ko", "38 kB", "1,2 Mo"."""
    french = current_locale() == "fr"
    unit = "o" if french else "B"
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))}{NBSP}k{unit}"
    text = f"{count / 1_000_000:.1f}"
    return f"{text.replace('.', ',') if french else text}{NBSP}M{unit}"


def _of_each_reader(tell: Callable[..., str]) -> Callable[..., str]:
    """A filter that Jinja leaves alone while it compiles: `0|money` would be told to all as to its first reader."""

    @pass_context
    def told(_context: Context, *args: Any, **more: Any) -> str:
        return tell(*args, **more)

    return told


_TELL = (day, hour, moment, integer, money, round_money, percent, size)
FILTERS = {tell.__name__: _of_each_reader(tell) for tell in _TELL}

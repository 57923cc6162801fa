"""What is charged, and when: exact amounts before anybody leaves to pay. Cents, rounded half up as Stripe does."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.billing.catalogue import Offer
from portal.db import AnySession

TRIAL_AHEAD = timedelta(hours=48, minutes=10)
"""Stripe wants a trial end two days away; ten minutes for the way to its page."""
_EU_VAT = re.compile(
    r"(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[0-9A-Z+*]{8,12}"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """An amount before tax, its tax and both together, in cents; `off` is what a reduction took off the net before."""

    net: int
    tax: int
    basis_points: int
    off: int = 0

    @property
    def total(self) -> int:
        """What is charged."""
        return self.net + self.tax

    @property
    def gross(self) -> int:
        """Before tax and before the reduction."""
        return self.net + self.off


def quote(unit_amount: int, quantity: int, basis_points: int, *, reverse_charge: bool = False, off: int = 0) -> Quote:
    """The price of so many seats for one period, less `off`; a firm of another EU country pays no VAT here."""
    net = unit_amount * quantity - off
    return Quote(net, 0 if reverse_charge else share(net, basis_points), 0 if reverse_charge else basis_points, off)


def share(cents: int, basis_points: int) -> int:
    """A rate in hundredths of a percent of an amount, half a cent rounded up."""
    return int((Decimal(cents) * basis_points / 10_000).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def is_reverse_charge(country: str, vat_number: str) -> bool:
    """True for a firm of another EU country by its VAT number. Only the form is looked at here."""
    number = tidy_vat(vat_number)
    return country != "FR" and bool(_EU_VAT.fullmatch(number)) and number[:2] == {"GR": "EL"}.get(country, country)


def tidy_vat(number: str) -> str:
    """A VAT number without spaces, dots and dashes, in capitals."""
    return re.sub(r"[\s.\-]", "", number).upper()


def trial_end(session: AnySession, reader_id: int, offer: Offer) -> datetime | None:
    """When a purchase may begin instead of today: the end of the reader's running trials of all its verticals.

    None unless every vertical of the plan is being tried and the first of these trials ends two days from now at least.
    """
    ids = [vertical_id for vertical_id, _, _ in offer.verticals]
    count, first = session.execute(
        select(func.count(), func.min(Grant.ends_at)).where(
            Grant.reader_id == reader_id,
            Grant.source == Source.TRIAL,
            Grant.vertical_id.in_(ids),
            Grant.revoked_at.is_(None),
            Grant.ends_at > clock.now() + TRIAL_AHEAD,
        )
    ).one()
    return first if ids and count == len(ids) else None

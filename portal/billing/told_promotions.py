"""Promotion codes in words: what one takes off and for how long, and why one cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.billing.promotions import CodeRefused, Why
from portal.billing.quotes import Quote
from portal.billing.reductions import Reduction
from portal.formats import day, money, rate
from portal.i18n import gettext as _
from portal.i18n import ngettext


def refused(error: CodeRefused, currency: str) -> str:
    """Why not, and what to do."""
    words = {
        Why.UNKNOWN: _("This code is not known. Check how it is written, or leave the field empty."),
        Why.OVER: _("This code has expired. Leave the field empty to order without it."),
        Why.USED_UP: _("This code has been used as often as it could be. Leave the field empty to order without it."),
        Why.OTHER_PLAN: _("This code is not for this plan. Choose another plan, or leave the field empty."),
        Why.FIRST_ORDER: _("This code is for a first order only. Leave the field empty to order without it."),
        Why.TOO_LITTLE: _(
            "This code is for orders of %(least)s excl. VAT or more.", least=money(error.least, currency)
        ),
    }
    return words[error.reason]


def too_many() -> str:
    """Somebody guesses."""
    return _("Too many codes were tried. Try again in an hour, or leave the field empty to order without one.")


def silent() -> str:
    """Stripe does not answer."""
    return _(
        "The payment service does not answer, so the code could not be checked. "
        "Try again in a minute: what you typed is kept."
    )


def taken_off(reduction: Reduction, currency: str) -> str:
    """“−20 %” or “−50,00 €”."""
    return f"−{rate(reduction.percent) if reduction.percent is not None else money(reduction.amount or 0, currency)}"


@dataclass(frozen=True, slots=True)
class Payments:
    """What is paid, when: `first` of `lowered` payments (None: all of them), then `after`; `later` when not today."""

    first: Quote
    lowered: int | None
    after: Quote
    later: datetime | None

    @property
    def changes(self) -> bool:
        """Whether the price becomes another one, some day."""
        return self.lowered is not None and self.first != self.after


def how_long(payments: Payments, each: str, currency: str) -> str:
    """What comes after the first payment."""
    values = {"each": each, "after": money(payments.after.total, currency)}
    if not payments.changes or payments.lowered is None:
        return _("Then the same %(each)s, until you cancel.", **values)
    more = payments.lowered - 1
    if more < 1:
        return _("Then %(after)s incl. VAT %(each)s, until you cancel.", **values)
    return ngettext(
        "The same once more, then %(after)s incl. VAT %(each)s, until you cancel.",
        "The same for %(num)s more payments, then %(after)s incl. VAT %(each)s, until you cancel.",
        more,
        **values,
    )


def running(reductions: Sequence[Reduction], full: str, currency: str) -> str:
    """What a subscription has taken off, until when, and its price afterwards; empty without a reduction."""
    return " ".join(_running(one, full, currency) for one in reductions)


def _running(one: Reduction, full: str, currency: str) -> str:
    values = {"name": one.name or _("Reduction"), "off": taken_off(one, currency), "full": full}
    if one.once:
        return _("%(name)s: %(off)s on this payment, then %(full)s excl. VAT.", **values)
    if one.until is None:
        return _("%(name)s: %(off)s on each payment.", **values)
    return _("%(name)s: %(off)s until %(day)s, then %(full)s excl. VAT.", **values, day=day(one.until))

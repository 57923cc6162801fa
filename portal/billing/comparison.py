"""What each way of reading holds, side by side: nothing, the trial, one publication, all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.billing.models import Interval, Plan
from portal.formats import round_money
from portal.i18n import gettext as _
from portal.i18n import ngettext


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what is compared, and each way's answer: True, False or words."""

    label: str
    cells: tuple[bool | str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table: names of the ways, and the rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def compare(plans: Sequence[Plan], seats: int) -> Comparison | None:
    """Made from the plans on sale; None when there is no single publication and no bundle to compare."""
    single = next((plan for plan in plans if len(plan.verticals) == 1), None)
    bundle = next((plan for plan in plans if len(plan.verticals) > 1), None)
    if single is None or bundle is None:
        return None
    count = len(bundle.verticals)
    licences = ngettext("1 to %(num)s licence", "1 to %(num)s licences", seats)
    rows = (
        Row(_("Free articles"), (True, True, True, True)),
        Row(
            _("Articles for subscribers"),
            (_("the beginning"), _("those you try"), _("one publication"), _("%(count)s publications", count=count)),
        ),
        Row(_("Archives and data"), (False, True, True, True)),
        Row(_("Documents to download"), (False, True, True, True)),
        Row(_("Daily newsletter and alerts"), (False, True, True, True)),
        Row(_("Licences for colleagues"), (False, False, licences, licences)),
        Row(_("Duration"), (_("as long as you like"), _("15 days, then it stops"), _period(), _period())),
        Row(_("Price per month, excl. VAT"), (_("free"), _("free"), *_prices(single, bundle, Interval.MONTH))),
        Row(_("Price per year, excl. VAT"), (_("free"), _("free"), *_prices(single, bundle, Interval.YEAR))),
        Row(_("Per publication and month, paid yearly"), ("–", "–", _share(single), _share(bundle))),
    )
    return Comparison((_("Without an account"), _("15-day trial"), _("One publication"), bundle.name), rows)


def _period() -> str:
    return _("a month or a year, renewed until you cancel")


def _prices(single: Plan, bundle: Plan, interval: Interval) -> tuple[str, str]:
    return _price(single, interval), _price(bundle, interval)


def _amount(plan: Plan, interval: Interval) -> int | None:
    current = (price for price in plan.prices if price.archived_at is None and price.interval is interval)
    return next((price.unit_amount for price in current), None)


def _price(plan: Plan, interval: Interval) -> str:
    amount = _amount(plan, interval)
    return "–" if amount is None else round_money(amount)


def _share(plan: Plan) -> str:
    """The yearly price told per publication and month, rounded to the cent."""
    amount = _amount(plan, Interval.YEAR)
    return "–" if amount is None else round_money(round(amount / 12 / len(plan.verticals)))

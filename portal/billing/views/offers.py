"""/plans: public, the same for everybody but the mark on one's own plan."""

from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user

from portal.billing import catalogue, quotes
from portal.billing.comparison import compare
from portal.billing.models import Interval, Plan, Price
from portal.billing.queries import plans_of
from portal.billing.views import bp
from portal.db import db
from portal.formats import money, round_money
from portal.i18n import current_locale, gettext, ngettext
from portal.organisations import founding
from portal.typography import french
from portal.web import PUBLIC, allow, own_path


@bp.get("/plans")
@allow(PUBLIC)
def plans() -> str:
    """Every plan, monthly and yearly; "plan" in the address puts one first for who comes from a locked article."""
    sold = catalogue.on_sale(db.session)
    own = _own_plans()
    period = "month" if request.args.get("period") == "month" else "year"
    return render_template(
        "billing/plans.html",
        cards=[_card(plan, sold, own) for plan in sold],
        period=period,
        months_free=_months_free(sold),
        next=own_path(request.args.get("next"), ""),
        subscribed=bool(own),
        vat=_vat(),
        max_seats=catalogue.MAX_SEATS,
        comparison=compare(sold, catalogue.MAX_SEATS),
    )


def _own_plans() -> set[str]:
    if not current_user.is_authenticated:
        return set()
    organisation = founding.managed_by(db.session, current_user.id)
    return plans_of(db.session, organisation.id) if organisation else set()


def _card(plan: Plan, sold: Any, own: set[str]) -> dict[str, Any]:
    bundle = len(plan.verticals) > 1
    return {
        "vertical": catalogue.BUNDLE if bundle else plan.verticals[0].slug,
        "name": plan.name,
        "tagline": gettext("All our publications, for one price.") if bundle else _tagline(plan),
        "prices": [_price(price) for price in _by_interval(plan)],
        "features": _features(plan, sold),
        "chip": None,
        "star": bundle,
        "current": gettext("Your current plan") if plan.slug in own else None,
        "action": _action(plan, own),
    }


def _tagline(plan: Plan) -> str:
    vertical = plan.verticals[0]
    if current_locale() == "en" and vertical.tagline_en:
        return vertical.tagline_en
    return french(vertical.tagline)


def _by_interval(plan: Plan) -> list[Price]:
    return sorted((price for price in plan.prices if price.archived_at is None), key=lambda one: one.interval.value)


def _price(price: Price) -> dict[str, str]:
    quote = quotes.quote(price.unit_amount, 1, _vat())
    total = money(quote.total, price.currency)
    if price.interval is Interval.YEAR:
        monthly = money(round(price.unit_amount / 12), price.currency)
        small = gettext("%(total)s incl. VAT, billed each year; %(monthly)s a month", total=total, monthly=monthly)
        unit = gettext("excl. VAT per year and licence")
    else:
        small = gettext("%(total)s incl. VAT, billed each month, cancel any time", total=total)
        unit = gettext("excl. VAT per month and licence")
    amount = round_money(price.unit_amount, price.currency)
    return {"period": price.interval.value, "amount": amount, "unit": unit, "small": small}


def _features(plan: Plan, sold: Any) -> list[str]:
    names = [vertical.name for vertical in plan.verticals]
    if len(names) == 1:
        return [
            gettext("Every article of %(name)s, archives included", name=names[0]),
            gettext("Documents and data attached to the articles"),
            gettext("One licence, one reader; add colleagues at the same price"),
        ]
    listed = gettext("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])
    saving = _saving(plan, sold)
    lines = [listed, gettext("Every article, archive, document and data set")]
    if saving:
        lines.append(gettext("%(amount)s less each year than bought one by one", amount=round_money(saving)))
    return [*lines, gettext("One licence, one reader; add colleagues at the same price")]


def _saving(plan: Plan, sold: Any) -> int:
    """What the bundle saves in a year against its verticals bought alone, in cents before tax."""
    wanted = {vertical.id for vertical in plan.verticals}
    alone = {one.verticals[0].id: _yearly(one) for one in sold if len(one.verticals) == 1}
    if not wanted.issubset(alone):
        return 0
    return max(0, sum(alone[vertical] for vertical in wanted) - _yearly(plan))


def _yearly(plan: Plan) -> int:
    return next((price.unit_amount for price in _by_interval(plan) if price.interval is Interval.YEAR), 0)


def _action(plan: Plan, own: set[str]) -> dict[str, str] | None:
    if own:
        return None if plan.slug in own else _change(plan)
    label = gettext("Choose %(plan)s", plan=plan.name)
    return {"label": label, "name": "plan", "value": plan.slug, "url": ""}


def _change(plan: Plan) -> dict[str, str]:
    """Whoever subscribes already changes the subscription instead of buying a second one."""
    words = gettext("Change to %(plan)s") if len(plan.verticals) > 1 else gettext("Add %(plan)s")
    return {"label": words % {"plan": plan.name}, "url": url_for("billing.change", plan=plan.slug)}


def _months_free(sold: Any) -> str:
    """ "2 months free", computed: the smallest saving among the plans, nothing when one of them saves none."""
    savings = []
    for plan in sold:
        amounts = {price.interval: price.unit_amount for price in _by_interval(plan)}
        if Interval.MONTH in amounts and Interval.YEAR in amounts:
            savings.append(catalogue.months_free(amounts[Interval.MONTH], amounts[Interval.YEAR]))
    least = min(savings, default=0)
    return ngettext("%(num)s month free", "%(num)s months free", least) if least else ""


def _vat() -> int:
    return catalogue.press_vat(db.session)

"""Changes of a subscription in words: why one is not possible, what is charged, and what the page chooses from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import url_for
from sqlalchemy import select

from portal.billing.changing import Proposal
from portal.billing.models import Interval, Plan, Price
from portal.billing.quotes import Quote
from portal.billing.shapes import PreviewLine, RemotePreview
from portal.billing.told import Told
from portal.billing.wishes import CannotChange, Line, Present, Refusal
from portal.db import AnySession
from portal.formats import day, money
from portal.i18n import gettext as _
from portal.i18n import ngettext


def refused(error: CannotChange) -> str:
    """Why not, and what to do."""
    if error.reason is Refusal.TAKEN:
        return ngettext(
            "%(num)s licence is in use: take it back first, or keep as many.",
            "%(num)s licences are in use: take some back first, or keep as many.",
            error.count,
        )
    words = {
        Refusal.NOT_SUBSCRIBED: _("You have no subscription to change. These are our plans."),
        Refusal.PAST_DUE: _("A payment is due: settle it first, then change your subscription."),
        Refusal.ENDING: _("Your subscription is ending: resume it first, then change it."),
        Refusal.CLOSED: _("Your subscription is closed at present: it cannot be changed."),
        Refusal.BY_INVOICE: _("You pay by bank transfer: write to us, and we change your subscription."),
        Refusal.SPECIAL: _("Your subscription was made to measure: write to us, and we change it."),
        Refusal.NOTHING_CHOSEN: _("Choose at least one publication. To stop, cancel the subscription."),
        Refusal.NOT_SOLD: _("This combination is not sold on line. Choose others, or ask us for a quote."),
        Refusal.TOO_MANY: _("Enter a number of licences, from 1 to 20. Above, ask us for a quote."),
        Refusal.UNCHANGED: _("This is what you have already: nothing would change."),
    }
    return words[error.reason]


def way_out(error: CannotChange, organisation_id: int) -> tuple[str, str] | None:
    """A link beside the reason: where the hindrance is removed."""
    if error.reason is Refusal.TAKEN:
        return _("See who uses a licence"), url_for("organisations.members", organisation_id=organisation_id)
    if error.reason in (Refusal.TOO_MANY, Refusal.NOT_SOLD):
        return _("Ask for a quote"), "/quote"
    if error.reason is Refusal.NOTHING_CHOSEN:
        return _("Cancel the subscription"), url_for("billing.cancel")
    return None


@dataclass(frozen=True, slots=True)
class Charged:
    """One line of what is charged now."""

    what: str
    amount: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that is shown before agreeing; amounts in cents."""

    rows: Sequence[tuple[str, str]]
    charged: Sequence[Charged]
    subtotal: int
    tax: int
    rate: int
    total: int
    due: int
    from_credit: int
    credit: int
    each: str
    then: str


def summary(session: AnySession, proposal: Proposal) -> Summary:
    """A proposal as the page tells it."""
    names, preview = _names(session, proposal), proposal.preview
    lines, seats, renews = proposal.target.lines, proposal.target.seats, _renews(proposal)
    coming, whole = proposal.now.period(lines, seats, renews), proposal.now.period(lines, seats)
    return Summary(
        rows=_rows(proposal),
        charged=[Charged(_charged(line, names), line.amount) for line in preview.lines] + _less(preview),
        subtotal=preview.subtotal,
        tax=preview.tax,
        rate=coming.basis_points,
        total=preview.total,
        due=preview.due,
        from_credit=max(0, preview.total - preview.due),
        credit=max(0, -preview.total),
        each=_each(proposal.target.interval),
        then=_then(proposal, coming, whole),
    )


def _less(preview: RemotePreview) -> list[Charged]:
    """What a promotion takes off all lines together."""
    return [Charged(_("Reduction"), -preview.discount)] if preview.discount else []


def _names(session: AnySession, proposal: Proposal) -> dict[str, str]:
    """Plans by Stripe's price."""
    ids = {line.price_id for line in proposal.preview.lines}
    statement = select(Price.stripe_price_id, Plan.name).join(Plan, Plan.id == Price.plan_id)
    found = {key or "": name for key, name in session.execute(statement.where(Price.stripe_price_id.in_(ids)))}
    return {line.price_id: line.plan_name for line in proposal.now.lines} | found


def _charged(line: PreviewLine, names: dict[str, str]) -> str:
    plan = names.get(line.price_id, "")
    values = {"plan": plan, "day": day(line.period_end)}
    if line.amount < 0:
        return _("%(plan)s, days not used until %(day)s", **values)
    if line.proration:
        return _("%(plan)s, from now until %(day)s", **values)
    return _("%(plan)s, whole period until %(day)s", **values)


def _rows(proposal: Proposal) -> list[tuple[str, str]]:
    now, after = proposal.now, proposal.target
    rows = [(_("Publications"), _moved(plans(now.lines), plans(after.lines)))]
    rows.append((_("Licences"), _moved(str(now.seats), str(after.seats))))
    return [*rows, (_("Billing period"), _moved(_each(now.interval), _each(after.interval)))]


def hints(sold: Sequence[Plan], now: Present) -> dict[str, str]:
    """What each publication costs by itself, by its slug."""
    alone = [plan for plan in sold if len(plan.verticals) == 1]
    return {plan.verticals[0].slug: text for plan in alone if (text := _alone(plan, now))}


def _alone(plan: Plan, now: Present) -> str:
    prices = [price for price in plan.prices if price.archived_at is None and price.currency == now.currency]
    amounts = {price.interval: money(price.unit_amount, price.currency) for price in prices}
    if set(amounts) != set(Interval):
        return ""
    values = {"month": amounts[Interval.MONTH], "year": amounts[Interval.YEAR]}
    return _("%(month)s a month or %(year)s a year, excl. VAT, per licence", **values)


def plans(lines: Sequence[Line]) -> str:
    """Their names, in order."""
    return ", ".join(line.plan_name for line in lines)


def _moved(before: str, after: str) -> str:
    return before if before == after else _("%(before)s → %(after)s", before=before, after=after)


def _each(interval: Interval) -> str:
    return _("each year") if interval is Interval.YEAR else _("each month")


def _renews(proposal: Proposal) -> datetime | None:
    """When the next whole period is paid."""
    ends = [line.period_end for line in proposal.preview.lines if not line.proration]
    renews = proposal.now.renews_at if proposal.target.interval is proposal.now.interval else max(ends, default=None)
    return renews or proposal.now.renews_at


def _then(proposal: Proposal, coming: Quote, whole: Quote) -> str:
    renews, currency = _renews(proposal), proposal.now.currency
    amounts = {"total": money(coming.total, currency), "net": money(coming.net, currency)}
    values = {**amounts, "each": _each(proposal.target.interval), "day": day(renews) if renews else ""}
    text = _("From %(day)s: %(total)s incl. VAT (%(net)s excl. VAT) %(each)s, until you cancel.", **values)
    if coming == whole:
        return text
    return " ".join([text, _("Without the reduction: %(whole)s incl. VAT.", whole=money(whole.total, currency))])


def with_waiting(said: Told) -> Told:
    """The billing page's words while a change waits: an open invoice is the change's, not a debt."""
    if said.banner is None or said.tone != "ok":
        return said
    title = _("Your change waits for your bank’s confirmation")
    text = _(
        "Nothing has changed and nothing is owed so far. Open the invoice to confirm the payment there, or change the "
        "card first; if you do nothing, the change lapses within a day and your subscription stays as it is."
    )
    return replace(said, banner=("warn", title, text))


def made(now: Present) -> str:
    """What the subscription is after a change, in a sentence."""
    count = ngettext("%(num)s licence", "%(num)s licences", now.seats)
    values = {"plans": plans(now.lines), "seats": count, "each": _each(now.interval)}
    return _("Your subscription was changed: %(plans)s, %(seats)s, paid %(each)s.", **values)

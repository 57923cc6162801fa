"""What the billing page says first: the state in a sentence, a banner where something presses, and the next step.

Each state has words of its own; nobody who has paid or owes is led to the offers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from portal.access.vocabulary import GrantState, ReaderFacts, Source
from portal.billing import told_promotions
from portal.billing.models import Invoice, Subscription
from portal.billing.queries import Standing, State
from portal.formats import day, moment, money
from portal.i18n import gettext as _
from portal.verticals import site_verticals

Banner = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do: a link (`url`), a button (`post`: its endpoint), or Stripe's pages (`flow`: "" is the front)."""

    label: str
    url: str = ""
    flow: str = ""
    icon: str = ""
    kind: str = "ghost"
    post: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """The top of the page. `banner` is (tone, title, text)."""

    sentence: str
    tone: str = "plain"
    chip: str = ""
    banner: Banner | None = None
    steps: Sequence[Step] = field(default_factory=tuple)


class Reads(StrEnum):
    """What opens articles to somebody who has no subscription."""

    NOTHING = "nothing"
    SEAT = "seat"
    GIFT = "gift"


def reads_by(reader: ReaderFacts, now: datetime) -> Reads:
    """Whether a licence or a gift opens something to this reader now."""
    live = (GrantState.ACTIVE, GrantState.GRACE)
    held = [grant for grant in reader.grants if grant.state(now) in live and grant.reaches(now)]
    if any(grant.organisation_id is not None and not grant.manages for grant in held):
        return Reads.SEAT
    return Reads.GIFT if any(grant.source is Source.ADMIN for grant in held) else Reads.NOTHING


@dataclass(frozen=True, slots=True)
class Case:
    """What the words are made from; `owed` is the open invoice that should be paid first."""

    standing: Standing
    owed: Invoice | None
    reader: ReaderFacts
    now: datetime

    @property
    def row(self) -> Subscription:
        """The subscription; the states that ask for it have one."""
        if self.standing.subscription is None:
            raise LookupError(f"The state {self.standing.state} has no subscription.")
        return self.standing.subscription

    @property
    def plan(self) -> str:
        """What is paid for; a price made elsewhere has no name here."""
        return self.standing.plan or _("Your subscription")

    @property
    def net(self) -> str:
        """One period's price before tax."""
        return money(self.standing.net, self.row.currency)

    @property
    def by_invoice(self) -> bool:
        """True when invoices are sent and paid by hand."""
        return self.row.collection_method == "send_invoice"


def told(standing: Standing, invoices: Sequence[Invoice], reader: ReaderFacts, now: datetime) -> Told:
    """The words for this state; `invoices` newest first, as the page lists them."""
    owed = [invoice for invoice in invoices if invoice.status == "open" and invoice.amount_due > 0]
    says = _disputed if standing.disputed and standing.state in _DISPUTED else _SAYS[standing.state]
    return says(Case(standing, owed[-1] if owed else None, reader, now))


def _plans() -> Step:
    return Step(_("See the plans"), "/plans", kind="accent")


def _card(kind: str = "ghost") -> Step:
    return Step(_("Change my card"), flow="card", icon="credit-card", kind=kind)


def _resume() -> Step:
    return Step(_("Resume the subscription"), icon="refresh", kind="accent")


def _pay(case: Case, kind: str = "ghost") -> list[Step]:
    owed = case.owed
    if owed is None or not owed.hosted_url:
        return []
    return [Step(_("Pay %(total)s now", total=money(owed.amount_due, owed.currency)), owed.hosted_url, kind=kind)]


def _none(case: Case) -> Told:
    reads = reads_by(case.reader, case.now)
    if reads is Reads.SEAT:
        return Told(_("Your organisation pays for what you read: there is nothing to pay here."), "ok", _("Licence"))
    if reads is Reads.GIFT:
        return Told(_("Your access was given to you: there is nothing to pay."), "ok", _("Granted"))
    return Told(_("You have no subscription."), steps=[_plans()])


def _trial(case: Case) -> Told:
    until = case.standing.trial_last_day
    values = {"name": _tried(case), "day": day(until, weekday=True) if until else ""}
    sentence = _(
        "You are trying %(name)s free of charge until %(day)s inclusive; nothing will be charged then.", **values
    )
    return Told(sentence, "ok", _("Trial"), steps=[_plans()])


def _tried(case: Case) -> str:
    """What the trial that ends last is of."""
    trials = [grant for grant in case.reader.grants if grant.source is Source.TRIAL]
    slugs = {grant.vertical for grant in trials if grant.ends_at == case.standing.trial_until}
    *first, last = [vertical.name for vertical in site_verticals() if vertical.slug in slugs] or [""]
    return _("%(first)s and %(last)s", first=", ".join(first), last=last) if first else last


def _pending(_case: Case) -> Told:
    sentence = _("Payment received, your access is opening. There is nothing else to pay.")
    return Told(sentence, "plain", _("Opening"), steps=[Step(_("Look again"), "/billing/", icon="refresh")])


def _active(case: Case) -> Told:
    each = _("each year") if case.standing.interval == "year" else _("each month")
    sentence = _("%(plan)s is active.", plan=case.plan)
    if case.row.renews_at:
        values = {"plan": case.plan, "day": day(case.row.renews_at), "net": case.net, "each": each}
        sentence = _("%(plan)s: renewed on %(day)s for %(net)s excl. VAT, %(each)s.", **values) + _reduced(case)
    return Told(sentence, "ok", _("Active"), _due(case), [*_pay(case, "accent"), *_usual(case)])


def _due(case: Case) -> Banner | None:
    """An invoice that may still be paid in time."""
    if case.owed is None:
        return None
    title = _("An invoice is waiting to be paid")
    if case.owed.due_at is None:
        return "warn", title, _("Nothing changes for you meanwhile.")
    return "warn", title, _("Pay it by %(day)s to keep your access.", day=day(case.owed.due_at))


def _usual(case: Case) -> list[Step]:
    details = Step(_("Invoices and details at Stripe"), icon="external-link")
    by_card = [Step(_("Change the subscription"), "/billing/change", icon="sliders"), _card()]
    cancel = Step(_("Cancel the subscription"), "/billing/cancel", icon="calendar-x")
    return [*([] if case.by_invoice else by_card), details, cancel]


def _trialing(case: Case) -> Told:
    first = case.row.trial_end or case.row.renews_at
    values = {"plan": case.plan, "net": case.net, "day": day(first) if first else ""}
    sentence = _("%(plan)s is open; the first payment, %(net)s excl. VAT, is on %(day)s.", **values) + _reduced(case)
    return Told(sentence, "ok", _("Active"), steps=_usual(case))


def _reduced(case: Case) -> str:
    """What a promotion takes off, and the price afterwards."""
    currency = case.row.currency
    text = told_promotions.running(case.standing.reductions, money(case.standing.full, currency), currency)
    return f" {text}" if text else ""


def _ending(case: Case) -> Told:
    end = case.row.ending_at or case.now
    values = {"plan": case.plan, "day": moment(end)}
    sentence = _("%(plan)s ends on %(day)s. You read until then; nothing more will be charged.", **values)
    title = _("You may change your mind until %(day)s", day=day(end))
    text = _("Nothing is charged for resuming: the subscription then renews as before.")
    again = Step(_("Resume the subscription"), post="billing.resume", icon="refresh", kind="accent")
    return Told(sentence, "warn", _("Ending"), ("warn", title, text), [again])


def _past_due(case: Case) -> Told:
    until = case.standing.open_until
    sentence = _overdue(case, moment(until)) if until and until > case.now else _overdue_and_closed(case)
    steps = _pay(case, "accent") if case.by_invoice else [_card("accent"), *_pay(case)]
    return Told(sentence, "bad", _("Payment due"), _refused(case), steps)


def _overdue(case: Case, until: str) -> str:
    if case.by_invoice:
        return _("The invoice for %(plan)s is overdue. You keep access until %(day)s.", plan=case.plan, day=until)
    return _("The payment for %(plan)s failed. You keep access until %(day)s.", plan=case.plan, day=until)


def _overdue_and_closed(case: Case) -> str:
    if case.by_invoice:
        return _(
            "The invoice for %(plan)s is not paid, and access is closed. Pay it to open access again at once.",
            plan=case.plan,
        )
    return _(
        "The payment for %(plan)s failed, and access is closed. Pay the open invoice to open it again at once.",
        plan=case.plan,
    )


def _refused(case: Case) -> Banner:
    if case.by_invoice:
        return "bad", _("Your invoice is not paid"), _("Pay it now, or ask your accounts department to.")
    text, again = _("You can change your card or pay now."), case.row.next_attempt_at
    if again and again > case.now:
        text = _("Next attempt on %(day)s. You can change your card or pay now.", day=moment(again))
    return "bad", _("Your payment did not go through"), text


def _unpaid(case: Case) -> Told:
    sentence = _(
        "%(plan)s is closed because an invoice is unpaid. Pay it to open access again at once.", plan=case.plan
    )
    banner = ("bad", _("Every attempt failed"), _("No other attempt is made: paying is up to you."))
    return Told(sentence, "bad", _("Closed"), banner, [*_pay(case, "accent"), _card()])


def _paused(case: Case) -> Told:
    sentence = _("%(plan)s is paused: nothing is charged, and access is closed.", plan=case.plan)
    return Told(sentence, "warn", _("Paused"), steps=[_resume()])


def _incomplete(case: Case) -> Told:
    sentence = _(
        "The first payment for %(plan)s was not finished: nothing was charged, nothing is open.", plan=case.plan
    )
    again = _pay(case, "accent")
    steps = again or [Step(_("Start again"), "/plans", kind="accent")]
    return Told(sentence, "warn", _("Not finished"), steps=steps)


def _canceled(case: Case) -> Told:
    ended = case.row.ended_at or case.row.ending_at or case.row.synced_at
    values = {"plan": case.plan, "day": moment(ended)}
    if case.owed is not None:
        return _canceled_owing(case, case.owed, values)
    sentence = _("%(plan)s ended on %(day)s. Nothing more will be charged.", **values)
    return Told(sentence, "plain", _("Ended"), steps=[_plans()])


def _canceled_owing(case: Case, owed: Invoice, values: dict[str, str]) -> Told:
    """Ended for a debt: paying settles it and opens nothing by itself, which is said before anybody pays."""
    title = _("An invoice of %(total)s is still to be paid", total=money(owed.amount_due, owed.currency))
    text = _("Paying it settles your account. To read again, take a new subscription afterwards.")
    steps = [*_pay(case, "accent"), Step(_("See the plans"), "/plans")]
    sentence = _("%(plan)s ended on %(day)s because an invoice was not paid.", **values)
    return Told(sentence, "bad", _("Ended"), ("bad", title, text), steps)


def _disputed(case: Case) -> Told:
    """Closed while a payment is disputed, where the house closes then; what is charged goes on as before."""
    title = _("One of your payments is disputed at your bank")
    text = _("If it was a mistake, withdraw the dispute at your bank and write to us: we open access again.")
    sentence = _("%(plan)s is closed until the dispute about a payment is settled.", plan=case.plan)
    write = Step(_("Write to us"), "/contact", kind="accent")
    cancel = [] if case.row.ending_at else [Step(_("Cancel the subscription"), "/billing/cancel", icon="calendar-x")]
    return Told(sentence, "bad", _("Closed"), ("bad", title, text), [write, *_pay(case), *cancel])


def _unknown(_case: Case) -> Told:
    sentence = _("Your subscription is in a state we do not know. Our team has been told; nothing is needed from you.")
    return Told(sentence, "warn", _("Being checked"), steps=[Step(_("Write to us"), "/help/access")])


_DISPUTED = (State.ACTIVE, State.TRIALING, State.ENDING, State.PAST_DUE)
_SAYS: Mapping[State, Callable[[Case], Told]] = {
    State.NONE: _none,
    State.TRIAL: _trial,
    State.PENDING: _pending,
    State.ACTIVE: _active,
    State.TRIALING: _trialing,
    State.ENDING: _ending,
    State.PAST_DUE: _past_due,
    State.UNPAID: _unpaid,
    State.PAUSED: _paused,
    State.INCOMPLETE: _incomplete,
    State.CANCELED: _canceled,
    State.UNKNOWN: _unknown,
}

"""The lock panel: for every reason that refuses, its own words and one working next step.

Whoever has paid is never shown a sales panel: those reasons lead to the invoice, the licence or the help page.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from portal.access.vocabulary import ArticleAccess, Decision, NextStep, Reason
from portal.formats import day, integer, moment
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.typography import NBSP

Action = tuple[str, str, str, str, dict[str, str]]
Foot = tuple[str, str | None, str | None]
HELP = "/help/access"
WHY = "/help/why"
CONTACT = "/contact"


@dataclass(frozen=True, slots=True)
class Locked:
    """What the words of a panel are made from. `name` is the vertical the reason is about, `try_name` one to try."""

    decision: Decision
    access: ArticleAccess
    path: str
    name: str
    words: int
    tables: int
    trial_open: bool = False
    try_slug: str | None = None
    try_name: str = ""
    email: str = ""

    @property
    def slug(self) -> str:
        """The vertical the reason is about."""
        return self.decision.vertical or ""

    def ended(self) -> str:
        """The last day of the right that is over, as people say it."""
        grant = self.decision.grant
        return last_day(grant.last_instant()) if grant else ""

    def rest(self) -> str:
        """What the preview leaves out: "1,340 words and 2 tables"."""
        if not self.words:
            return _("the rest of the article")
        words = _("%(n)s words", n=integer(self.words)) if self.words > 1 else _("one word")
        words = words.replace(" ", NBSP)
        if not self.tables:
            return words
        tables = ngettext("%(num)s table", "%(num)s tables", self.tables).replace(" ", NBSP)
        return _("%(first)s and %(second)s", first=words, second=tables)


@dataclass(frozen=True, slots=True)
class Panel:
    """What the lock_panel macro draws."""

    title: str
    why: str
    actions: list[Action]
    foot: list[Foot] = field(default_factory=list)
    chip: str = ""
    vertical: str = ""
    explained: str = ""
    """Where the refusal is explained rule by rule."""


def last_day(end: datetime) -> str:
    """The last day that is wholly or partly included before this instant."""
    return day(end - timedelta(seconds=1), weekday=True)


def panel(locked: Locked) -> Panel:
    """The panel for a refusal."""
    made = PANELS[locked.decision.reason](locked)
    chip = _("For %(name)s subscribers", name=locked.name)
    if locked.access is ArticleAccess.REGISTERED:
        chip = _("For registered readers")
    return Panel(made.title, made.why, made.actions, made.foot, chip, locked.slug, why_url(locked.path))


def _link(label: str, url: str, kind: str = "accent") -> Action:
    return (label, url, "get", kind, {})


def _post(label: str, url: str, **fields: str) -> Action:
    return (label, url, "post", "accent", fields)


def _plans(locked: Locked, kind: str = "accent", label: str | None = None) -> Action:
    return _link(label or _("See the plans"), f"/plans?{urlencode({'vertical': locked.slug})}", kind)


def _with_next(url: str, locked: Locked, **more: str) -> str:
    return f"{url}?{urlencode({**more, 'next': locked.path})}"


def _start_trial(locked: Locked, slug: str, name: str) -> Action:
    label = _("Try %(name)s for 15 days", name=name)
    return _post(label, "/trial/start", vertical=slug, next=locked.path)


def _still(locked: Locked, why: str) -> str:
    """The cause, then what is waiting behind it."""
    left = _("Left to read: %(rest)s.", rest=locked.rest())
    return f"{why} {left}"


def why_url(path: str) -> str:
    """The page that explains, rule by rule, why the article at this path is open or not."""
    return f"{WHY}?{urlencode({'article': path}, safe='/')}"


def help_url(path: str) -> str:
    """The help page, about the article at this path."""
    return f"{HELP}?{urlencode({'article': path}, safe='/')}"


def _paid_help(locked: Locked) -> Foot:
    return (_("You paid and cannot read?"), _("Get help"), help_url(locked.path))


def _no_strings() -> Foot:
    return (_("No bank card, no automatic renewal."), None, None)


def anonymous(locked: Locked) -> Panel:
    """Row 6: a stranger."""
    login = _link(_("Log in"), _with_next("/login", locked), "ghost")
    title = _("%(rest)s left to read", rest=locked.rest())
    team: Foot = (_("Does your company subscribe?"), _("Log in with your work address"), _with_next("/login", locked))
    if locked.access is ArticleAccess.REGISTERED:
        why = _("This article is free for registered readers: an account is enough.")
        return Panel(title, why, [_link(_("Create my free account"), _with_next("/register", locked)), login])
    if not locked.trial_open:
        why = _("This article is for subscribers of %(name)s.", name=locked.name)
        return Panel(title, why, [_plans(locked), login], [team, _paid_help(locked)])
    why = _("This article is for subscribers of %(name)s. Discover it free of charge for 15 days.", name=locked.name)
    trial = _with_next("/trial", locked, vertical=locked.slug)
    actions = [_link(_("Try %(name)s for 15 days", name=locked.name), trial), login]
    return Panel(title, why, actions, [_no_strings(), team])


def suspended(_locked: Locked) -> Panel:
    """Row 7."""
    why = _("Reading is closed on this account. Write to us: we will tell you why and what to do.")
    return Panel(_("Your account is suspended"), why, [_link(_("Contact us"), CONTACT)])


def unconfirmed(locked: Locked) -> Panel:
    """Row 8."""
    why = _("We sent a link to %(email)s. Open it, then come back here.", email=locked.email)
    again = _post(_("Send the link again"), "/confirm-address/resend", next=locked.path)
    foot: Foot = (_("Is this address not yours?"), _("Get help"), help_url(locked.path))
    return Panel(_("Confirm your address to read on"), _still(locked, why), [again], [foot])


def payment_pending(locked: Locked) -> Panel:
    """Row 12: nothing else to pay."""
    why = _("Nothing else to pay: %(name)s opens as soon as the bank's confirmation reaches us.", name=locked.name)
    actions = [_link(_("Check now"), "/billing/"), _link(_("Reload the article"), locked.path, "ghost")]
    return Panel(_("Payment received, opening in progress"), _still(locked, why), actions, [_paid_help(locked)])


def seat_invited(locked: Locked) -> Panel:
    """Row 13: an invitation, or a licence of one's own organisation not taken."""
    if locked.decision.next_step is NextStep.TAKE_SEAT:
        why = _("Your organisation pays for %(name)s; you hold none of its licences.", name=locked.name)
        take = _link(_("Take a licence"), "/profile/")
        return Panel(_("Take a licence to read on"), _still(locked, why), [take], [_paid_help(locked)])
    why = _("Your organisation offers you a licence for %(name)s. Accept it and read on.", name=locked.name)
    accept = _post(_("Accept my licence"), "/profile/seat/accept", vertical=locked.slug, next=locked.path)
    return Panel(_("A licence is waiting for you"), _still(locked, why), [accept], [_paid_help(locked)])


def not_started(locked: Locked) -> Panel:
    """Row 14."""
    begins = locked.decision.until
    if begins is None:
        raise ValueError("A right that has not started has a start.")
    title = _("Your access begins on %(day)s", day=day(begins, weekday=True))
    why = _("Nothing to do until then: %(name)s opens on %(moment)s.", name=locked.name, moment=moment(begins))
    return Panel(title, _still(locked, why), [_link(_("See my rights"), "/profile/")], [_paid_help(locked)])


def payment_overdue(locked: Locked) -> Panel:
    """Row 15: the reader who pays has an open invoice."""
    why = _("An invoice for %(name)s was not paid. Pay it, and reading opens again at once.", name=locked.name)
    return Panel(
        _("An open invoice keeps %(name)s closed", name=locked.name),
        _still(locked, why),
        [_link(_("Pay the invoice"), "/billing/")],
        [_paid_help(locked)],
    )


def payment_disputed(locked: Locked) -> Panel:
    """Row 15, when the payment was made and is disputed at the bank."""
    why = _(
        "A payment for %(name)s is disputed at your bank. Reading opens again when the dispute is settled; "
        "if it was a mistake, tell your bank, and write to us.",
        name=locked.name,
    )
    return Panel(
        _("A disputed payment keeps %(name)s closed", name=locked.name),
        _still(locked, why),
        [_link(_("Write to us"), "/contact"), _link(_("See my billing"), "/billing/", "ghost")],
    )


def subscription_ended(locked: Locked) -> Panel:
    """Row 16."""
    why = _("Its last day was %(day)s.", day=locked.ended())
    actions = [_plans(locked, label=_("Subscribe again")), _link(_("See my rights"), "/profile/", "ghost")]
    return Panel(
        _("Your subscription to %(name)s has ended", name=locked.name),
        _still(locked, why),
        actions,
        [_paid_help(locked)],
    )


def seat_ended(locked: Locked) -> Panel:
    """Row 17."""
    why = _("Ask whoever manages the licences in your organisation to give you one again.")
    actions = [_link(_("Ask for help"), help_url(locked.path)), _plans(locked, "ghost")]
    return Panel(_("Your licence for %(name)s has ended", name=locked.name), _still(locked, why), actions)


def admin_grant_ended(locked: Locked) -> Panel:
    """Row 18: it was given, never paid for."""
    why = _("Its last day was %(day)s.", day=locked.ended())
    actions = [_plans(locked), _link(_("Contact us"), CONTACT, "ghost")]
    return Panel(_("The access to %(name)s you were given has ended", name=locked.name), _still(locked, why), actions)


def trial_ended(locked: Locked) -> Panel:
    """Row 19; another vertical of the article may still be tried."""
    title = _("Your trial of %(name)s has ended", name=locked.name)
    ended = locked.ended()
    why = _("Its last day was %(day)s; nothing was charged.", day=ended) if ended else _("Nothing was charged.")
    if locked.decision.next_step is NextStep.START_TRIAL and locked.try_slug:
        more = _("This article also belongs to %(name)s, which you have not tried.", name=locked.try_name)
        actions = [_start_trial(locked, locked.try_slug, locked.try_name), _plans(locked, "ghost")]
        return Panel(title, f"{why} {more}", actions, [_no_strings(), _paid_help(locked)])
    subscribe = _plans(locked, label=_("Subscribe to %(name)s", name=locked.name))
    actions = [subscribe, _link(_("See my rights"), "/profile/", "ghost")]
    return Panel(title, _still(locked, why), actions, [_paid_help(locked)])


def other_vertical_try(locked: Locked) -> Panel:
    """Row 20."""
    title = _("%(rest)s left to read", rest=locked.rest())
    why = _(
        "This article belongs to %(name)s, which your present rights do not cover. Add it free of charge for 15 days.",
        name=locked.name,
    )
    actions = [_start_trial(locked, locked.slug, locked.name), _plans(locked, "ghost")]
    return Panel(title, why, actions, [_no_strings(), _paid_help(locked)])


def other_vertical_buy(locked: Locked) -> Panel:
    """Row 21."""
    title = _("%(rest)s left to read", rest=locked.rest())
    why = _("This article belongs to %(name)s, which your present rights do not cover.", name=locked.name)
    # Whoever looks after no subscription is led on from there to the plans.
    add = _link(_("Add %(name)s", name=locked.name), f"/billing/change?{urlencode({'vertical': locked.slug})}")
    return Panel(title, why, [add, _link(_("See my rights"), "/profile/", "ghost")], [_paid_help(locked)])


def trial_available(locked: Locked) -> Panel:
    """Row 22, when the vertical takes trials."""
    title = _("%(rest)s left to read", rest=locked.rest())
    why = _("This article is for subscribers of %(name)s. Your 15-day trial starts in one click.", name=locked.name)
    actions = [_start_trial(locked, locked.slug, locked.name), _plans(locked, "ghost")]
    return Panel(title, why, actions, [_no_strings(), _paid_help(locked)])


def buy(locked: Locked) -> Panel:
    """Row 22, when it takes none."""
    title = _("%(rest)s left to read", rest=locked.rest())
    why = _("This article is for subscribers of %(name)s.", name=locked.name)
    return Panel(title, why, [_plans(locked)], [_paid_help(locked)])


PANELS: dict[Reason, Callable[[Locked], Panel]] = {
    Reason.ANONYMOUS: anonymous,
    Reason.SUSPENDED: suspended,
    Reason.UNCONFIRMED: unconfirmed,
    Reason.PAYMENT_PENDING: payment_pending,
    Reason.SEAT_INVITED: seat_invited,
    Reason.NOT_STARTED: not_started,
    Reason.PAYMENT_OVERDUE: payment_overdue,
    Reason.PAYMENT_DISPUTED: payment_disputed,
    Reason.SUBSCRIPTION_ENDED: subscription_ended,
    Reason.SEAT_ENDED: seat_ended,
    Reason.ADMIN_GRANT_ENDED: admin_grant_ended,
    Reason.TRIAL_ENDED: trial_ended,
    Reason.OTHER_VERTICAL_TRY: other_vertical_try,
    Reason.OTHER_VERTICAL_BUY: other_vertical_buy,
    Reason.TRIAL_AVAILABLE: trial_available,
    Reason.BUY: buy,
}

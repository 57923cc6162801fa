"""What the lock panel says besides to whoever asked, or may ask, a person: for a trial, more days, a licence."""

from dataclasses import replace
from datetime import datetime

from portal.access.vocabulary import ReaderFacts, Reason
from portal.content.lock import Action, Foot, Locked, Panel
from portal.db import AnySession
from portal.formats import day
from portal.i18n import gettext as _
from portal.organisations import joining
from portal.trials import asking
from portal.trials.asking import Asked, Wishes
from portal.trials.models import RequestKind
from portal.trials.own import more_url
from portal.verticals import site_verticals

_TO_ASK = frozenset(
    {Reason.TRIAL_AVAILABLE, Reason.BUY, Reason.TRIAL_ENDED, Reason.OTHER_VERTICAL_TRY, Reason.OTHER_VERTICAL_BUY}
    | {Reason.SEAT_ENDED, Reason.ADMIN_GRANT_ENDED}
)
_TO_TRY = (Reason.TRIAL_AVAILABLE, Reason.OTHER_VERTICAL_TRY)


def told(session: AnySession, made: Panel, locked: Locked, reader: ReaderFacts, at: datetime) -> Panel:
    """The panel with what was asked; only trials are asked for, so only their reasons cost a statement."""
    made = _colleague(session, made, locked, reader)
    decision = locked.decision
    if reader.reader_id is None or decision.reason not in (*_TO_TRY, Reason.TRIAL_ENDED):
        return made
    wishes = asking.wishes(session, reader.reader_id)
    if decision.reason is Reason.TRIAL_ENDED:
        return _after(made, locked, reader, wishes, at)
    waiting = asking.waits_for_cap(wishes, locked.slug)
    return _before(made, locked, waiting) if waiting else made


def _colleague(session: AnySession, made: Panel, locked: Locked, reader: ReaderFacts) -> Panel:
    """Whoever's company subscribes may ask it for a licence, rather than try or buy."""
    if reader.reader_id is None or locked.decision.reason not in _TO_ASK:
        return made
    offer = next(iter(joining.offers(session, locked.email, reader.reader_id)), None)
    if offer is None or offer.declined:
        return made
    if offer.asked_at is not None:
        asked: Foot = (_("You asked your company for a licence: it answers by e-mail."), None, None)
        return replace(made, foot=[asked, *made.foot])
    ask: Foot = (_("Your company subscribes."), _("Ask for a licence"), "/profile/#company")
    return replace(made, foot=[ask, *made.foot])


def _after(made: Panel, locked: Locked, reader: ReaderFacts, wishes: Wishes, at: datetime) -> Panel:
    """More days may be asked for, or were."""
    code = asking.hindrance(reader, locked.slug, wishes, at)
    if code == "waiting":
        return replace(made, why=f"{made.why} {_answer(wishes[RequestKind.EXTENSION, locked.slug])}")
    if code or locked.slug not in {one.slug for one in site_verticals()}:
        return made  # nobody is given more days of a title that is no more
    ask: Action = (_("Ask for more days"), more_url(locked.slug, locked.path), "get", "ghost", {})
    others = [action for action in made.actions if action[1] != "/profile/"]
    return replace(made, actions=[*others, ask])


def _answer(asked: Asked) -> str:
    due = day(asked.due, weekday=True, year=False)
    return _("You asked for more days: we answer by e-mail, on %(day)s at the latest.", day=due)


def _before(made: Panel, locked: Locked, waiting: Asked) -> Panel:
    """A trial beyond the company's cap: there is nothing to click but plans."""
    why = _("Your company has reached its number of trials of %(name)s.", name=locked.name)
    due = day(waiting.due, weekday=True, year=False)
    answer = _("We answer within one working day, by e-mail, on %(day)s at the latest.", day=due)
    plans: Action = (_("See the plans"), f"/plans?vertical={locked.slug}", "get", "accent", {})
    yours: Action = (_("Your trials"), "/trial", "get", "ghost", {})
    foot = [one for one in made.foot if one[2]]  # without the line that goes with the button
    return replace(made, title=_("Your request is with us"), why=f"{why} {answer}", actions=[plans, yours], foot=foot)

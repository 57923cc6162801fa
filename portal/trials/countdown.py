"""The countdown: one source for the ribbon, the account and the mails.

A state and sentences are worked out from a trial's facts and an instant; nothing here reads the database but
`ribbon()`, which asks for the facts of whoever is signed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal import clock, cookies
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.vocabulary import GrantFacts, GrantState, ReaderFacts, Reason, Source
from portal.clock import PARIS, paris_date
from portal.db import db
from portal.formats import day
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.trials import dates, queries

ENDED_SHOWN_FOR = 7  # civil days
DISMISSED_COOKIE = "trial-ended"


class Stage(StrEnum):
    """How near the end is; also the ribbon's look."""

    QUIET = "quiet"
    SOFT = "soft"
    OFFER = "offer"
    EVE = "eve"
    LAST = "last"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Countdown:
    """Where one trial stands. `ends_at` is exclusive; `days_left` counts the days after today, `last_day` included."""

    grant_id: int
    vertical: str
    name: str
    ends_at: datetime
    now: datetime
    stage: Stage
    days_left: int
    names: tuple[str, ...] = ()

    @property
    def last_day(self) -> date:
        """The last civil day in Paris that the trial includes."""
        return dates.last_day(self.ends_at)

    @property
    def ticks_left(self) -> int:
        """Bars still alive: a tick dies when its civil day ends, so the last day still has one."""
        return 0 if self.stage is Stage.ENDED else min(dates.TRIAL_DAYS, self.days_left + 1)

    @property
    def what(self) -> str:
        """What the trial is of: "mind Fintech", or several joined."""
        return queries.listed(self.names or (self.name,))

    @property
    def headline(self) -> str:
        """The state in one sentence; never "0 days"."""
        name = self.what
        if self.stage is Stage.ENDED:
            return _("Your trial of %(name)s ended on %(day)s.", name=name, day=day(self.last_day, weekday=True))
        if self.stage is Stage.LAST:
            return _("Last day of your %(name)s trial: until midnight, Paris time.", name=name)
        if self.stage is Stage.EVE:
            return _("Your %(name)s trial ends tomorrow evening.", name=name)
        return ngettext(
            "You have %(num)s day left of your %(name)s trial.",
            "You have %(num)s days left of your %(name)s trial.",
            self.days_left,
            name=name,
        )

    @property
    def detail(self) -> str:
        """The exact end in words."""
        if self.stage is Stage.ENDED:
            return _("Nothing was charged.")
        if self.stage is Stage.LAST:
            return ""
        if self.stage is Stage.EVE:
            return _("Access until %(day)s inclusive, at midnight Paris time.", day=day(self.last_day, weekday=True))
        return _("Access until %(day)s inclusive.", day=day(self.last_day, weekday=True))

    @property
    def until(self) -> str:
        """ "until Monday 7 December inclusive", to stand inside a sentence."""
        return _("until %(day)s inclusive", day=day(self.last_day, weekday=True, year=False))

    @property
    def when(self) -> str:
        """ "on Monday evening" when that is clear, with the date when it is not."""
        if self.days_left <= 0:
            return _("this evening")
        if self.days_left == 1:
            return _("tomorrow evening")
        if self.days_left < 7:
            return _("on %(weekday)s evening", weekday=day(self.last_day, weekday=True).split("\u00a0")[0])
        return _("on the evening of %(day)s", day=day(self.last_day, weekday=True, year=False))

    @property
    def time_left(self) -> str:
        """ "5 h 12 min left" on the last day, rounded up to the minute as the script does; else nothing."""
        if self.stage is not Stage.LAST:
            return ""
        minutes = -((self.now - self.ends_at) // timedelta(minutes=1))
        hours, rest = divmod(minutes, 60)
        text = _("{h} h {m} min left") if hours else _("{m} min left")
        return text.replace("{h}", str(hours)).replace("{m}", f"{rest:02}" if hours else str(rest))

    @property
    def ended_key(self) -> str:
        """What the cookie of a hidden "ended" ribbon holds: its end, so that a later end is told again."""
        return self.last_day.isoformat()


def stage_of(ends_at: datetime, now: datetime) -> Stage:
    """How near this exclusive end is: civil days in Paris, but the end itself to the instant."""
    if now >= ends_at:
        return Stage.ENDED
    left = dates.days_left(ends_at, now)
    for stage, at_least in ((Stage.QUIET, 8), (Stage.SOFT, 4), (Stage.OFFER, 2), (Stage.EVE, 1)):
        if left >= at_least:
            return stage
    return Stage.LAST


def countdown(grant: GrantFacts, name: str, now: datetime) -> Countdown:
    """Where this trial stands at this instant."""
    ends_at = grant.last_instant()
    return Countdown(
        grant_id=grant.grant_id,
        vertical=grant.vertical,
        name=name,
        ends_at=ends_at,
        now=now,
        stage=stage_of(ends_at, now),
        days_left=dates.days_left(ends_at, now),
    )


def covered(facts: ReaderFacts, trial: GrantFacts, now: datetime) -> bool:
    """True when the end of this trial takes nothing away: something stronger opens the vertical now or at the end.

    A payment on its way counts too: whoever has paid is not counted down to.
    """
    article = queries.guarded_article(trial.vertical)
    present, after = decide(article, facts, now), decide(article, facts, max(now, trial.last_instant()))
    if present.full and present.reason is not Reason.GRANT_TRIAL:
        return True
    awaited = any(a.vertical == trial.vertical and a.since <= now < a.until for a in facts.awaited)
    return awaited or after.full


def countdowns(facts: ReaderFacts, now: datetime, names: Mapping[str, str] | None = None) -> list[Countdown]:
    """Every trial of this reader that has begun, running ones first, the nearest end first.

    `names` maps slugs to names of verticals; those of the site when left out. Trials that a stronger right covers
    are listed too (see `covered`): the account shows them, the ribbon does not.
    """
    names = names if names is not None else _names_for(facts)
    begun = [grant for grant in facts.grants if grant.source is Source.TRIAL and grant.starts_at <= now]
    found = [countdown(grant, names.get(grant.vertical, grant.vertical), now) for grant in begun]
    running = sorted((c for c in found if c.stage is not Stage.ENDED), key=lambda c: c.ends_at)
    ended = sorted((c for c in found if c.stage is Stage.ENDED), key=lambda c: c.ends_at, reverse=True)
    return running + ended


@dataclass(frozen=True, slots=True)
class Ribbon:
    """The line under the masthead; its shape is that of templates/components/ribbon.html."""

    kind: str
    vertical: str
    ticks_left: int
    headline: str
    detail: str
    action: tuple[str, str] | None
    dismiss_url: str | None
    dismiss_key: str
    ends_at_iso: str | None
    countdown: str


def ribbon() -> Ribbon | None:
    """The ribbon for whoever is signed in, or None."""
    facts = reader_facts()
    if not any(grant.source is Source.TRIAL for grant in facts.grants):
        return None
    return ribbon_of(facts, clock.now(), _names_for(facts), cookies.read(DISMISSED_COOKIE))


def ribbon_of(
    facts: ReaderFacts, now: datetime, names: Mapping[str, str], dismissed: str | None = None
) -> Ribbon | None:
    """The most urgent trial that is worth a line: running ones first, then one that ended less than seven days ago."""
    if facts.suspended or not facts.confirmed:
        return None
    grants = {grant.grant_id: grant for grant in facts.grants}
    worth = [c for c in countdowns(facts, now, names) if not covered(facts, grants[c.grant_id], now)]
    running = [c for c in worth if c.stage is not Stage.ENDED]
    if running:
        return _drawn(_together(running))
    told = [c for c in worth if _still_told(c, now) and grants[c.grant_id].state(now) is not GrantState.REVOKED]
    if told and told[0].ended_key != dismissed:
        return _drawn(_together(told))
    return None


def _together(found: list[Countdown]) -> Countdown:
    """The first one, naming all that end with it: three trials begun together are one line."""
    same = tuple(c.name for c in found if c.ends_at == found[0].ends_at)
    return replace(found[0], names=same)


def _still_told(ended: Countdown, now: datetime) -> bool:
    return (paris_date(now) - ended.last_day).days <= ENDED_SHOWN_FOR


def _drawn(c: Countdown) -> Ribbon:
    offers = c.stage in (Stage.OFFER, Stage.EVE, Stage.LAST, Stage.ENDED)
    return Ribbon(
        kind=c.stage.value,
        vertical=c.vertical,
        ticks_left=c.ticks_left,
        headline=c.headline,
        detail=c.detail,
        action=(_("Choose a plan"), "/plans") if offers else None,
        dismiss_url="/trial/ribbon/dismiss" if c.stage is Stage.ENDED else None,
        dismiss_key=c.ended_key if c.stage is Stage.ENDED else "",
        ends_at_iso=c.ends_at.astimezone(PARIS).isoformat() if c.stage is Stage.LAST else None,
        countdown=c.time_left,
    )


def _names_for(facts: ReaderFacts) -> dict[str, str]:
    return queries.vertical_names(db.session, {g.vertical for g in facts.grants if g.source is Source.TRIAL})

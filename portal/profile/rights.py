"""A reader's rights as they read them: where each comes from, when it began, when it ends and what happens then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from portal import formats
from portal.access import words
from portal.access.standing import Contract, RightState, chip_of, once, state_of
from portal.access.vocabulary import EndCause, GrantFacts, ReaderFacts, Source
from portal.i18n import gettext, ngettext
from portal.i18n import lazy_gettext as _
from portal.trials.countdown import Countdown, Stage, countdown, covered
from portal.trials.dates import days_left


@dataclass(frozen=True, slots=True)
class VerticalName:
    """A vertical as the macros want it."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Right:
    """One row: the shape of the macro rights_table and of the profile's cards, and the facts it was made from."""

    grant: GrantFacts
    kind: RightState
    vertical: VerticalName
    state: tuple[str, str]
    source: str
    source_detail: str
    start: str
    end: str
    end_detail: str
    then: str
    closed: bool
    countdown: Countdown | None
    done: int | None
    action: tuple[str, str] | None

    @property
    def renews(self) -> bool:
        """True when its end is a renewal."""
        return self.kind is RightState.PAID

    @property
    def ticks_left(self) -> int | None:
        """Bars of a running trial that are still alive."""
        return self.countdown.ticks_left if self.countdown else None

    @property
    def left(self) -> str:
        """What is left of a running trial, for the words beside its bars."""
        if self.countdown is None:
            return ""
        if self.countdown.stage is Stage.LAST:
            return gettext("Last day, until midnight Paris time")
        return gettext("Ends tomorrow evening") if self.countdown.stage is Stage.EVE else self.end_detail


def rights_of(
    reader: ReaderFacts,
    now: datetime,
    *,
    names: Mapping[str, str] | None = None,
    contracts: Mapping[int, Contract] | None = None,
) -> list[Right]:
    """Every right of the reader at `now`: open ones first, then those to come, then those that ended, latest first.

    `names` {slug: name}; `contracts` {grant id: Contract} for grants that mirror a subscription.
    """
    known = contracts or {}
    rows = [_row(grant, now, names or {}, known.get(grant.grant_id)) for grant in once(reader.grants, now)]
    rows = [_beside(row) if row.countdown and covered(reader, row.grant, now) else row for row in rows]
    return sorted(rows, key=lambda row: (_ORDER[row.kind], _newest_first(row)))


def _beside(trial: Right) -> Right:
    """A trial whose end takes nothing away is no occasion to sell."""
    text = gettext(
        "Open until %(end)s. Your other right keeps this title open after it.",
        end=words.end_words(trial.grant.last_reached()),
    )
    return replace(trial, then=text, action=None)


_ORDER = dict.fromkeys(RightState, 0) | {RightState.FUTURE: 1, RightState.NO_SEAT: 1, RightState.EXPIRED: 2}


def _newest_first(row: Right) -> float:
    return -row.grant.last_reached().timestamp()


def _row(grant: GrantFacts, now: datetime, names: Mapping[str, str], contract: Contract | None) -> Right:
    kind = state_of(grant, now, contract)
    end = _end(grant, kind, contract)
    closed = kind in (RightState.EXPIRED, RightState.NO_SEAT)
    trial = kind is RightState.TRIAL
    return Right(
        grant=grant,
        kind=kind,
        vertical=VerticalName(grant.vertical, names.get(grant.vertical, grant.vertical)),
        state=chip_of(kind),
        source=words.source_words(grant),
        source_detail=contract.organisation if contract and grant.organisation_id else "",
        start=words.start_words(grant.starts_at),
        end=formats.day(end) if kind is RightState.PAID else words.short_end(end),
        end_detail=_end_detail(end, kind, now),
        then=_then(grant, kind, end),
        closed=closed,
        countdown=countdown(grant, names.get(grant.vertical, grant.vertical), now) if trial else None,
        done=None if trial or closed or kind is RightState.FUTURE else _share_done(grant.starts_at, end, now),
        action=_action(grant, kind),
    )


def _end(grant: GrantFacts, kind: RightState, contract: Contract | None) -> datetime:
    """The end people are told: the contract's day, the last day of grace, or the grant's own."""
    if kind in (RightState.PAST_DUE, RightState.EXPIRED):
        return grant.last_reached()
    told = contract and (contract.ending_at or contract.renews_at)
    return told or grant.last_reached()


def _end_detail(end: datetime, kind: RightState, now: datetime) -> str:
    if kind is RightState.PAID:
        return gettext("renews")
    if kind in (RightState.EXPIRED, RightState.NO_SEAT, RightState.FUTURE):
        return ""
    left = days_left(end, now)
    if left <= 0:
        return gettext("today")
    return ngettext("%(num)s day left", "%(num)s days left", left)


def _share_done(start: datetime, end: datetime, now: datetime) -> int:
    """How much of the period is over, 0 to 100."""
    whole = (end - start).total_seconds()
    return min(100, max(0, round(100 * (now - start).total_seconds() / whole))) if whole > 0 else 100


_THEN: Mapping[RightState, object] = {
    RightState.TRIAL: _("Open until %(end)s. Then nothing is charged, and articles close unless you subscribe."),
    RightState.PAID: _("Renews by itself on %(day)s."),
    RightState.ENDING: _("Not renewed: reading closes after %(end)s."),
    RightState.PAST_DUE: _("Reading stays open until %(end)s so that you can settle the payment."),
    RightState.GRANTED: _("Open until %(end)s, nothing to pay. Nothing renews by itself."),
    RightState.SEAT: _("Open as long as your organisation gives you this seat, at present until %(end)s."),
    RightState.FUTURE: _("Opens on %(start)s."),
    RightState.NO_SEAT: _("Your organisation has this right; you manage it without a seat of your own."),
}
_ENDED: Mapping[Source, object] = {
    Source.TRIAL: _("Your trial ended on %(day)s. Nothing was charged."),
    Source.SUBSCRIPTION: _("Your subscription ended on %(day)s."),
    Source.ADMIN: _("This access ended on %(day)s."),
}


def _then(grant: GrantFacts, kind: RightState, end: datetime) -> str:
    if kind is RightState.EXPIRED:
        return _ended(grant, end)
    values = {"end": words.end_words(end), "day": formats.day(end), "start": words.start_words(grant.starts_at)}
    return str(_THEN[kind]) % values


def _ended(grant: GrantFacts, end: datetime) -> str:
    day = words.short_end(end)
    if grant.organisation_id is not None and not grant.manages:
        return gettext("This seat ended on %(day)s.", day=day)
    if grant.end_cause is EndCause.DISPUTED:
        return gettext("Closed on %(day)s because a payment is disputed at the bank.", day=day)
    if grant.end_cause is EndCause.UNPAID or (grant.end_cause is None and grant.grace_until is not None):
        return gettext("Closed on %(day)s because an invoice is not paid.", day=day)
    return str(_ENDED[grant.source]) % {"day": day}


def _action(grant: GrantFacts, kind: RightState) -> tuple[str, str] | None:
    """What the reader can do about it: never a sale to somebody who has paid or been given."""
    if kind is RightState.PAST_DUE:
        return gettext("Settle the payment"), "/billing/"
    if kind is RightState.PAID:
        return gettext("See the subscription"), "/billing/"
    if kind is RightState.ENDING:
        return gettext("Resume the subscription"), "/billing/"
    if kind is RightState.TRIAL:
        return gettext("See the offers"), "/plans"
    if kind is RightState.EXPIRED and grant.pays():
        return _after_the_end(grant)
    return None


def _after_the_end(grant: GrantFacts) -> tuple[str, str]:
    if grant.source is Source.SUBSCRIPTION:
        return gettext("See my billing"), "/billing/"
    return gettext("See the offers"), "/plans"

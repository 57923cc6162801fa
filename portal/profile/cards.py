"""“Mes droits” by vertical: a card for each one that is open or was taken on, a line for each one that is closed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.access.decision import decide
from portal.access.doors import Door, briefly, door
from portal.access.standing import RightState
from portal.access.vocabulary import NextStep, ReaderFacts
from portal.profile.rights import Right, VerticalName
from portal.trials.queries import guarded_article
from portal.verticals import VerticalInfo

# What opens the articles comes first, as it does in the decision.
_STRENGTH = (
    *(RightState.PAID, RightState.ENDING, RightState.PAST_DUE, RightState.SEAT, RightState.GRANTED),
    *(RightState.TRIAL, RightState.FUTURE, RightState.NO_SEAT, RightState.EXPIRED),
)


@dataclass(frozen=True, slots=True)
class Card:
    """A vertical and the rights to it, the one that decides first."""

    vertical: VerticalName
    rights: tuple[Right, ...]

    @property
    def overlapping(self) -> bool:
        """True when more than one of them is open now."""
        return sum(not right.closed and right.kind is not RightState.FUTURE for right in self.rights) > 1


@dataclass(frozen=True, slots=True)
class Closed:
    """A vertical without a right: why, and what would open it. A trial is one click away, other doors are links."""

    vertical: VerticalInfo
    why: str
    action: Door | None
    may_try: bool


def cards(rights: Iterable[Right]) -> list[Card]:
    """One card for each vertical, in the order in which the rights come."""
    by_slug: dict[str, list[Right]] = {}
    for right in rights:
        by_slug.setdefault(right.vertical.slug, []).append(right)
    groups = (sorted(group, key=lambda right: _STRENGTH.index(right.kind)) for group in by_slug.values())
    return [Card(group[0].vertical, tuple(group)) for group in groups]


def closed(
    verticals: Iterable[VerticalInfo], shown: Sequence[Card], reader: ReaderFacts, now: datetime
) -> list[Closed]:
    """The verticals that have no card."""
    known = {card.vertical.slug for card in shown}
    return [_closed(vertical, reader, now) for vertical in verticals if vertical.slug not in known]


def _closed(vertical: VerticalInfo, reader: ReaderFacts, now: datetime) -> Closed:
    decision = decide(guarded_article(vertical.slug, trial_open=vertical.trial_open), reader, now)
    action = door(decision, vertical.slug, vertical.name)
    here = action is not None and action[1] == "/profile/"  # the licence that waits stands above, on the same page
    may_try = decision.next_step is NextStep.START_TRIAL
    return Closed(vertical, briefly(decision), None if here else action, may_try)

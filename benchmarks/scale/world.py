"""What every generator needs: where rows go, chance, the sizes, and what was there before."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from benchmarks.scale.sizes import Sizes
from benchmarks.scale.store import Store
from portal.clock import paris_date
from portal.trials.reminders import Kind, slots

NOW = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
"""The clock stands still here, so that the same sizes are the same data whenever they are made and read."""
LIFE = timedelta(days=3 * 365)
DAY = timedelta(days=1)
OPENED = NOW - LIFE - DAY
"""Verticals, staff and the demo's articles are there since then."""


class Share:
    """Deals a total out by weights, to the last one."""

    def __init__(self, total: int, weight: float) -> None:
        self._total, self._weight = total, weight
        self._seen, self._dealt = 0.0, 0

    def take(self, weight: float = 1) -> int:
        """What falls to the next one; the total is reached when all weights were named."""
        self._seen += weight
        due = round(self._total * self._seen / self._weight)
        share, self._dealt = due - self._dealt, due
        return share


@dataclass(slots=True)
class World:
    """One run of the generator. `verticals` are ids in the masthead's order; `staff` is who gives."""

    store: Store
    sizes: Sizes
    verticals: list[int]
    staff: int
    now: datetime
    chance: random.Random = field(init=False)
    told: dict[date, list[Kind]] = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.sizes.seed)
        self.told = _told(self.now)

    def born(self, number: int) -> datetime:
        """When reader `number` of all came: evenly over three years, a day ago at the latest."""
        seconds = (LIFE - DAY).total_seconds() * number / self.sizes.readers
        return self.now - LIFE + timedelta(seconds=int(seconds))

    def between(self, start: datetime, end: datetime) -> datetime:
        """Some second of this time."""
        return start + timedelta(seconds=int(self.chance.random() * (end - start).total_seconds()))

    def one_in(self, number: float) -> bool:
        """True once in so many times."""
        return self.chance.random() * number < 1

    def some_verticals(self, most: int = 3) -> list[int]:
        """One to three verticals, mostly one."""
        count = min(most, self.chance.choices((1, 2, 3), (60, 25, 15))[0], len(self.verticals))
        first = self.chance.randrange(len(self.verticals))
        return [self.verticals[(first + step) % len(self.verticals)] for step in range(count)]


def _told(now: datetime) -> dict[date, list[Kind]]:
    """{last day: reminders that went}: all that are still in their time but those whose morning is today's."""
    today, told = paris_date(now), defaultdict(list)
    for kind, day in slots(now):
        if (day - today).days != kind.first:
            told[day].append(kind)
    return dict(told)

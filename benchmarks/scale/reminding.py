"""Due reminders: the statement that the worker puts for each slot, its plan, and a whole slot walked through.

The generator wrote the mails of every slot but of those whose morning is today's: a look finds most slots finished,
as it does on any day.
"""

from collections.abc import Iterator
from datetime import date

from benchmarks.scale import plans
from benchmarks.scale.timing import Finding, Took, timed, together
from benchmarks.scale.world import NOW
from portal.clock import paris_date
from portal.db import db, end_reading
from portal.trials.reminders import KINDS, Kind, candidates, slots

INDEX = "ix_grants_trial_end"
LIMIT = 50  # what the worker asks for at a time
LOOKS = 20
EXPECTED = 0.050


def measure(readers: int) -> Iterator[Finding]:
    """One slot, all slots of a look, and the pages of a slot of which nobody has heard yet."""
    for kind in KINDS:
        for after in (0, readers // 2):
            plans.check(f"The reminders’ statement ({kind.name}, beyond {after})", plan_of(kind, after), names=INDEX)
    asked = list(slots(NOW))
    looks = [[timed(lambda k=k, d=d: ask(k, d)) for k, d in asked] for _look in range(LOOKS)]  # type: ignore[misc]
    slow = max(range(len(asked)), key=lambda place: min(look[place].wall for look in looks))
    kind, _day = asked[slow]
    yield Finding("due reminders, one slot", [took for look in looks for took in look], f"of {len(asked)}", EXPECTED)
    yield Finding(f"due reminders, the slowest slot ({kind.name})", [look[slow] for look in looks], "looks", EXPECTED)
    yield Finding("due reminders, a whole look of the worker", [together(look) for look in looks], "looks")
    new = next(day for kind, day in asked if kind is KINDS[0] and (day - paris_date(NOW)).days == kind.first)
    pages, found = walk(KINDS[0], new)
    yield Finding(f"due reminders, a new slot of {found} walked", pages, f"pages of {LIMIT}", EXPECTED)


def ask(kind: Kind, day: date, after: int = 0) -> list[int]:
    """The next readers of a slot, as the worker reads them."""
    found = list(db.session.scalars(*candidates(kind, day, after=after, limit=LIMIT)))
    end_reading()
    return found


def walk(kind: Kind, day: date) -> tuple[list[Took], int]:
    """(how long each page takes, readers found), a slot walked from end to end."""
    took, after, count = [], 0, 0
    while True:
        found: list[int] = []
        took.append(timed(lambda: found.extend(ask(kind, day, after))))  # noqa: B023
        count += len(found)
        if len(found) < LIMIT:
            return took, count
        after = found[-1]


def plan_of(kind: Kind, after: int) -> str:
    """How the database finds the readers of the slot that this kind has now."""
    day = next(day for asked, day in slots(NOW) if asked is kind)
    return plans.plan_of(*candidates(kind, day, after=after, limit=LIMIT))

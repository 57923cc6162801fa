"""The civil days of a trial, in Paris: pure date arithmetic, true on the days when clocks change.

The day of activation is not counted; fifteen whole days follow it, and the trial ends at the midnight after the last.
Nothing here adds a duration to a local time: everything goes through dates, then attaches the zone.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.clock import paris_date, paris_midnight

TRIAL_DAYS = 15
REMIND_BEFORE = timedelta(days=3)
_INSTANT = timedelta(microseconds=1)


def end_of_trial(start: datetime) -> datetime:
    """The instant (UTC, exclusive) at which a trial started at `start` ends: midnight of the sixteenth day after it."""
    return end_of_day(paris_date(start) + timedelta(days=TRIAL_DAYS))


def end_of_day(day: date) -> datetime:
    """The instant (UTC, exclusive) at which this civil day ends in Paris."""
    return paris_midnight(day + timedelta(days=1))


def last_day(ends_at: datetime) -> date:
    """The last civil day in Paris that a right ending (exclusively) at `ends_at` includes."""
    return paris_date(ends_at - _INSTANT)


def days_left(ends_at: datetime, now: datetime) -> int:
    """Whole days after today until the last day: 15 on the first day, 0 on the last, negative afterwards."""
    return (last_day(ends_at) - paris_date(now)).days


def extended(ends_at: datetime, now: datetime, days: int) -> datetime:
    """The new end after `days` more civil days, counted from today or from the last day, whichever is later."""
    return end_of_day(max(paris_date(now), last_day(ends_at)) + timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Steps:
    """When what happens in a trial."""

    reminder: date
    last: date


def steps(start: datetime) -> Steps:
    """The days of a trial that begins at `start`."""
    last = last_day(end_of_trial(start))
    return Steps(last - REMIND_BEFORE, last)

"""Where the clock may jump to, and how the stand-in is asked to catch up."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import requests
from flask_babel.speaklater import LazyString

from portal import clock
from portal.i18n import lazy_gettext, ngettext
from portal.settings import Settings

SETTLE_SECONDS, TIMEOUT = 10, 15


@dataclass(frozen=True, slots=True)
class Jump:
    """A button of the time machine; `target` gives the instant to go to, None for real time."""

    label: LazyString
    target: Callable[[datetime], datetime | None]


def next_midnight(now: datetime) -> datetime:
    """The instant at which the next civil day begins in Paris."""
    return clock.paris_midnight(clock.paris_date(now) + timedelta(days=1))


def a_month_later(now: datetime) -> datetime:
    """The same hour in Paris on the same day of the next month, or on its last day."""
    local = now.astimezone(clock.PARIS)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    day = min(local.day, monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day)


def next_morning(now: datetime) -> datetime:
    """Ten o'clock in Paris, when reminders have gone out: today's if it has not come yet, else tomorrow's."""
    today = datetime.combine(clock.paris_date(now), time(10), tzinfo=clock.PARIS)
    return today if now < today else days_later(1)(today)


def days_later(days: int) -> Callable[[datetime], datetime]:
    """The same hour in Paris so many days on, also when the clocks change between."""

    def target(now: datetime) -> datetime:
        local = now.astimezone(clock.PARIS)
        return datetime.combine(local.date() + timedelta(days=days), local.time(), tzinfo=clock.PARIS)

    return target


JUMPS = {
    "hour": Jump(lazy_gettext("One hour later"), lambda now: now + timedelta(hours=1)),
    "midnight": Jump(lazy_gettext("Next midnight in Paris"), next_midnight),
    "morning": Jump(lazy_gettext("Next morning at ten"), next_morning),
    "day": Jump(lazy_gettext("One day later"), days_later(1)),
    "week": Jump(lazy_gettext("One week later"), days_later(7)),
    "month": Jump(lazy_gettext("One month later"), a_month_later),
    "now": Jump(lazy_gettext("Back to real time"), lambda _now: None),
}


def settle(settings: Settings) -> bool:
    """Ask the stand-in to do what is due at the new time. False when it does not answer; True without a stand-in."""
    if not settings.uses_sandbox:
        return True
    try:
        answer = requests.post(
            f"{settings.stripe_api_base}/_control/settle", json={"seconds": SETTLE_SECONDS}, timeout=TIMEOUT
        )
    except requests.RequestException:
        return False
    return answer.ok


def offset_in_words(offset: timedelta) -> str | None:
    """How far ahead the clock is, in days and hours; None at real time."""
    hours = round(offset.total_seconds() / 3600)
    if offset == timedelta():
        return None
    days, rest = divmod(abs(hours), 24)
    parts = [ngettext("%(num)s day", "%(num)s days", days)] if days else []
    parts += [ngettext("%(num)s hour", "%(num)s hours", rest)] if rest or not days else []
    return ("− " if hours < 0 else "+ ") + " ".join(parts)

"""Rights over time as bars: the last months and the coming ones, with today between what is spent and what is left.

Places along the line are percentages of the window, so that the drawing is as wide as its place and its words keep
their size.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.access.standing import RightState
from portal.access.vocabulary import Source
from portal.clock import paris_date, paris_midnight
from portal.i18n import current_locale
from portal.profile.rights import Right

BEFORE, AFTER = 2, 4  # whole months shown before the present one, and from its start on
_MONTHS = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_TOP, _TITLE, _LANE, _GAP = 36, 20, 40, 14
_THIN = 0.7  # percent: the least that can be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lane. `kind`: spent, left, grace (a payment is due), over, ahead."""

    x: str
    width: str
    kind: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One right: its words above, its bars below; `y` is where the words stand."""

    label: str
    x: str
    anchor: str
    y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A vertical's lanes under its name."""

    slug: str
    name: str
    y: int
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing: months as (place, word; a January is its year), and everything below them."""

    months: tuple[tuple[str, str], ...]
    today: str
    groups: tuple[Group, ...]
    height: int


@dataclass(frozen=True, slots=True)
class _Window:
    start: datetime
    end: datetime
    now: datetime

    def place(self, instant: datetime) -> float:
        """Percent from the left, within the window."""
        share = (instant - self.start) / (self.end - self.start)
        return min(100.0, max(0.0, 100.0 * share))

    def meets(self, right: Right) -> bool:
        begins, ends = _span(right)
        return begins < self.end and ends > self.start

    def bar(self, begins: datetime, ends: datetime, kind: str) -> Bar | None:
        """A bar, or nothing when no part of it is in the window."""
        if ends <= begins or ends <= self.start or begins >= self.end:
            return None
        x = self.place(begins)
        width = max(_THIN, self.place(ends) - x)
        return Bar(_percent(min(x, 100.0 - width)), _percent(width), kind)


def timeline(rights: Sequence[Right], now: datetime) -> Timeline | None:
    """The drawing of these rights; None when none of them meets the window."""
    first = _month(paris_date(now), -BEFORE)
    window = _Window(paris_midnight(first), paris_midnight(_month(first, BEFORE + AFTER)), now)
    shown = [right for right in rights if window.meets(right)]
    if not shown:
        return None
    groups = tuple(_groups(shown, window))
    last = groups[-1]
    return Timeline(
        months=tuple(_months(first, window)),
        today=_percent(window.place(now)),
        groups=groups,
        height=last.y + len(last.lanes) * _LANE + _GAP,
    )


def _months(first: date, window: _Window) -> Iterator[tuple[str, str]]:
    names = _MONTHS[current_locale()]
    for number in range(BEFORE + AFTER):
        month = _month(first, number)
        word = str(month.year) if month.month == 1 else names[month.month - 1]
        yield _percent(window.place(paris_midnight(month))), word


def _groups(rights: Iterable[Right], window: _Window) -> Iterator[Group]:
    by_vertical: dict[str, list[Right]] = {}
    for right in rights:
        by_vertical.setdefault(right.vertical.slug, []).append(right)
    y = _TOP + _TITLE
    for slug, group in by_vertical.items():
        ordered = sorted(group, key=_span)
        lanes = tuple(_lane(right, window, y + number * _LANE) for number, right in enumerate(ordered))
        yield Group(slug, group[0].vertical.name, y, lanes)
        y += len(lanes) * _LANE + _GAP + _TITLE


def _lane(right: Right, window: _Window, y: int) -> Lane:
    """Words begin where the bar begins, or end where it ends when it lies far to the right."""
    begins, ends = _span(right)
    x = window.place(begins)
    late = x > 50.0
    place = window.place(ends) if late else x
    return Lane(right.source, _percent(place), "end" if late else "start", y + 20, tuple(_bars(right, window)))


def _bars(right: Right, window: _Window) -> Iterator[Bar]:
    begins, ends = _span(right)
    grant = right.grant
    stretches: list[tuple[datetime, datetime, str]]
    if right.closed:
        stretches = [(begins, ends, "over")]
    elif right.kind is RightState.FUTURE:
        stretches = [(begins, ends, "ahead")]
    else:
        paid = min(ends, grant.ends_at) if right.kind is RightState.PAST_DUE else ends
        middle = min(max(window.now, begins), paid)
        stretches = [(begins, middle, "spent"), (middle, paid, "left"), (paid, ends, "grace")]
    yield from (bar for bar in (window.bar(*stretch) for stretch in stretches) if bar is not None)


def _span(right: Right) -> tuple[datetime, datetime]:
    """From when until when the right reaches its reader, as people are told it."""
    grant = right.grant
    begins = max(grant.starts_at, grant.seated_from or grant.starts_at)
    ends = grant.told_end() if grant.source is Source.SUBSCRIPTION else grant.last_reached()
    return begins, max(ends, begins + timedelta(hours=1))


def _month(day: date, ahead: int) -> date:
    """The first of the month so many months ahead."""
    months = day.year * 12 + day.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


def _percent(value: float) -> str:
    return f"{value:.2f}%"

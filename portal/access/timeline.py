"""Rights over time as bars, one lane for each right, so that those which overlap lie below one another.

Places along the line are percentages of the window, so that the drawing is as wide as its place and its words keep
their size. A table must say the same beside it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.access.standing import RightState, once, state_of
from portal.access.vocabulary import GrantFacts, ReaderFacts
from portal.access.words import last_day, source_words
from portal.clock import paris_date, paris_midnight
from portal.i18n import current_locale, gettext
from portal.i18n import lazy_gettext as _
from portal.typography import NBSP

BEFORE, AFTER = 2, 4  # whole months shown before the present one, and from its start on, whatever there is
LONGEST_BEFORE, LONGEST_AFTER = 12, 14  # as far as the window goes to show where rights begin and end
_MONTHS = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_TOP, _TITLE, _LANE, _GAP = 36, 20, 40, 14
_THIN = 0.7  # percent: the least that can be seen
_CLOSED = (RightState.EXPIRED, RightState.NO_SEAT)
_LEGEND: Mapping[str, object] = {
    "left": _("Open"),
    "grace": _("Open, payment due"),
    "ahead": _("To come"),
    "over": _("Closed"),
    "cut": _("Taken away before its end"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A right to draw: its vertical, its source in words, where it stands."""

    slug: str
    name: str
    label: str
    grant: GrantFacts
    kind: RightState


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lane. `kind`: spent, left, grace (a payment is due), over, late (grace, and over), ahead, cut."""

    x: str
    width: str
    kind: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One right: its words above (`detail` where there is room), its bars below; `cut` is where it was revoked."""

    label: str
    detail: str
    x: str
    anchor: str
    y: int
    bars: tuple[Bar, ...]
    cut: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """A vertical's lanes under its name."""

    slug: str
    name: str
    y: int
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing: months as (place, word; a January is its year), everything below them, and what its bars mean."""

    months: tuple[tuple[str, str], ...]
    today: str
    today_late: bool
    groups: tuple[Group, ...]
    height: int
    legend: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Window:
    first: date
    months: int
    now: datetime

    @property
    def start(self) -> datetime:
        return paris_midnight(self.first)

    @property
    def end(self) -> datetime:
        return paris_midnight(_month(self.first, self.months))

    def place(self, instant: datetime) -> float:
        """Percent from the left, within the window."""
        share = (instant - self.start) / (self.end - self.start)
        return min(100.0, max(0.0, 100.0 * share))

    def meets(self, right: Shown) -> bool:
        begins, ends = _span(right)
        return begins < self.end and ends > self.start

    def bar(self, begins: datetime, ends: datetime, kind: str) -> Bar | None:
        """A bar, or nothing when no part of it is in the window."""
        if ends <= begins or ends <= self.start or begins >= self.end:
            return None
        x = self.place(begins)
        width = max(_THIN, self.place(ends) - x)
        return Bar(_percent(min(x, 100.0 - width)), _percent(width), kind)


def of_reader(reader: ReaderFacts, now: datetime, names: Mapping[str, str]) -> list[Shown]:
    """Everything a reader holds, verticals in the order of `names` {slug: name}."""
    return of_grants(once(reader.grants, now), now, names)


def of_grants(grants: Iterable[GrantFacts], now: datetime, names: Mapping[str, str]) -> list[Shown]:
    """These grants as their holder has them, verticals in the order of `names` {slug: name}."""
    order = {slug: place for place, slug in enumerate(names)}
    return [
        Shown(one.vertical, names.get(one.vertical, one.vertical), source_words(one), one, state_of(one, now))
        for one in sorted(grants, key=lambda grant: order.get(grant.vertical, len(order)))
    ]


def timeline(rights: Sequence[Shown], now: datetime) -> Timeline | None:
    """The drawing of these rights; None when none of them meets the window."""
    window = _window(rights, now)
    shown = [right for right in rights if window.meets(right)]
    if not shown:
        return None
    groups = tuple(_groups(shown, window))
    last, today = groups[-1], window.place(now)
    return Timeline(
        months=tuple(_months(window)),
        today=_percent(today),
        today_late=today > 66.0,
        groups=groups,
        height=last.y + len(last.lanes) * _LANE + _GAP,
        legend=tuple(_legend(groups)),
    )


def _window(rights: Sequence[Shown], now: datetime) -> _Window:
    """Six months around today; more, within reason, to show where rights begin and end."""
    this = _month(paris_date(now), 0)
    spans = [_span(right) for right in rights]
    first = min([_month(this, -BEFORE), *(_month(paris_date(begins), 0) for begins, _ends in spans)])
    end = max([_month(this, AFTER), *(_month(paris_date(ends), 1) for _begins, ends in spans)])
    first, end = max(first, _month(this, -LONGEST_BEFORE)), min(end, _month(this, LONGEST_AFTER))
    return _Window(first, _number(end) - _number(first), now)


def _months(window: _Window) -> Iterator[tuple[str, str]]:
    """As many months as can be read on a phone; Januaries among them, whatever the step."""
    names = _MONTHS[current_locale()]
    step = 1 if window.months <= 8 else 2 if window.months <= 14 else 4
    for number in range(window.months):
        month, place = _month(window.first, number), window.place(paris_midnight(_month(window.first, number)))
        if (month.month - 1) % step == 0 and place < 93.0:
            yield _percent(place), str(month.year) if month.month == 1 else names[month.month - 1]


def _groups(rights: Iterable[Shown], window: _Window) -> Iterator[Group]:
    by_vertical: dict[str, list[Shown]] = {}
    for right in rights:
        by_vertical.setdefault(right.slug, []).append(right)
    y = _TOP + _TITLE
    for slug, group in by_vertical.items():
        ordered = sorted(group, key=_span)
        lanes = tuple(_lane(right, window, y + number * _LANE) for number, right in enumerate(ordered))
        yield Group(slug, group[0].name, y, lanes)
        y += len(lanes) * _LANE + _GAP + _TITLE


def _lane(right: Shown, window: _Window, y: int) -> Lane:
    """Words begin where the bar begins, end where it ends when that is far to the right, else stand in its middle."""
    x, end = (window.place(instant) for instant in _span(right))
    anchor, place = ("start", x) if x <= 30.0 else ("end", end) if end >= 70.0 else ("middle", (x + end) / 2)
    bars = tuple(_bars(right, window))
    begun = right.grant.revoked_at is not None and right.grant.revoked_at > window.start
    cut = next((bar.x for bar in bars if bar.kind == "cut" and begun), None)
    return Lane(right.label, _detail(right), _percent(place), anchor, y + 20, bars, cut)


def _detail(right: Shown) -> str:
    """The day that matters most: when it was taken away, when it begins, when it ends."""
    begins, ends = _span(right)
    if right.kind in _CLOSED and right.grant.revoked_at is not None:
        return gettext("revoked on %(day)s", day=_day(right.grant.revoked_at))
    if right.kind is RightState.FUTURE:
        return gettext("from %(day)s", day=_day(begins))
    return gettext("until %(day)s", day=_day(last_day(ends) or ends))


def _day(instant: datetime) -> str:
    """ "5 janv.", "5 Jan": the axis tells the year."""
    day = paris_date(instant)
    number = "1er" if current_locale() == "fr" and day.day == 1 else str(day.day)
    return f"{number}{NBSP}{_MONTHS[current_locale()][day.month - 1]}"


def _bars(right: Shown, window: _Window) -> Iterator[Bar]:
    yield from (bar for bar in (window.bar(*stretch) for stretch in _stretches(right, window.now)) if bar is not None)


def _stretches(right: Shown, now: datetime) -> list[tuple[datetime, datetime, str]]:
    begins, ends = _span(right)
    grant = right.grant
    if grant.revoked_at is not None and right.kind in _CLOSED:
        middle = min(max(grant.revoked_at, begins), ends)
        return [(begins, middle, "over"), (middle, ends, "cut")]
    paid = min(ends, grant.ends_at) if grant.grace_until else ends
    if right.kind in _CLOSED:
        return [(begins, paid, "over"), (paid, ends, "late")]
    if right.kind is RightState.FUTURE:
        return [(begins, ends, "ahead")]
    middle = min(max(now, begins), paid)
    return [(begins, middle, "spent"), (middle, paid, "left"), (paid, ends, "grace")]


def _span(right: Shown) -> tuple[datetime, datetime]:
    """From when until when the right reaches its holder, as people are told it; what was revoked, as it was meant."""
    grant = right.grant
    begins = max(grant.starts_at, grant.seated_from or grant.starts_at)
    ends = grant.told_end()
    if grant.revoked_at is not None and right.kind in _CLOSED:
        ends = min(grant.grace_until or grant.ends_at, grant.seated_until or grant.ends_at)
    return begins, max(ends, begins + timedelta(hours=1))


def _legend(groups: Sequence[Group]) -> Iterator[tuple[str, str]]:
    """What the bars mean, when there is more than what is open; what is spent is open too, and paler."""
    kinds = {bar.kind for group in groups for lane in group.lanes for bar in lane.bars}
    kinds |= {"left"} if "spent" in kinds else set()
    kinds |= {"over"} if "late" in kinds else set()
    if kinds - {"spent", "left"}:
        yield from ((kind, str(word)) for kind, word in _LEGEND.items() if kind in kinds)


def _month(day: date, ahead: int) -> date:
    """The first of the month so many months ahead."""
    months = _number(day) + ahead
    return date(months // 12, months % 12 + 1, 1)


def _number(day: date) -> int:
    """A month's number, counted from the year 0."""
    return day.year * 12 + day.month - 1


def _percent(value: float) -> str:
    return f"{value:.2f}%"

"""Billing periods: counted from an anchor, in UTC, the day of the month clamped to the month's length."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from portal.sandbox.store import Document

DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}


def next_boundary(anchor: int, after: int, recurring: Document) -> int:
    """The first boundary of the cycle later than `after`; the anchor is the first of them."""
    if anchor > after:
        return anchor
    step = 0
    while (boundary := add(anchor, recurring, step)) <= after:
        step += 1
    return boundary


def add(anchor: int, recurring: Document, periods: int) -> int:
    """The anchor moved by so many periods: 31 January plus one month is 28 or 29 February."""
    start = datetime.fromtimestamp(anchor, UTC)
    count = periods * int(recurring["interval_count"])
    if recurring["interval"] in DAYS:
        return int((start + timedelta(days=DAYS[recurring["interval"]] * count)).timestamp())
    months = start.year * 12 + start.month - 1 + MONTHS[recurring["interval"]] * count
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def previous_boundary(anchor: int, before: int, recurring: Document) -> int:
    """The last boundary of the cycle earlier than `before`, which is later than the anchor."""
    step = 0
    while add(anchor, recurring, step + 1) < before:
        step += 1
    return add(anchor, recurring, step)

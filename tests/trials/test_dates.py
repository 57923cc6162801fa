"""The civil days of a trial, at every quarter of an hour of five years, against a calendar reckoned by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import PARIS, paris_date
from portal.trials.dates import days_left, end_of_day, end_of_trial, extended, last_day, steps

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))


def last_sunday(year: int, month: int) -> date:
    """Of a month of 31 days."""
    end = date(year, month, 31)
    return end - timedelta(days=(end.weekday() + 1) % 7)


def summer(day: date) -> bool:
    """True when the civil day *begins* in summer time, by the European rule."""
    return last_sunday(day.year, 3) < day <= last_sunday(day.year, 10)


def midnight_by_hand(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=2 if summer(day) else 1)


def civil_days() -> list[date]:
    return [date(2026, 1, 1) + timedelta(days=number) for number in range((date(2031, 1, 1) - date(2026, 1, 1)).days)]


def test_at_every_quarter_of_an_hour_the_trial_ends_at_the_sixteenth_midnight() -> None:
    quarters = 0
    for day in civil_days():
        expected, instant = midnight_by_hand(day + 16 * DAY), midnight_by_hand(day)
        while instant < midnight_by_hand(day + DAY):
            end = end_of_trial(instant)
            assert (end, days_left(end, instant)) == (expected, 15), instant
            instant += QUARTER
            quarters += 1
    assert quarters == len(civil_days()) * 96


def test_the_counter_goes_from_fifteen_to_nothing_one_civil_day_at_a_time() -> None:
    for day in civil_days():
        end = end_of_trial(midnight_by_hand(day))
        for passed in range(16):
            today = day + passed * DAY
            for instant in (midnight_by_hand(today), midnight_by_hand(today + DAY) - timedelta(seconds=1)):
                assert days_left(end, instant) == 15 - passed
        assert days_left(end, end) == -1


@pytest.mark.parametrize(
    ("begins", "last"),
    [
        ("2026-03-13T23:30", "2026-03-28"),
        ("2026-03-14T00:00", "2026-03-29"),
        ("2026-03-29T01:59", "2026-04-13"),
        ("2026-03-29T03:00", "2026-04-13"),
        ("2026-10-10T12:00", "2026-10-25"),
        ("2026-10-25T02:30", "2026-11-09"),
        ("2028-02-14T09:00", "2028-02-29"),
        ("2028-02-29T23:59", "2028-03-15"),
        ("2026-12-16T10:00", "2026-12-31"),
        ("2026-12-31T23:59", "2027-01-15"),
    ],
)
def test_the_last_day_is_the_fifteenth_after_the_first(begins: str, last: str) -> None:
    end = end_of_trial(datetime.fromisoformat(begins).replace(tzinfo=PARIS))
    assert last_day(end).isoformat() == last
    assert end.astimezone(PARIS).strftime("%H:%M") == "00:00"


def test_the_hour_that_comes_twice_in_october_belongs_to_one_day() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=0)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1)
    assert end_of_trial(first) == end_of_trial(second)


@given(INSTANTS)
def test_the_end_of_a_day_is_the_beginning_of_the_next(instant: datetime) -> None:
    day = paris_date(instant)
    assert end_of_day(day) == midnight_by_hand(day + DAY)
    assert last_day(end_of_day(day)) == day


@given(INSTANTS, st.integers(-40, 40), st.integers(1, 90))
def test_an_extension_counts_from_today_or_the_last_day_whichever_is_later(
    now: datetime, offset: int, days: int
) -> None:
    today = paris_date(now)
    end = end_of_day(today + offset * DAY)
    assert extended(end, now, days) == midnight_by_hand(today + (max(offset, 0) + days + 1) * DAY)


@given(INSTANTS, st.timedeltas(timedelta(), timedelta(days=40)))
def test_time_only_takes_days_away(begins: datetime, later: timedelta) -> None:
    end = end_of_trial(begins)
    assert days_left(end, begins + later) <= days_left(end, begins)


def test_the_reminder_comes_three_days_before_the_last() -> None:
    found = steps(datetime(2026, 3, 14, tzinfo=PARIS))
    assert (found.reminder, found.last) == (date(2026, 3, 26), date(2026, 3, 29))


def test_an_extension_of_one_day_from_today_and_from_the_last_day() -> None:
    now = datetime(2026, 3, 10, 12, tzinfo=PARIS)
    past, future = end_of_day(date(2026, 3, 9)), end_of_day(date(2026, 3, 20))
    assert (extended(past, now, 1), extended(future, now, 1)) == (
        end_of_day(date(2026, 3, 11)),
        end_of_day(date(2026, 3, 21)),
    )

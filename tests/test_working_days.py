"""Within one working day: which day that is."""

from datetime import date, datetime

import pytest

from portal.clock import PARIS
from portal.working_days import answer_by, easter, works


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-03-10T12:00", "2026-03-11"),  # Tuesday
        ("2026-03-13T23:59", "2026-03-16"),  # Friday night
        ("2026-03-14T10:00", "2026-03-16"),  # Saturday
        ("2026-04-03T10:00", "2026-04-07"),  # the Friday before Easter Monday
        ("2026-04-30T10:00", "2026-05-04"),  # 1 May is a Friday
        ("2026-05-13T10:00", "2026-05-15"),  # the eve of Ascension Day
        ("2026-05-22T10:00", "2026-05-26"),  # the Friday before Whit Monday
        ("2026-12-24T18:00", "2026-12-28"),
        ("2026-12-31T18:00", "2027-01-04"),
    ],
)
def test_an_answer_is_due_on_the_next_day_the_house_works(asked: str, due: str) -> None:
    assert answer_by(datetime.fromisoformat(asked).replace(tzinfo=PARIS)) == date.fromisoformat(due)


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2024, "2024-03-31"), (2025, "2025-04-20"), (2026, "2026-04-05"), (2027, "2027-03-28"), (2038, "2038-04-25")],
)
def test_easter_is_where_the_calendar_has_it(year: int, sunday: str) -> None:
    assert easter(year) == date.fromisoformat(sunday)


def test_a_plain_monday_is_a_working_day() -> None:
    assert works(date(2026, 3, 9))

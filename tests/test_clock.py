"""One source of time, movable outside production, and civil days in Paris."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from portal import clock


def test_the_shared_offset_moves_every_process_that_reads_it(tmp_path: Path) -> None:
    clock.share(tmp_path / "offset")
    try:
        assert abs(clock.now() - clock.wall()) < timedelta(seconds=1)
        clock.move_to(clock.wall() + timedelta(days=40))
        assert abs(clock.now() - clock.wall() - timedelta(days=40)) < timedelta(seconds=2)
        clock.move_to(None)
        assert abs(clock.now() - clock.wall()) < timedelta(seconds=1)
    finally:
        clock.share(None)


def test_a_clock_moved_to_midnight_is_never_still_before_it(tmp_path: Path) -> None:
    clock.share(tmp_path / "offset")
    try:
        for tenth in range(10):
            instant = clock.wall() + timedelta(days=1, milliseconds=100 * tenth)
            clock.move_to(instant)
            assert timedelta() <= clock.now() - instant < timedelta(seconds=1.5)
    finally:
        clock.share(None)


def test_a_clock_that_is_not_shared_cannot_be_moved() -> None:
    with pytest.raises(RuntimeError, match="not shared"):
        clock.move_to(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC)),
        (date(2026, 10, 26), datetime(2026, 10, 25, 23, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2028, 2, 28, 23, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_in_paris_also_when_clocks_change(day: date, utc: datetime) -> None:
    assert clock.paris_midnight(day) == utc
    assert clock.paris_date(utc) == day
    assert clock.paris_date(utc - timedelta(microseconds=1)) == day - timedelta(days=1)

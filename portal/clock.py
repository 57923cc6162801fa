"""The one source of time.

`now()` is the instant every rule uses. Outside production an offset file shared by web, worker and the Stripe
stand-in moves all of them together (the time machine of /dev); tests freeze the clock. `wall()` is the machine's own
clock, for the few things that are not about the product's time (signature tolerances, durations).
"""

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

_offset_file: Path | None = None
_offset_stamp: int | None = None
_offset = timedelta()
_frozen: datetime | None = None


def share(offset_file: Path | None) -> None:
    """Read the offset from this file from now on; None (production) means real time only."""
    global _offset_file, _offset_stamp, _offset
    _offset_file, _offset_stamp, _offset = offset_file, None, timedelta()


def now() -> datetime:
    """The present instant, aware, in UTC."""
    if _frozen is not None:
        return _frozen
    return wall() + offset()


def wall() -> datetime:
    """The machine's own clock, aware, in UTC, untouched by the time machine."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def monotonic() -> float:
    """Seconds for measuring durations."""
    return time.monotonic()  # noqa: TID251


def offset() -> timedelta:
    """How far the shared clock is ahead of the machine's."""
    global _offset_stamp, _offset
    if _offset_file is None:
        return _offset
    try:
        stamp = os.stat(_offset_file).st_mtime_ns  # noqa: PTH116 - a third of the time, on every request
    except FileNotFoundError:
        return timedelta()
    if stamp != _offset_stamp:
        _offset_stamp, _offset = stamp, timedelta(seconds=_read_offset(_offset_file))
    return _offset


def _read_offset(path: Path) -> int:
    text = path.read_text(encoding="ascii").strip()
    return int(text) if text else 0


def move_to(instant: datetime | None) -> None:
    """Write the shared offset so that now() is at `instant` or within a second after it; None returns to real time."""
    if _offset_file is None:
        raise RuntimeError("The clock of this process is not shared, so it cannot be moved.")
    seconds = 0 if instant is None else math.ceil((instant - wall()).total_seconds())
    temporary = _offset_file.with_suffix(".new")
    temporary.write_text(f"{seconds}\n", encoding="ascii")
    temporary.replace(_offset_file)


@contextmanager
def frozen(instant: datetime) -> Iterator[None]:
    """Stop the clock at this aware instant (tests and replays of demo data)."""
    global _frozen  # noqa: PLW0603
    before, _frozen = _frozen, instant.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before


def paris_date(instant: datetime) -> date:
    """The civil day in Paris that holds this instant."""
    return instant.astimezone(PARIS).date()


def paris_midnight(day: date) -> datetime:
    """The instant, in UTC, at which this civil day begins in Paris.

    Goes through the date and attaches the zone, so that it stays true on the days when clocks change.
    """
    return datetime.combine(day, time_of_day(), tzinfo=PARIS).astimezone(UTC)


def from_timestamp(seconds: int) -> datetime:
    """An aware UTC instant from Unix seconds (Stripe's way of writing time)."""
    return datetime.fromtimestamp(seconds, UTC)

"""The stand-in's clock: real time plus the offset that it shares with the portal.

The offset lives in a small text file holding one integer, the seconds to add to real UTC, so that the
time machine moves both processes together. A missing or empty file means no offset.
"""

from __future__ import annotations

import time
from pathlib import Path


class Clock:
    """Reads the shared, shifted time, and the real one for what must not be shifted."""

    def __init__(self, offset_file: Path | None = None) -> None:
        self._file = offset_file

    def now(self) -> int:
        """Seconds since 1970 in UTC, shifted: the time of objects and events."""
        return int(self.real()) + self.offset()

    def offset(self) -> int:
        """Seconds added to real time; ValueError when the file holds something else than an integer."""
        if self._file is None:
            return 0
        try:
            text = self._file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return 0
        return int(text) if text else 0

    def move(self, seconds: int) -> int:
        """Move the shared clock for everybody who reads its file; returns the new offset. LookupError without one."""
        if self._file is None:
            raise LookupError("no clock file")
        offset = self.offset() + seconds
        draft = self._file.with_name(f"{self._file.name}.{time.monotonic_ns()}")
        draft.write_text(str(offset), encoding="ascii")
        draft.replace(self._file)
        return offset

    @staticmethod
    def real() -> float:
        """Real seconds since 1970: signatures and delivery times, which a client checks on its own clock."""
        return time.time()  # noqa: TID251  (this module is the stand-in's one reader of the clock)

    @staticmethod
    def ticks() -> float:
        """Monotonic seconds, for waiting."""
        return time.monotonic()  # noqa: TID251  (see above)

"""Six digits that are mailed and typed back: good for ten minutes, five tries and one use, kept as a keyed hash."""

import secrets
from datetime import datetime, timedelta
from typing import Protocol

from portal import clock

LIFETIME = timedelta(minutes=10)
TRIES = 5


class Kept(Protocol):
    """The row of a code."""

    @property
    def used_at(self) -> datetime | None: ...
    @property
    def tries(self) -> int: ...
    @property
    def expires_at(self) -> datetime: ...


def new() -> str:
    """Another six digits."""
    return f"{secrets.randbelow(10**6):06}"


def gone(row: Kept) -> str:
    """Why a code can be typed no more: used (or replaced), tries, expired; empty while it can."""
    if row.used_at is not None:
        return "used"
    if row.tries >= TRIES:
        return "tries"
    return "expired" if clock.now() >= row.expires_at else ""

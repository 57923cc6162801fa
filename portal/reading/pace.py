"""Reading faster than a person does: slowed, and shown to staff. Nobody is locked out."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from portal import audit
from portal.clock import paris_midnight
from portal.db import AnySession
from portal.reading.models import Reading

MOST_A_DAY = 150
"""Articles opened in full on one Paris day (source: the publisher's rule for one person's login)."""
PAUSE = timedelta(seconds=30)
ACT = "reader.reads-fast"


class Pace:
    """Who is beyond the day's number, and when they last opened an article; one process's memory of it."""

    def __init__(self) -> None:
        self._fast: dict[int, tuple[date, datetime | None]] = {}

    def wait(self, reader_id: int, day: date, at: datetime) -> int:
        """Whole seconds this reader is asked to wait now; 0 lets the article be opened, and counts it."""
        found = self._fast.get(reader_id)
        if found is None:
            return 0
        if found[0] != day:
            del self._fast[reader_id]
            return 0
        if found[1] is not None and at - found[1] < PAUSE:
            return max(1, round((found[1] + PAUSE - at).total_seconds()))
        self._fast[reader_id] = (day, at)
        return 0

    def look(self, session: AnySession, read: Iterable[tuple[int, date]]) -> None:
        """Remember who of these is beyond the number of that day, and write it down once a day for staff."""
        for reader_id, day in set(read):
            count = _count(session, reader_id, day)
            if count > MOST_A_DAY and reader_id not in self._fast:
                self._fast[reader_id] = (day, None)
                _tell(session, reader_id, day, count)


def _count(session: AnySession, reader_id: int, day: date) -> int:
    mine = (Reading.reader_id == reader_id, Reading.day == day)
    return session.scalar(select(func.count()).select_from(Reading).where(*mine)) or 0


def _tell(session: AnySession, reader_id: int, day: date, count: int) -> None:
    target = ("reader", reader_id)
    audit.record_once(session, ACT, since=paris_midnight(day), target=target, values={"articles": count})

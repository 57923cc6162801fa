"""Noting what was read, after the answer: a reader never waits for it, and its failure never breaks a page.

Readings are gathered in memory and written a second later by a thread of its own, one row for each reader, article
and Paris day. Tests (and whoever stops the process) call `flush` themselves.
"""

import atexit
import logging
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock, Timer

from flask import Flask, current_app
from sqlalchemy.dialects import postgresql, sqlite

from portal.clock import paris_date
from portal.db import AnySession, writing
from portal.reading.models import Reading
from portal.reading.pace import Pace

log = logging.getLogger(__name__)
DELAY = 1.0  # seconds
_MOST = 10_000  # readings kept while the database cannot be written

Key = tuple[int, int, date]


@dataclass(slots=True)
class Gathered:
    """How often, since when."""

    first_at: datetime
    times: int = 1


@dataclass(slots=True)
class Notebook:
    """Readings that wait to be written. `delay` None: only when somebody asks."""

    app: Flask
    delay: float | None
    waiting: dict[Key, Gathered] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    timer: Timer | None = None
    pace: Pace = field(default_factory=Pace)

    def add(self, reader_id: int, article_id: int, at: datetime) -> None:
        """Note a reading; costs no database."""
        key = (reader_id, article_id, paris_date(at))
        with self.lock:
            found = self.waiting.get(key)
            if found is not None:
                found.times += 1
            elif len(self.waiting) < _MOST:
                self.waiting[key] = Gathered(at)
            self._wake()

    def _wake(self) -> None:
        if self.timer is None and self.delay is not None:
            self.timer = Timer(self.delay, self.flush)
            self.timer.daemon = True
            self.timer.start()

    def flush(self) -> int:
        """Write what waits; returns how many rows. On failure it is kept for the next time, and logged."""
        with self.lock:
            taken, self.waiting, self.timer = self.waiting, {}, None
        if not taken:
            return 0
        try:
            with self.app.app_context(), writing() as unit:
                write(unit, taken)
                self.pace.look(unit, ((reader_id, day) for reader_id, _article_id, day in taken))
        except Exception:
            log.exception("readings could not be written")
            self._keep(taken)
            return 0
        return len(taken)

    def _keep(self, taken: dict[Key, Gathered]) -> None:
        with self.lock:
            for key, gathered in list(taken.items())[: _MOST - len(self.waiting)]:
                newer = self.waiting.get(key)
                gathered.times += newer.times if newer else 0
                self.waiting[key] = gathered


def write(session: AnySession, readings: dict[Key, Gathered]) -> None:
    """One row for each reader, article and day; a second time on that day counts up."""
    rows = [
        {"reader_id": reader, "article_id": article, "day": day, "first_at": one.first_at, "times": one.times}
        for (reader, article, day), one in readings.items()
    ]
    dialect = session.get_bind().dialect.name
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(Reading)
    again = insert.on_conflict_do_update(
        index_elements=["reader_id", "article_id", "day"], set_={"times": Reading.times + insert.excluded.times}
    )
    session.execute(again, rows)


def note(reader_id: int, article_id: int, at: datetime) -> None:
    """Note that a reader opened an article in full."""
    notebook().add(reader_id, article_id, at)


def wait(reader_id: int, at: datetime) -> int:
    """Whole seconds a reader beyond the day's number waits before the next article; 0 for everybody else."""
    return notebook().pace.wait(reader_id, paris_date(at), at)


def notebook() -> Notebook:
    """The readings that wait in this process."""
    found: Notebook = current_app.extensions["portal.readings"]
    return found


def init_app(app: Flask) -> None:
    """Keep a notebook for this process, written when the process ends, too."""
    kept = app.extensions["portal.readings"] = Notebook(app, None if app.config["TESTING"] else DELAY)
    if kept.delay is not None:
        atexit.register(kept.flush)

"""Writing rows by the hundred thousand: COPY on PostgreSQL, executemany on SQLite; constraints and triggers stay on.

Rows wait until there are enough of them, and go in the order of their foreign keys, one transaction a load. Instants
are written as text in UTC, JSON as text: both databases read these words the same way.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from portal.audit import _digest
from portal.db import Base

LOAD = 200_000  # rows; some 200 MB of memory
_HURRY = {
    # Keys are hashes: each row dirties pages all over the indexes, which are written once a gigabyte, not every 4 MB.
    "sqlite": ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -1048576", "PRAGMA wal_autocheckpoint = 262144"),
    "postgresql": ("SET TIME ZONE 'UTC'", "SET synchronous_commit = off"),
}
_SETTLED = {
    "sqlite": ("PRAGMA wal_checkpoint(TRUNCATE)",),
    "postgresql": ("VACUUM ANALYZE", "ALTER SYSTEM RESET max_wal_size", "SELECT pg_reload_conf()", "CHECKPOINT"),
}

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A table, and the columns that are written, in their order."""

    table: str
    columns: tuple[str, ...]

    def names(self) -> str:
        """The columns in SQL."""
        return ", ".join(f'"{column}"' for column in self.columns)


def rows(table: str, columns: str) -> Rows:
    """Rows of a table, its columns given as words."""
    return Rows(table, tuple(columns.split()))


HISTORY = rows("history", "kind subject_id recorded_at facts")
AUDIT = rows("audit_events", "id at act actor_id target_kind target_id values personal_digest")
PERSONAL = rows("audit_personal", "event_id reader_id salt values")


def stamp(at: datetime | None) -> str | None:
    """A whole second in UTC as SQLite keeps it; PostgreSQL reads it in the session's zone, which is UTC here."""
    return None if at is None else f"{at.isoformat(' ')[:19]}.000000"


class Store:
    """Rows on their way into a database, with the ids they get."""

    def __init__(self, engine: Engine) -> None:
        self.dialect = engine.dialect.name
        self._pool = engine.raw_connection()
        self._driver: Any = self._pool.driver_connection
        self._waiting: dict[Rows, list[Values]] = {}
        self._count = 0
        self._ids: dict[str, Iterator[int]] = {}
        self._order = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
        for words in _HURRY[self.dialect]:
            self._driver.execute(words)

    def next(self, table: str) -> int:
        """The next id of this table."""
        if table not in self._ids:
            (last,) = self._driver.execute(f'SELECT max(id) FROM "{table}"').fetchone()
            self._ids[table] = itertools.count((last or 0) + 1)
        return next(self._ids[table])

    def add(self, kind: Rows, values: Values) -> None:
        """One row more."""
        self._waiting.setdefault(kind, []).append(values)
        self._count += 1
        if self._count >= LOAD:
            self.flush()

    def snapshot(self, kind: str, subject_id: int, at: datetime, facts: dict[str, Any]) -> None:
        """What replay reads of a subject from this instant on."""
        self.add(HISTORY, (kind, subject_id, stamp(at), json.dumps(facts)))

    def audit(
        self,
        act: str,
        at: datetime,
        *,
        actor_id: int | None,
        target: tuple[str, int | None],
        values: dict[str, Any],
        reason: str = "",
    ) -> None:
        """An act as the services write it, with its reason apart."""
        id_, salt, personal = self.next("audit_events"), bytes(16), {"reason": reason}
        digest = _digest(salt, personal) if reason else None
        self.add(AUDIT, (id_, stamp(at), act, actor_id, *target, json.dumps(values), digest))
        if reason:
            reader_id = target[1] if target[0] == "reader" else None
            self.add(PERSONAL, (id_, reader_id, salt, json.dumps(personal)))

    def flush(self) -> None:
        """Write what waits, parents first."""
        loads = sorted(self._waiting.items(), key=lambda load: self._order[load[0].table])
        (_copy if self.dialect == "postgresql" else _insert)(self._driver, loads)
        self._waiting, self._count = {}, 0

    def close(self) -> None:
        """Write the rest; ids that the database gives go on behind ours."""
        self.flush()
        if self.dialect == "postgresql":
            for table in self._ids:
                last = f'SELECT max(id) FROM "{table}"'
                self._driver.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({last}))")
            self._driver.commit()
        self._pool.invalidate()  # its settings are for writing in a hurry


def _copy(connection: Any, loads: list[tuple[Rows, list[Values]]]) -> None:
    with connection.cursor() as cursor:
        for kind, waiting in loads:
            with cursor.copy(f'COPY "{kind.table}" ({kind.names()}) FROM STDIN') as copy:
                for row in waiting:
                    copy.write_row(row)
    connection.commit()


def _insert(connection: Any, loads: list[tuple[Rows, list[Values]]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for kind, waiting in loads:
        places = ", ".join("?" * len(kind.columns))
        connection.executemany(f'INSERT INTO "{kind.table}" ({kind.names()}) VALUES ({places})', waiting)
    connection.execute("COMMIT")


def settle(engine: Engine) -> None:
    """What time would do by itself: PostgreSQL's statistics; SQLite's log back in its file (it keeps no statistics)."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for words in _SETTLED[engine.dialect.name]:
            connection.execute(text(words))

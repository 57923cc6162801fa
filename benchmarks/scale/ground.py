"""The two databases of `make bench-scale`: made once, each size in a folder of its own, and kept for the next run."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, create_engine, text

from benchmarks.run import environment
from benchmarks.scale.fill import Bar, fill
from benchmarks.scale.sizes import Sizes
from benchmarks.scale.store import settle
from benchmarks.scale.world import NOW, OPENED
from portal import clock, logs
from portal.accounts import person_keys
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.content import demo
from portal.db import db, writing
from portal.factory import create_app
from portal.roles import Role
from portal.settings import ROOT, load
from tests.databases import postgresql_server
from tests.forms import Browser

DATABASES = ("sqlite", "postgresql")
STAFF = "redaction@example.org"
_NAME = "scale"
# A machine that stops in the middle costs nothing but a new start.
_HURRY = ("fsync = off", "full_page_writes = off", "max_wal_size = '4GB'")


@dataclass(frozen=True, slots=True)
class Ground:
    """A filled database behind an app; `seconds` is how long it took to fill, `size` its bytes on the disk."""

    name: str
    app: Flask
    seconds: float
    size: int
    reused: bool


@contextlib.contextmanager
def ground(name: str, folder: Path, sizes: Sizes, *, fresh: bool) -> Iterator[Ground]:
    """The database `name` with these sizes, the app's context pushed and the clock at the generator's instant."""
    place = folder.resolve() / sizes.name() / name
    place.mkdir(parents=True, exist_ok=True)
    with _alone(place):
        yield from _ground(name, place, sizes, fresh)


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Nobody else makes or measures this database meanwhile. Raises SystemExit."""
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"Another run is using {place}.") from None
        yield


def _ground(name: str, place: Path, sizes: Sizes, fresh: bool) -> Iterator[Ground]:
    mark = place / "made.json"
    made = json.loads(mark.read_text(encoding="ascii")) if mark.exists() else {}
    known = sizes.known_by()
    reused = made.get("sizes") == known and not fresh
    with contextlib.ExitStack() as stack:
        if not reused:
            mark.unlink(missing_ok=True)
        url = stack.enter_context(_postgresql(place, reused) if name == "postgresql" else _sqlite(place, reused))
        app = create_app(load({**environment(place), "DATABASE_URL": url}))
        app.test_client_class = Browser
        stack.enter_context(_quiet())
        stack.enter_context(clock.frozen(NOW))
        stack.enter_context(app.app_context())
        upgrade(directory=str(ROOT / "migrations"))
        if not reused:
            made = {"sizes": known, "seconds": _fill(sizes, name), "bytes": _bytes(url)}
            mark.write_text(json.dumps(made), encoding="ascii")
        yield Ground(name, app, made["seconds"], made["bytes"], reused)
        db.session.remove()
        db.engine.dispose()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The portal's log lines are written, as in production, but not to the terminal."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        before = logs._HANDLER.setStream(nowhere)
        try:
            yield
        finally:
            logs._HANDLER.setStream(before)  # type: ignore[arg-type]


@contextlib.contextmanager
def _sqlite(place: Path, reused: bool) -> Iterator[str]:
    if not reused:
        for path in place.glob("scale.sqlite*"):
            path.unlink()
    yield f"sqlite:///{place / 'scale.sqlite'}"


@contextlib.contextmanager
def _postgresql(place: Path, reused: bool) -> Iterator[str]:
    with postgresql_server(place, kept=place) as url:
        if not reused:
            with _autocommit(url) as connection:
                for words in (f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)", f"CREATE DATABASE {_NAME}"):
                    connection.execute(text(words))
                for setting in _HURRY:
                    connection.execute(text(f"ALTER SYSTEM SET {setting}"))
                connection.execute(text("SELECT pg_reload_conf()"))
        address, _, query = url.partition("?")
        yield f"{address.rsplit('/', 1)[0]}/{_NAME}?{query}"


@contextlib.contextmanager
def _autocommit(url: str) -> Iterator[Connection]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _fill(sizes: Sizes, name: str) -> float:
    """Fill the database; returns how many seconds it took."""
    began = time.monotonic()
    with clock.frozen(OPENED), writing() as unit:
        demo.load(unit, ROOT / "demo", OPENED)
        staff = _staff()
        unit.add(staff)
    fill(db.engine, sizes, staff=staff.id, now=NOW, progress=Bar(f"{name:<10}"))
    settle(db.engine)
    return time.monotonic() - began


def _staff() -> Reader:
    return Reader(
        email=STAFF,
        email_key=email_key(STAFF),
        person_key=person_keys.key_of(db.session, STAFF),
        name="Rédaction",
        role=Role.ADMIN,
        created_at=OPENED,
        confirmed_at=OPENED,
    )


def _bytes(url: str) -> int:
    if url.startswith("sqlite"):
        return Path(url.removeprefix("sqlite:///")).stat().st_size
    with db.engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def version() -> str:
    """What the database calls itself."""
    with db.engine.connect() as connection:
        sqlite = db.engine.dialect.name == "sqlite"
        return str(connection.scalar(text("SELECT sqlite_version()" if sqlite else "SHOW server_version")))

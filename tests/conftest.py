"""Fixtures for every test: an app on each database, a frozen clock, a session and a client."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import FileSystemBytecodeCache

from portal import clock
from portal.accounts import passwords
from portal.clock import PARIS
from portal.content import kept
from portal.db import AnySession, db
from portal.factory import create_app
from portal.lean import collect_rarely
from portal.reading import log
from portal.reading.pace import Pace
from portal.settings import Environment, Settings
from portal.verticals import forget_site_verticals
from tests.databases import PostgreSQL, SQLite, postgresql_server
from tests.examples import try_all
from tests.forms import Browser
from tests.sharing import Shared, left_to_ci

DATABASES = ("sqlite", "postgresql")
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=PARIS)
COSTLY_HASHER = passwords._HASHER


def pytest_addoption(parser: pytest.Parser) -> None:
    """See tests/sharing.py."""
    parser.addoption("--everywhere", action="store_true", help="Leave nothing to CI.")


def pytest_configure(config: pytest.Config) -> None:
    """See tests/examples.py."""
    try_all(whole=config.getoption("everywhere"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is left to CI is not run, unless everything is asked for; pytest says how many were left out."""
    left = [] if config.getoption("everywhere") else [item for item in items if left_to_ci(item.nodeid)]
    if left:
        config.hook.pytest_deselected(items=left)
        out = set(left)
        items[:] = [item for item in items if item not in out]


def pytest_collection_finish() -> None:
    """What thousands of collected tests weigh is not looked through for garbage at every turn: a quarter of a run."""
    collect_rarely()


@pytest.hookimpl(optionalhook=True)  # there is none with -p no:xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shared:
    """See tests/sharing.py."""
    return Shared(config, log)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder all test processes share (xdist gives each its own basetemp below a common one)."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session", autouse=True)
def impatient_stripe() -> None:
    """Stripe's library asks again as often as in the product, without the seconds between.

    All that tests speak to is on this machine: nobody reads the whole environment for proxies before each request.
    """
    stripe.HTTPClient.INITIAL_DELAY = stripe.HTTPClient.MAX_DELAY = 0  # type: ignore[misc]
    requests.sessions.get_environ_proxies = lambda *_asked, **_more: {}  # type: ignore[assignment]


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(shared_folder: Path) -> None:
    """Each template is compiled once in a run, not once for each of the many apps that tests make."""
    folder = shared_folder / "templates"
    folder.mkdir(exist_ok=True)
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(str(folder))}


@pytest.fixture(scope="session", autouse=True)
def light_hashes() -> Iterator[None]:
    """Passwords are real argon2id hashes of the least cost: thousands of tests sign in."""
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield
    passwords._HASHER = COSTLY_HASHER


@pytest.fixture
def costly_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as the product makes them, for tests that look at them."""
    monkeypatch.setattr(passwords, "_HASHER", COSTLY_HASHER)


@pytest.fixture(scope="session")
def postgresql_url(shared_folder: Path) -> Iterator[str]:
    """One PostgreSQL server for the whole run; whoever comes first starts it."""
    with contextlib.ExitStack() as stack:
        with (shared_folder / "postgresql.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            url = stack.enter_context(postgresql_server(shared_folder))
        yield url


@pytest.fixture(scope="session", params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLite | PostgreSQL]:
    """The database of this run of the test."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    if request.param == "sqlite":
        with contextlib.closing(SQLite(tmp_path_factory.mktemp("sqlite"))) as file:
            yield file
    else:
        yield PostgreSQL(request.getfixturevalue("postgresql_url"), f"portal_{worker}")


def test_settings(database_url: str, folder: Path, **more: Any) -> Settings:
    """Settings as tests use them."""
    if database_url.startswith("postgresql://"):
        database_url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    defaults: dict[str, Any] = {
        "env": Environment.TEST,
        "secret_key": "a secret key of tests, long enough to be one",
        "stripe_api_base": "http://127.0.0.1:9",
        "instance": folder,
        "site_url": "http://localhost",
    }
    return Settings(database_url=database_url, **{**defaults, **more})


test_settings.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def migrated_app(database: SQLite | PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The app on a migrated database, made once per process and database."""
    app = create_app(test_settings(database.url, tmp_path_factory.mktemp("instance")))
    app.test_client_class = Browser
    with app.app_context():
        upgrade()
        db.engine.dispose()
    database.keep_template()
    app.test_client_class = Browser
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def now() -> Iterator[datetime]:
    """The clock stands still at noon in Paris on 10 March 2026, unless a test moves it."""
    with clock.frozen(NOON):
        yield NOON


@pytest.fixture
def app(migrated_app: Flask, database: SQLite | PostgreSQL, now: datetime) -> Iterator[Flask]:
    """The app on an empty database, its context pushed, the clock frozen."""
    database.empty(migrated_app)
    with migrated_app.app_context():
        forget_site_verticals()
        log.notebook().waiting.clear()  # readings noted by one test are not another's
        log.notebook().pace = Pace()
        kept.forget()  # nor are the pages it kept
        yield migrated_app
        db.session.remove()


@pytest.fixture
def session(app: Flask) -> AnySession:
    """The database session of the test."""
    return db.session


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser; ask the app for more of them with `app.test_client()`."""
    return app.test_client()

"""The running product, once for each database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.databases import PostgreSQL
from tests.journeys.browser import chromium
from tests.journeys.house import House, processes_of
from tests.stripe_contract.police import assert_lawful

Houses = Callable[[str], House]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories come first, being the longest."""
    items.sort(key=lambda item: "journeys" not in item.nodeid)


@pytest.fixture(scope="package")
def houses(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The whole portal on a database, started once as people start it; after the last story Ctrl-C leaves nothing.

    Everything that portal, demonstration and stand-in said to each other must have been lawful.

    Kept here, not in a fixture with parameters: pytest would stop one house to start the other, and start it again.
    The server of PostgreSQL is asked for first, so that it ends last: a portal without its database ends by itself.
    """
    running: dict[str, House] = {}

    def on(name: str) -> House:
        if name not in running:
            url = PostgreSQL(postgresql_url, "portal_journey").url if name == "postgresql" else ""
            running[name] = House(Path(tmp_path_factory.mktemp(f"journey-{name}")), url)
        return running[name]

    yield on
    codes = {name: house.stop() for name, house in running.items()}
    last_words = "\n".join(line for house in running.values() for line in house.lines[-20:])
    assert not any(codes.values()), f"{codes}\n{last_words}"
    for house in running.values():
        assert_lawful(house.wire_log)
    assert [line for house in running.values() for line in processes_of(house.port)] == []


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, houses: Houses) -> House:
    """The running portal on the database of this test."""
    return houses(request.param)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as running:
        yield running

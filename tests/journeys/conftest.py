"""The running product, once for each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.databases import PostgreSQL
from tests.journeys.browser import chromium
from tests.journeys.house import House, processes_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories come first, being the longest; those on one database stay in one process, around one running portal."""
    items.sort(key=lambda item: "journeys" not in item.nodeid)
    for item in items:
        name = next((word for word in ("sqlite", "postgresql") if word in item.nodeid), None)
        if "journeys" in item.nodeid and name:
            item.add_marker(pytest.mark.xdist_group(f"journey-{name}"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The whole portal, started as people start it; at the end Ctrl-C leaves nothing behind."""
    url = ""
    if request.param == "postgresql":
        url = PostgreSQL(request.getfixturevalue("postgresql_url"), "portal_journey").url
    running = House(Path(tmp_path_factory.mktemp(f"journey-{request.param}")), url)
    try:
        yield running
    finally:
        code = running.stop()
    assert code == 0, "\n".join(running.lines[-20:])
    assert processes_of(running.port) == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as running:
        yield running

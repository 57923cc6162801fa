"""A portal and a Stripe stand-in side by side: real HTTP outwards, webhooks handed over by the test, one clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.billing.world import SECRET, World
from tests.forms import Browser
from tests.sandbox.server import Sandbox, start_sandbox


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A running stand-in that sends nothing by itself; afterwards, everything that was asked of it must be lawful."""
    folder: Path = tmp_path_factory.mktemp("stripe")
    running = start_sandbox(folder, None, SECRET, shuffle=None, options=("--no-ticker", "--checkout-wait", "0"))
    yield running
    running.stop()


@pytest.fixture
def world(app: Flask, sandbox: Sandbox) -> Iterator[World]:
    """An empty portal whose gateway speaks to an empty stand-in, with the usual plans on sale."""
    before = app.test_client_class
    app.test_client_class = Browser
    made = World(app, sandbox)
    made.furnish()
    yield made
    made.close()
    app.test_client_class = before

"""One stand-in for all tests of this folder: each starts from an empty shop; the wire log ends before the police."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.receiver import SECRET, Receiver
from tests.sandbox.server import Sandbox, start_sandbox
from tests.sandbox.shop import Shop


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A running stand-in; at the end everything that went over its wire must have been lawful."""
    running = start_sandbox(tmp_path_factory.mktemp("sandbox"), None, SECRET, shuffle=None)
    yield running
    running.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook address."""
    listening = Receiver()
    yield listening
    listening.stop()


@pytest.fixture
def shop(sandbox: Sandbox, receiver: Receiver) -> Iterator[Shop]:
    """An empty shop whose events reach the receiver, in order unless the test says otherwise."""
    sandbox.clock_file.write_text("", encoding="ascii")
    sandbox.control("reset")
    sandbox.control("listen", url=receiver.url, secret=SECRET)
    yield Shop(sandbox, receiver)
    sandbox.control("reset")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place for a stand-in of the test's own."""
    return tmp_path

"""The hub in a development app, on the database of the test."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from portal import clock
from portal.db import db
from portal.factory import create_app
from portal.settings import Environment
from tests.forms import Browser


@pytest.fixture
def hub(app: Flask, tmp_path: Path) -> Iterator[Browser]:
    """A browser in a development app on the same database, with a clock file of its own."""
    settings = replace(
        app.extensions["portal.settings"],
        env=Environment.DEVELOPMENT,
        clock_file=tmp_path / "clock-offset",
        instance=tmp_path,
    )
    development = create_app(settings)
    development.test_client_class = Browser
    with development.app_context():
        yield development.test_client()  # type: ignore[misc]
        db.session.remove()
        db.engine.dispose()
    clock.share(None)

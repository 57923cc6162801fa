"""Readings gathered by one test are not another's."""

import pytest
from flask import Flask

from portal.reading import log


@pytest.fixture(autouse=True)
def _empty_notebook(request: pytest.FixtureRequest) -> None:
    if "app" in request.fixturenames:
        app: Flask = request.getfixturevalue("app")
        with app.app_context():
            log.notebook().waiting.clear()

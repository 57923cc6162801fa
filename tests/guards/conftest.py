"""What guards share."""

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def unguarded(app: Flask) -> Iterator[Flask]:
    """The app without its check of tokens: what lies behind it is attacked."""
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    app.config["WTF_CSRF_ENABLED"] = True

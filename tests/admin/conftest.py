"""Who works in the back office."""

import pytest
from flask.testing import FlaskClient

from portal.accounts.models import Reader
from portal.roles import Role
from tests.builders import a_reader
from tests.forms import sign_in


@pytest.fixture
def admin(client: FlaskClient) -> Reader:
    """An administrator, signed in, who reads English."""
    person = a_reader(role=Role.ADMIN, name="Nadia Faure")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person

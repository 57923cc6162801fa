"""Staff whose account is suspended are staff no more, at once and after signing in again."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.roles import Role
from tests.builders import a_reader
from tests.forms import sign_in, submit

STAFF = [role for role in Role if role is not Role.READER]


@pytest.mark.parametrize("role", STAFF)
def test_suspending_staff_closes_the_back_office_at_once_and_for_the_next_sign_in(
    app: Flask, client: FlaskClient, role: Role
) -> None:
    theirs, person = app.test_client(), a_reader(role=role)
    sign_in(theirs, person)
    assert theirs.get("/admin/").status_code == 200
    sign_in(client, a_reader(role=Role.ADMIN))
    assert submit(client, f"/admin/readers/{person.id}/suspend", {"reason": "Parti."}).status_code == 303
    assert theirs.get("/admin/").status_code == 303
    sign_in(theirs, person)
    assert theirs.get("/admin/").status_code == 403


def test_suspending_a_reader_ends_their_sessions(app: Flask, client: FlaskClient) -> None:
    theirs, person = app.test_client(), a_reader()
    sign_in(theirs, person)
    sign_in(client, a_reader(role=Role.ADMIN))
    submit(client, f"/admin/readers/{person.id}/suspend", {"reason": "Abus."})
    assert theirs.get("/profile/").status_code == 303

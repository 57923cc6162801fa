"""A form sent after its session had ended is not lost: it waits until its writer signed in, and is sent by a click."""

import re

import pytest
from flask.testing import FlaskClient

from portal.accounts import passwords, sessions
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from tests.builders import a_reader
from tests.forms import csrf_token, sign_in, submit

PASSWORD = "trois chevaux bleus courent"
TYPED = {"name": 'Inès "la" <Garrigue>', "company": "Clinique", "locale": "fr", "theme": "dark"}


@pytest.fixture
def ines(client: FlaskClient, session: AnySession) -> Reader:
    """A reader whose session has just ended elsewhere, with a form open."""
    reader = a_reader("ines@example.org")
    with writing():
        reader.password_hash = passwords.hash_password(PASSWORD)
    sign_in(client, reader)
    return reader


def sent_too_late(client: FlaskClient, reader: Reader, **more: str) -> str:
    token = csrf_token(client, "/profile/identity")
    with writing() as unit:
        sessions.end_all(unit, reader.id, "signed-out")
    answer = client.post("/profile/identity", data={**TYPED, **more, "csrf_token": token})
    assert answer.status_code == 303
    return str(answer.location)


def signs_in(client: FlaskClient, next_path: str) -> str:
    data = {"email": "ines@example.org", "password": PASSWORD, "next": next_path}
    return str(submit(client, "/login", data).location)


def test_what_was_typed_is_sent_after_signing_in_again(client: FlaskClient, ines: Reader, session: AnySession) -> None:
    assert sent_too_late(client, ines) == "/login?next=/login/resume"
    assert signs_in(client, "/login/resume") == "/login/resume"
    page = client.get("/login/resume").text
    assert "&lt;Garrigue&gt;" in page and "<Garrigue>" not in page
    session.expire_all()
    assert session.get_one(Reader, ines.id).name == ""
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert set(found) >= set(TYPED)
    submit(client, "/profile/identity", TYPED, page="/login/resume")
    session.expire_all()
    assert session.get_one(Reader, ines.id).name == TYPED["name"]
    assert client.get("/login/resume").location == "/"


def test_secrets_are_never_kept(client: FlaskClient, ines: Reader) -> None:
    sent_too_late(client, ines, password="a secret", new_password="a secret", code="123456", mailed="123456")
    signs_in(client, "/login/resume")
    page = client.get("/login/resume").text
    assert "a secret" not in page and "123456" not in page


def test_a_postal_code_is_no_secret(client: FlaskClient, ines: Reader) -> None:
    sent_too_late(client, ines, postal_code="69003")
    signs_in(client, "/login/resume")
    assert 'name="postal_code" value="69003"' in client.get("/login/resume").text


def test_too_much_is_not_kept_in_a_cookie(client: FlaskClient, ines: Reader) -> None:
    assert sent_too_late(client, ines, company="x" * 3_000) == "/login"


def test_with_nothing_waiting_the_page_leads_home(client: FlaskClient, ines: Reader) -> None:
    assert client.get("/login/resume").location == "/"

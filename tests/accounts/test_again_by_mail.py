"""Readers without a password prove again who they are by a code that is mailed."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import second_factor
from portal.accounts.models import Reader, ReaderSession
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import sign_in, submit

PAGE = "/login/again/mail"
ASKED_FOR = "/profile/security/second-factor"
LATER = NOON + timedelta(minutes=11)


@pytest.fixture
def claire(app: Flask, client: FlaskClient) -> Reader:
    """A reader without a password, signed in eleven minutes ago."""
    reader = a_reader("claire@example.org")
    sign_in(client, reader)
    return reader


def send(client: FlaskClient) -> str:
    """Ask for the code, and read it in the mail."""
    assert submit(client, PAGE, {"next": ASKED_FOR}).location == f"{PAGE}?next={ASKED_FOR}"
    end_reading()
    mail = db.session.query(Mail).filter_by(kind="sign_in_code").order_by(Mail.id.desc()).first()
    found = re.match(r"\d{6}", mail.subject) if mail else None
    assert found
    return found[0]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_code_opens_what_was_asked_for(client: FlaskClient, claire: Reader) -> None:
    with clock.frozen(LATER):
        assert client.get(ASKED_FOR).location == f"/login/again?next={ASKED_FOR}"
        assert client.get(f"/login/again?next={ASKED_FOR}").location == f"{PAGE}?next={ASKED_FOR}"
        code = send(client)
        answer = submit(client, f"{PAGE}/code", {"mailed": code, "next": ASKED_FOR}, page=PAGE)
        assert (answer.status_code, answer.location) == (303, ASKED_FOR)
        assert client.get(ASKED_FOR).status_code == 200


def test_nothing_typed_is_no_try(client: FlaskClient, claire: Reader) -> None:
    with clock.frozen(LATER):
        code = send(client)
        for _try in range(6):
            answer = submit(client, f"{PAGE}/code", {"mailed": " "}, page=PAGE)
            assert answer.status_code == 422 and 'id="mailed-error"' in answer.text
        assert submit(client, f"{PAGE}/code", {"mailed": code}, page=PAGE).status_code == 303


def test_a_wrong_code_proves_nothing_and_five_end_it(client: FlaskClient, claire: Reader) -> None:
    with clock.frozen(LATER):
        code = send(client)
        for _try in range(5):
            assert submit(client, f"{PAGE}/code", {"mailed": wrong(code)}, page=PAGE).status_code == 422
        assert submit(client, f"{PAGE}/code", {"mailed": code}, page=PAGE).location == f"{PAGE}?next=/"
        assert client.get(ASKED_FOR).status_code == 303


def test_the_code_of_somebody_else_proves_nothing(app: Flask, client: FlaskClient, claire: Reader) -> None:
    other = app.test_client()
    sign_in(other, a_reader("autre@example.org"))
    with clock.frozen(LATER):
        code = send(other)
        with other.session_transaction() as cookie:
            secret = cookie["again-code"]
        with client.session_transaction() as cookie:
            cookie["again-code"] = secret
        assert submit(client, f"{PAGE}/code", {"mailed": code}, page=PAGE).status_code == 422
        assert client.get(ASKED_FOR).status_code == 303


def test_the_mail_goes_to_the_readers_own_address(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    submit(client, PAGE, {"email": "pirate@example.org", "next": "//evil.example"})
    assert session.query(Mail).one().to_address == claire.email


def test_with_a_second_factor_its_code_is_asked_too_and_a_mistyped_one_costs_no_mail(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    salt = second_factor.new_salt()
    with writing() as unit:
        second_factor.confirm(unit, unit.get_one(Reader, claire.id), salt, second_factor.code_at(salt, clock.wall()))
    with clock.frozen(LATER):
        code = send(client)
        assert submit(client, f"{PAGE}/code", {"mailed": code}, page=PAGE).status_code == 422
        later = second_factor.code_at(salt, clock.wall() + timedelta(seconds=second_factor.STEP))
        assert submit(client, f"{PAGE}/code", {"mailed": code, "code": later}, page=PAGE).status_code == 303
    assert session.query(ReaderSession).one().second_factor_at == LATER


def test_a_reader_with_a_password_is_asked_for_it(app: Flask, client: FlaskClient) -> None:
    sign_in(client, a_reader("avec@example.org", password="trois chevaux bleus courent"))
    assert client.get(f"{PAGE}?next={ASKED_FOR}").location == f"/login/again?next={ASKED_FOR}"
    assert client.get("/login/again").status_code == 200

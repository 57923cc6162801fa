"""The second step of a sign-in, and proving again who one is, when tabs, devices and headers are in the way."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import second_factor, tokens
from portal.accounts.models import Reader, ReaderSession
from portal.db import AnySession, writing
from tests.accounts.test_second_factor import ADDRESS, PAGE, PASSWORD, first_step, in_next_step, with_app
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import sign_in, submit


@pytest.fixture
def claire(session: AnySession) -> Reader:
    return a_reader(ADDRESS, password=PASSWORD)


def test_nothing_typed_is_no_try(client: FlaskClient, claire: Reader) -> None:
    with_app(claire)
    first_step(client)
    assert [submit(client, "/login/code", {"code": " "}).status_code for _try in range(6)] == [422] * 6


def test_no_password_typed_is_no_try_either(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    for _try in range(11):
        answer = submit(client, "/login/again", {"password": ""})
        assert answer.status_code == 422 and 'id="password-error"' in answer.text
    assert submit(client, "/login/again", {"password": PASSWORD}).status_code == 303


def test_a_code_opens_nothing_once_the_app_was_taken_off_elsewhere(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    factor, codes = with_app(claire)
    right = in_next_step(factor)
    first_step(client)
    with writing() as unit:
        second_factor.remove(unit, unit.get_one(Reader, claire.id))
    for code in (right, codes[0]):
        assert submit(client, "/login/code", {"code": code}).status_code == 422
    assert session.query(ReaderSession).count() == 0


def test_of_two_tabs_that_type_the_code_the_second_begins_again(
    client: FlaskClient, claire: Reader, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    factor, _codes = with_app(claire)
    first_step(client)
    monkeypatch.setattr(tokens, "claim", lambda *_row: False)  # the other one was faster
    answer = submit(client, "/login/code", {"code": in_next_step(factor)})
    assert (answer.status_code, answer.location) == (303, "/login")
    assert session.query(ReaderSession).count() == 0


def test_who_is_signed_in_already_needs_no_code(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    assert client.get("/login/code").location == "/"


@pytest.mark.parametrize("page_before", ["http://[", "http://[::"])
def test_a_page_before_that_cannot_be_read_leads_home(client: FlaskClient, claire: Reader, page_before: str) -> None:
    with_app(claire)
    sign_in(client, claire)
    headers = {"Referer": page_before, "Sec-Fetch-Site": "same-origin"}
    with clock.frozen(NOON + timedelta(minutes=10)):
        answer = submit(client, f"{PAGE}/codes", page="/profile/identity", headers=headers)
    assert answer.location == "/login/again?next=/"


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"])
def test_proving_again_who_one_is_leads_to_no_other_site(client: FlaskClient, claire: Reader, target: str) -> None:
    sign_in(client, claire)
    assert submit(client, "/login/again", {"password": PASSWORD, "next": target}).location == "/"

"""The log tells each attempt to get in: the way, what came of it, hashes; never an address, a password or a code."""

import logging
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import second_factor
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from tests.accounts.test_mail_code import ask, type_in, wrong
from tests.builders import a_reader
from tests.forms import submit

ADDRESS, PASSWORD = "claire@clinique.example.org", "trois chevaux bleus courent"


@pytest.fixture
def claire(session: AnySession) -> Reader:
    return a_reader(ADDRESS, password=PASSWORD)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged, none of which may name anybody."""
    caplog.set_level(logging.INFO)
    yield caplog
    written = " ".join(str(vars(record)) for record in caplog.records)
    assert ADDRESS not in written and PASSWORD not in written and "127.0.0.1" not in written


def attempts(told: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """(what came of it, the way) of each."""
    mine = [record for record in told.records if record.name == "portal.accounts.attempts"]
    assert all(len(vars(record)["account"]) == len(vars(record)["network"]) == 12 for record in mine)
    return [(record.getMessage().removeprefix("sign-in "), vars(record)["way"]) for record in mine]


def test_a_wrong_and_a_right_password_are_told(
    client: FlaskClient, claire: Reader, told: pytest.LogCaptureFixture
) -> None:
    submit(client, "/login", {"email": ADDRESS, "password": "quelque chose d'autre"})
    submit(client, "/login", {"email": "personne@example.org", "password": PASSWORD})
    submit(client, "/login", {"email": ADDRESS, "password": PASSWORD})
    assert attempts(told) == [("refused", "password"), ("refused", "password"), ("accepted", "password")]
    accounts = [vars(record)["account"] for record in told.records if record.name == "portal.accounts.attempts"]
    assert accounts[0] == accounts[2] != accounts[1]


def test_mailed_codes_are_told(client: FlaskClient, claire: Reader, told: pytest.LogCaptureFixture) -> None:
    code = ask(client, ADDRESS)
    type_in(client, wrong(code))
    type_in(client, code)
    assert attempts(told) == [("refused", "mailed code"), ("accepted", "mailed code")]
    assert code not in told.text


def test_the_second_step_is_told_by_what_was_typed(
    client: FlaskClient, claire: Reader, told: pytest.LogCaptureFixture
) -> None:
    salt = second_factor.new_salt()
    with writing() as unit:
        codes = second_factor.confirm(
            unit, unit.get_one(Reader, claire.id), salt, second_factor.code_at(salt, clock.wall())
        )
    assert codes
    submit(client, "/login", {"email": ADDRESS, "password": PASSWORD})
    for typed in ("000000", codes[0]):
        submit(client, "/login/code", {"code": typed})
    ways = ["password", "second step", "second step: recovery"]
    assert attempts(told) == list(zip(["accepted", "refused", "accepted"], ways, strict=True))


def test_proving_again_is_told(client: FlaskClient, claire: Reader, told: pytest.LogCaptureFixture) -> None:
    submit(client, "/login", {"email": ADDRESS, "password": PASSWORD})
    for typed in ("quelque chose d'autre", PASSWORD):
        submit(client, "/login/again", {"password": typed})
    assert attempts(told)[1:] == [("refused", "password again"), ("accepted", "password again")]


def test_what_the_guards_refuse_is_told_with_its_cause(client: FlaskClient, told: pytest.LogCaptureFixture) -> None:
    client.post("/login", data={})
    client.post("/preferences", data={}, headers={"Sec-Fetch-Site": "cross-site"})
    client.get("/", headers={"Host": "evil.example"})
    for _number in range(6):
        submit(client, "/reset", {"email": ADDRESS})
    told_of = [(vars(record)["status"], vars(record)["why"]) for record in told.records if "why" in vars(record)]
    assert told_of == [(400, "CSRFError"), (403, "FromElsewhere"), (400, "SecurityError"), (429, "Throttled")]

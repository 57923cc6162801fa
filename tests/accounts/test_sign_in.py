"""Signing in and out."""

from datetime import UTC, timedelta

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import passwords, sessions, signin
from portal.accounts.gate import Gate
from portal.accounts.models import Reader, ReaderSession
from portal.db import AnySession, writing
from portal.roles import Role
from tests.builders import a_reader
from tests.conftest import NOON as NOON_IN_PARIS
from tests.forms import sign_in, submit

NOON = NOON_IN_PARIS.astimezone(UTC)  # days are counted as 24 hours, whatever the clocks of Paris do
PASSWORD = "trois chevaux bleus courent"
ADDRESS = "claire@clinique.example.org"
RIGHT = {"email": ADDRESS, "password": PASSWORD}
WRONG = {"email": ADDRESS, "password": "quatre canards sous la pluie"}


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/login").status_code == 303


@pytest.fixture
def claire(session: AnySession) -> Reader:
    return a_reader(ADDRESS, password=PASSWORD)


def test_the_right_password_signs_in_and_returns_to_the_article(client: FlaskClient, claire: Reader) -> None:
    answer = submit(client, "/login", {**RIGHT, "next": "/health/article/x?a=1"})
    assert (answer.status_code, answer.location) == (303, "/health/article/x?a=1")
    assert is_signed_in(client)


def test_the_form_carries_the_place_to_return_to(client: FlaskClient) -> None:
    assert 'value="/health/article/x"' in client.get("/login?next=/health/article/x").text


def test_the_address_may_be_typed_in_capitals(client: FlaskClient, claire: Reader) -> None:
    assert submit(client, "/login", {**RIGHT, "email": f" {ADDRESS.upper()} "}).status_code == 303


def test_known_and_unknown_addresses_get_the_same_refusal(client: FlaskClient, claire: Reader) -> None:
    known = submit(client, "/login", WRONG)
    unknown = submit(client.application.test_client(), "/login", {**WRONG, "email": "x" * 5 + ADDRESS[5:]})
    assert known.status_code == unknown.status_code == 422
    assert "Adresse ou mot de passe incorrect" in known.text or "Wrong address or password" in known.text
    assert _bare(known.text) == _bare(unknown.text).replace("xxxxx", "clair")


def _bare(page: str) -> str:
    """The page without its token."""
    return "".join(part.split('"', 1)[-1] for part in page.split('name="csrf_token" type="hidden" value="')[1:])


def test_an_unknown_address_costs_one_verification_too(
    client: FlaskClient, claire: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda stored, typed: hashed.append(typed) or real(stored, typed))
    submit(client, "/login", WRONG)
    submit(client, "/login", {**WRONG, "email": "personne@example.org"})
    assert len(hashed) == 2


def test_an_account_without_a_password_is_refused_like_the_others(client: FlaskClient, session: AnySession) -> None:
    a_reader(ADDRESS)
    assert submit(client, "/login", RIGHT).status_code == 422


def test_what_was_typed_is_kept_but_never_the_password(client: FlaskClient, claire: Reader) -> None:
    page = submit(client, "/login", WRONG).text
    assert f'value="{ADDRESS}"' in page and WRONG["password"] not in page


def test_a_suspended_reader_may_sign_in(client: FlaskClient, session: AnySession) -> None:
    a_reader(ADDRESS, password=PASSWORD, suspended_at=NOON)
    assert submit(client, "/login", RIGHT).status_code == 303


def test_the_session_has_a_new_name_at_each_sign_in(client: FlaskClient, claire: Reader) -> None:
    before = sign_in(client, claire)
    with client.session_transaction() as cookie:
        cookie["planted"] = cookie.pop("_user_id")
    submit(client, "/login", RIGHT)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
        assert "planted" not in cookie


def test_a_session_id_chosen_by_a_stranger_opens_nothing(client: FlaskClient, claire: Reader) -> None:
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "a name I chose"
    assert not is_signed_in(client)


def test_who_is_signed_in_is_sent_on(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    assert client.get("/login?next=/health/article/x").location == "/health/article/x"
    assert client.get("/register?next=//evil.example").location == "/"


EVIL = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\tevil.example",
    "/\t/evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/\n/evil.example",
    "///evil.example",
    "http:/evil.example",
    "evil.example",
    "/login",
    "/logout",
    "",
]


@pytest.mark.parametrize("target", EVIL)
def test_no_sign_in_leads_off_the_site(client: FlaskClient, claire: Reader, target: str) -> None:
    assert submit(client, "/login", {**RIGHT, "next": target}).location == "/"


@pytest.mark.parametrize("target", EVIL)
def test_no_sign_out_leads_off_the_site(client: FlaskClient, claire: Reader, target: str) -> None:
    location = submit(client, "/logout", {"next": target}, page="/login").location
    assert location == (target if target in ("/login", "/logout") else "/")


@pytest.mark.parametrize("query", ["//evil.example", "/%5Cevil.example", "/%09/evil.example", "javascript:alert(1)"])
def test_the_sign_in_page_never_carries_a_foreign_place(client: FlaskClient, query: str) -> None:
    assert '<input name="next" type="hidden" value="/">' in client.get(f"/login?next={query}").text


def test_signing_out_ends_the_session_at_once_and_its_cookie_is_worth_nothing(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    submit(client, "/login", RIGHT)
    stolen = client.get_cookie("session").value  # type: ignore[union-attr]
    page = client.get("/-/nowhere").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post("/logout", data={"csrf_token": token, "next": "/health/article/x"})
    assert (answer.status_code, answer.location) == (303, "/health/article/x")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert not is_signed_in(client)
    thief = client.application.test_client()
    thief.set_cookie("session", stolen)
    assert not is_signed_in(thief)
    assert session.query(ReaderSession).one().end_cause == "signed-out"


def test_signing_out_needs_its_token(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    assert client.post("/logout", data={"next": "/"}).status_code == 400
    assert is_signed_in(client)


def test_a_session_idle_for_thirty_days_is_over(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    with clock.frozen(NOON + timedelta(days=30) - timedelta(seconds=1)):
        assert is_signed_in(client)
    with clock.frozen(NOON + timedelta(days=60) - timedelta(seconds=1)):
        assert not is_signed_in(client)


def test_a_session_never_used_again_ends_at_thirty_days_exactly(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    with clock.frozen(NOON + timedelta(days=30)):
        assert not is_signed_in(client)


def test_a_session_that_ended_while_a_page_was_made_is_not_taken_up_again(claire: Reader, session: AnySession) -> None:
    person = sessions.by_token(session, sessions.open_session(session, claire, "Tests"))
    assert person is not None
    session.commit()
    with clock.frozen(NOON + sessions.IDLE), writing() as unit:
        assert not sessions.touch(unit, person)
    assert session.query(ReaderSession).one().last_seen_at == NOON


def test_a_session_is_noted_as_used_every_ten_minutes_and_no_oftener(claire: Reader, session: AnySession) -> None:
    person = sessions.by_token(session, sessions.open_session(session, claire, "Tests"))
    assert person is not None
    session.commit()
    for minutes, noted in ((9, False), (10, True)):
        with clock.frozen(NOON + timedelta(minutes=minutes)), writing() as unit:
            assert sessions.touch(unit, person) is noted


def test_a_session_in_daily_use_ends_after_ninety_days(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    for day in range(20, 90, 20):
        with clock.frozen(NOON + timedelta(days=day)):
            assert is_signed_in(client)
    with clock.frozen(NOON + timedelta(days=90)):
        assert not is_signed_in(client)


@pytest.mark.parametrize(("ticked", "lasting"), [("y", True), ("", False)])
def test_who_does_not_stay_is_signed_out_with_the_browser_or_after_twelve_hours(
    client: FlaskClient, claire: Reader, ticked: str, lasting: bool
) -> None:
    answer = submit(client, "/login", {**RIGHT, **({"stay": ticked} if ticked else {})})
    (kept,) = (text for text in answer.headers.getlist("Set-Cookie") if text.startswith("session="))
    assert ("Expires=" in kept) == lasting
    with clock.frozen(NOON + timedelta(hours=12) - timedelta(seconds=1)):
        assert is_signed_in(client)
    with clock.frozen(NOON + timedelta(hours=12)):
        assert is_signed_in(client) == lasting


def test_a_staff_session_ends_after_twelve_hours(client: FlaskClient, session: AnySession) -> None:
    sign_in(client, a_reader(ADDRESS, role=Role.SUPPORT))
    with clock.frozen(NOON + timedelta(hours=12) - timedelta(seconds=1)):
        assert is_signed_in(client)
    with clock.frozen(NOON + timedelta(hours=12)):
        assert not is_signed_in(client)


@pytest.mark.usefixtures("costly_hashes")
def test_an_old_hash_is_renewed_at_sign_in(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    with writing():
        claire.password_hash = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    assert submit(client, "/login", RIGHT).status_code == 303
    session.refresh(claire)
    assert claire.password_hash is not None and "m=19456,t=2,p=1" in claire.password_hash
    assert passwords.verify(claire.password_hash, PASSWORD)


def test_a_password_changed_while_it_was_checked_signs_nobody_in(claire: Reader, session: AnySession) -> None:
    checked = signin.check_password(session, email=ADDRESS, password=PASSWORD)
    assert checked is not None
    with writing():
        claire.password_hash = passwords.hash_password("quatre canards sous la pluie")
    with writing() as unit:
        assert signin.reader_for(unit, *checked) is None


def test_no_transaction_is_open_while_a_password_is_hashed(
    client: FlaskClient, claire: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.db import db

    open_during: list[bool] = []
    real = passwords.verify

    def watched(stored: str | None, typed: str) -> bool:
        open_during.append(db.session().in_transaction())
        return real(stored, typed)

    monkeypatch.setattr(passwords, "verify", watched)
    submit(client, "/login", RIGHT)
    assert open_during == [False]


def test_a_full_gate_answers_503_and_says_when_to_come_back(
    client: FlaskClient, claire: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(places=1, wait=0)
    monkeypatch.setattr(passwords, "gate", gate)
    with gate.entered():
        answer = submit(client, "/login", RIGHT)
        registering = submit(client, "/register", {**RIGHT, "email": "autre@example.org"})
    assert answer.status_code == registering.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "2 secondes" in answer.text or "2 seconds" in answer.text
    assert submit(client, "/login", RIGHT).status_code == 303


def test_the_eleventh_attempt_within_five_minutes_waits(client: FlaskClient, claire: Reader) -> None:
    for _ in range(10):
        assert submit(client, "/login", WRONG).status_code == 422
    refused = submit(client, "/login", RIGHT)
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "300"
    with clock.frozen(NOON + timedelta(minutes=5, seconds=1)):
        assert submit(client, "/login", RIGHT).status_code == 303


def test_an_unknown_address_waits_just_the_same(client: FlaskClient) -> None:
    for _ in range(10):
        assert submit(client, "/login", WRONG).status_code == 422
    assert submit(client, "/login", WRONG).status_code == 429


def test_attempts_are_counted_on_each_account_from_wherever_they_come(client: FlaskClient, claire: Reader) -> None:
    for number in range(10):
        submit(client, "/login", WRONG, environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"})
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "198.51.100.7"}}
    assert submit(client, "/login", RIGHT, **elsewhere).status_code == 429


def test_attempts_are_counted_on_each_network_whatever_the_account(client: FlaskClient, claire: Reader) -> None:
    for number in range(10):
        where = {"environ_overrides": {"REMOTE_ADDR": f"2001:db8::{number:x}"}}
        submit(client, "/login", {**WRONG, "email": f"autre{number}@example.org"}, **where)
    neighbour = {"environ_overrides": {"REMOTE_ADDR": "2001:db8::ffff"}}
    assert submit(client, "/login", RIGHT, **neighbour).status_code == 429
    further = {"environ_overrides": {"REMOTE_ADDR": "2001:db8:0:1::1"}}
    assert submit(client, "/login", RIGHT, **further).status_code == 303


def test_a_stranger_cannot_lock_a_member_out_of_a_known_device(client: FlaskClient, claire: Reader) -> None:
    submit(client, "/login", RIGHT)
    client.delete_cookie("session")
    stranger = client.application.test_client()
    for _ in range(11):
        submit(stranger, "/login", WRONG)
    assert submit(stranger, "/login", RIGHT).status_code == 429
    assert submit(client, "/login", RIGHT).status_code == 303


def test_a_known_device_is_counted_too(client: FlaskClient, claire: Reader) -> None:
    submit(client, "/login", RIGHT)
    client.delete_cookie("session")
    for _ in range(10):
        submit(client, "/login", WRONG)
    assert submit(client, "/login", RIGHT).status_code == 429


@pytest.mark.parametrize("value", ["nonsense", "x" * 4000, '"', "WyJhIiwiYiJd.x"])
def test_a_made_up_device_is_a_stranger(client: FlaskClient, claire: Reader, value: str) -> None:
    client.set_cookie("device", value)
    assert submit(client, "/login", RIGHT).status_code == 303


def test_signing_in_often_is_no_attack(client: FlaskClient, claire: Reader) -> None:
    for _ in range(15):
        assert submit(client.application.test_client(), "/login", RIGHT).status_code == 303


def test_signing_in_again_signs_the_one_before_out(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    other = a_reader("autre@example.org")
    before = sign_in(client, claire)
    with client.application.test_request_context():
        from flask import request
        from flask import session as cookie

        cookie["_user_id"] = before
        with writing() as unit:
            sessions.sign_in(unit, unit.get_one(Reader, other.id), request)
    session.rollback()
    assert sessions.by_token(session, before) is None


HOSTILE = [
    "\x00",
    "a\x00b@example.org",
    "x" * 100_000,
    "a@" + "b" * 900_000,
    "a\r\nBcc: x@example.org",
    "\u202eabc@x.org",
]


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize("page", ["/login", "/reset", "/register"])
def test_a_hostile_address_is_refused_with_a_sentence(client: FlaskClient, page: str, address: str) -> None:
    answer = submit(client, page, {"email": address, "password": PASSWORD})
    assert answer.status_code == 422 and 'class="error"' in answer.text
    assert len(answer.text) < 100_000


@pytest.mark.parametrize(
    "name", ["Claire\r\nBcc: x@example.org", "Cl\x00aire", "\u202eeriaC", "C" * 121, "Claire\u2028x"]
)
def test_a_name_that_is_not_one_line_is_refused(client: FlaskClient, name: str) -> None:
    answer = submit(client, "/register", {**RIGHT, "name": name})
    assert answer.status_code == 422 and 'id="name-error"' in answer.text


@pytest.mark.parametrize("name", ["Zoé d’Ornano-Lévêque", "王小明", "👩‍⚕️ Claire", "O'Neil <b>"])
def test_a_name_from_anywhere_is_welcome(client: FlaskClient, name: str) -> None:
    assert submit(client, "/register", {**RIGHT, "name": name}).status_code == 303


def test_bytes_that_are_no_text_are_refused(client: FlaskClient) -> None:
    page = client.get("/login").text
    token = page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
    body = b"csrf_token=" + token.encode() + b"&email=%ED%A0%80%FF&password=%ED%A0%80aaaaaaaaaaaaaa"
    sent = client.post("/login", data=body, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 422


def test_two_values_of_one_field_are_one(client: FlaskClient, claire: Reader) -> None:
    assert submit(client, "/login", {**RIGHT, "email": [ADDRESS, "autre@example.org"]}).status_code == 303
    assert is_signed_in(client)


def test_a_form_of_two_megabytes_is_refused(client: FlaskClient) -> None:
    assert client.post("/login", data={"email": "x" * 2_000_000}).status_code in (400, 413)


@pytest.mark.parametrize("cookie", ["", "garbage", "x" * 4000, "eyJfdXNlcl9pZCI6IjEifQ.x.y"])
def test_a_damaged_cookie_is_a_strangers(client: FlaskClient, cookie: str) -> None:
    client.set_cookie("session", cookie)
    assert client.get("/login").status_code == 200


def test_a_password_changed_meanwhile_is_told_like_a_wrong_one(
    client: FlaskClient, claire: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signin, "reader_for", lambda *_: None)
    assert submit(client, "/login", RIGHT).status_code == 422
    assert not is_signed_in(client)

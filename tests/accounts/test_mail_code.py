"""Signing in with a code that is mailed: in the browser that asked, once, for ten minutes, five tries."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import clock
from portal.accounts import mail_code, recovery, second_factor, suspension
from portal.accounts.mail_code import CodeGone
from portal.accounts.models import Reader, ReaderSession
from portal.accounts.models_security import SignInCode
from portal.accounts.signin import Visitor
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from tests.accounts.test_same_cost import statements
from tests.accounts.test_sign_in import EVIL, HOSTILE
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import csrf_token, submit

ASK, TYPE = "/login/mail", "/login/mail/code"
ADDRESS, UNKNOWN = "claire@clinique.example.org", "camill@clinique.example.org"


@pytest.fixture
def claire(session: AnySession) -> Reader:
    """A reader who never chose a password."""
    return a_reader(ADDRESS)


def ask(client: FlaskClient, address: str = ADDRESS, **more: str) -> str:
    """Ask for a code; what the mail holds, "" when it holds none."""
    answer = submit(client, ASK, {"email": address, **more})
    assert (answer.status_code, answer.location) == (303, TYPE)
    end_reading()
    mail = db.session.query(Mail).order_by(Mail.id.desc()).first()
    found = re.match(r"(\d{6})\b", mail.subject) if mail else None
    return found[1] if found else ""


def type_in(client: FlaskClient, code: str) -> TestResponse:
    return submit(client, TYPE, {"code": code}, page="/login/mail")


def wrong(code: str) -> str:
    return f"{(int(code or 0) + 1) % 10**6:06}"


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/login").status_code == 303


def sent(session: AnySession) -> list[tuple[str, str]]:
    end_reading()
    return [(mail.kind, mail.to_address) for mail in session.query(Mail).order_by(Mail.id)]


# -- the way in


def test_the_code_signs_in_and_leads_where_the_reader_was_going(client: FlaskClient, claire: Reader) -> None:
    assert 'href="/login/mail?next=/health/article/x"' in client.get("/login?next=/health/article/x").text
    assert 'value="/health/article/x"' in client.get(f"{ASK}?next=/health/article/x").text
    code = ask(client, next="/health/article/x")
    answer = type_in(client, f" {code[:3]} {code[3:]} ")
    assert (answer.status_code, answer.location) == (303, "/health/article/x")
    assert is_signed_in(client)
    assert client.get_cookie("device") is not None
    assert client.get(ASK).location == client.get(TYPE).location == "/"


def test_the_session_has_a_new_name_and_the_cookie_nothing_of_before(client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    with client.session_transaction() as cookie:
        cookie["planted"] = "x"
    type_in(client, code)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie and "mail-code" not in cookie


def test_looking_at_the_pages_sends_nothing(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    assert client.get(ASK).status_code == 200
    assert client.get(TYPE).location == ASK
    assert sent(session) == [] and session.query(SignInCode).count() == 0


def test_the_code_is_kept_nowhere_but_in_its_mail(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    code = ask(client)
    row = session.query(SignInCode).one()
    assert len(row.code_hash) == 32 and code.encode() not in row.code_hash
    mail = session.query(Mail).one()
    assert mail.expires_at - mail.created_at == timedelta(minutes=10)
    assert code in mail.text and code in mail.html


@pytest.mark.parametrize("target", EVIL)
def test_no_code_leads_off_the_site(client: FlaskClient, claire: Reader, target: str) -> None:
    assert type_in(client, ask(client, next=target)).location == "/"


def test_a_suspended_reader_may_sign_in(client: FlaskClient, session: AnySession) -> None:
    a_reader(ADDRESS, suspended_at=NOON)
    assert type_in(client, ask(client)).status_code == 303
    assert is_signed_in(client)


def test_whoever_has_a_second_factor_needs_it_too(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    salt = second_factor.new_salt()
    with writing() as unit:
        reader = unit.get_one(Reader, claire.id)
        second_factor.confirm(unit, reader, salt, second_factor.code_at(salt, clock.wall()))
    answer = type_in(client, ask(client, next="/health/"))
    assert answer.location == "/login/code"
    assert session.query(ReaderSession).count() == 0 and not is_signed_in(client)
    later = second_factor.code_at(salt, clock.wall() + timedelta(seconds=second_factor.STEP))
    assert submit(client, "/login/code", {"code": later}).location == "/health/"
    assert is_signed_in(client)


def test_a_new_device_is_told_when_it_comes_in_by_a_code(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    type_in(client, ask(client))
    other = app.test_client()
    type_in(other, ask(other))
    assert [kind for kind, _to in sent(session)] == ["sign_in_code", "sign_in_code", "new_device"]


# -- what opens nothing


def test_a_wrong_code_is_refused_in_words(client: FlaskClient, claire: Reader) -> None:
    answer = type_in(client, wrong(ask(client)))
    assert answer.status_code == 422 and "Ce n’est pas le code du dernier e-mail" in answer.text
    assert not is_signed_in(client)


@pytest.mark.parametrize("typed", ["", "abc", "１２３４５６", "\ud800", "0" * 5_000, "\x00"])
def test_what_is_no_code_opens_nothing(client: FlaskClient, claire: Reader, typed: str) -> None:
    ask(client)
    assert type_in(client, typed.encode("utf-8", "replace").decode()).status_code == 422


def test_a_code_opens_nothing_in_another_browser(app: Flask, client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    thief = app.test_client()
    assert type_in(thief, code).location == ASK
    own = ask(thief)
    if own != code:
        assert type_in(thief, code).status_code == 422
    assert not is_signed_in(thief)
    assert type_in(client, code).status_code == 303


def test_a_code_is_good_once_even_for_a_copy_of_the_cookie(app: Flask, client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    copied = client.get_cookie("session").value  # type: ignore[union-attr]
    assert type_in(client, code).status_code == 303
    thief = app.test_client()
    thief.set_cookie("session", copied)
    assert type_in(thief, code).location == ASK
    assert not is_signed_in(thief)


def test_of_two_tabs_one_signs_in_and_the_other_finds_itself_signed_in(client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    token = csrf_token(client, TYPE)
    assert client.post(TYPE, data={"code": code, "csrf_token": token}).status_code == 303
    second = type_in_signed(client, code)
    assert (second.status_code, second.location) == (303, "/") and is_signed_in(client)
    assert "Demandez d’abord un code" not in client.get("/profile/security").text


def type_in_signed(client: FlaskClient, code: str) -> TestResponse:
    return submit(client, TYPE, {"code": code}, page="/profile/security")


def test_the_code_typed_twice_at_once_opens_one_session(app: Flask, claire: Reader) -> None:
    who = Visitor(ADDRESS, "192.0.2.1", None)
    with writing() as unit:
        secret = mail_code.ask(unit, who, locale="fr")
    code = db.session.query(Mail).one().subject[:6]
    end_reading()

    def attempt(_number: int) -> str:
        with app.app_context():
            try:
                with writing() as unit:
                    return "wrong" if mail_code.try_code(unit, secret, code) is None else "right"
            except CodeGone as gone:
                return gone.cause
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(4))) == ["right", "used", "used", "used"]


def test_after_five_wrong_codes_the_right_one_comes_too_late(client: FlaskClient, claire: Reader) -> None:
    code = ask(client, next="/health/")
    assert [type_in(client, wrong(code)).status_code for _try in range(5)] == [422] * 5
    answer = type_in(client, code)
    assert (answer.status_code, answer.location) == (303, f"{ASK}?next=/health/")
    assert "Trop de codes erronés" in client.get(ASK).text
    assert not is_signed_in(client)


def test_after_ten_minutes_the_code_is_worth_nothing(client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    with clock.frozen(NOON + timedelta(minutes=10)):
        assert type_in(client, code).location == ASK
        assert "plus de dix minutes" in client.get(ASK).text
    assert not is_signed_in(client)


def test_a_new_request_replaces_the_code_before(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    first, second = ask(client), ask(client)
    assert [row.used_at is None for row in session.query(SignInCode).order_by(SignInCode.id)] == [False, True]
    if first != second:
        assert type_in(client, first).status_code == 422
    assert type_in(client, second).status_code == 303


def test_somebody_else_who_asks_does_not_kill_the_readers_code(app: Flask, client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    ask(app.test_client())
    assert type_in(client, code).status_code == 303


def test_a_changed_password_kills_the_code(client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    with writing() as unit:
        recovery.change(unit, unit.get_one(Reader, claire.id), password_hash="x", here=0, locale="fr")
    assert type_in(client, code).location == ASK


def test_an_address_the_account_has_left_opens_nothing(client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    with writing() as unit:
        unit.get_one(Reader, claire.id).email_key = "elsewhere@example.org"
    assert type_in(client, code).location == ASK


def test_a_suspension_in_between_changes_nothing(client: FlaskClient, claire: Reader) -> None:
    code = ask(client)
    with writing() as unit:
        suspension.suspend(unit, unit.get_one(Reader, claire.id), "Pour les tests.", actor_id=None)
    assert type_in(client, code).status_code == 303


# -- known, unknown, unconfirmed


def test_an_unknown_address_gets_the_mail_that_says_so_and_no_guess_opens_anything(
    client: FlaskClient, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_code.secrets, "randbelow", lambda _most: 271828)
    ask(client, UNKNOWN)
    assert sent(session) == [("no_account", UNKNOWN)]
    assert "Un code de connexion" in session.query(Mail).one().text
    assert type_in(client, "271828").status_code == 422
    assert session.query(SignInCode).one().reader_id is None


def test_an_unconfirmed_account_gets_its_confirmation_mail_and_no_code(
    client: FlaskClient, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_code.secrets, "randbelow", lambda _most: 271828)
    reader = a_reader(ADDRESS, confirmed=False)
    ask(client)
    assert sent(session) == [("confirm_address", ADDRESS)]
    assert type_in(client, "271828").status_code == 422
    session.refresh(reader)
    assert reader.confirmed_at is None


def test_the_mail_goes_to_the_address_of_the_account_not_to_a_spelling(
    client: FlaskClient, session: AnySession
) -> None:
    a_reader("weiss@example.org")
    submit(client, ASK, {"email": "weiß@example.org"})
    assert all(to == "weiss@example.org" or kind == "no_account" for kind, to in sent(session))


def test_known_unknown_and_unconfirmed_addresses_are_answered_alike_at_the_same_cost(
    app: Flask, claire: Reader
) -> None:
    a_reader("tiers@clinique.example.org", confirmed=False)
    asked, typed = [], []
    for address in ("first@clinique.example.org", ADDRESS, UNKNOWN, "tiers@clinique.example.org"):
        browser = app.test_client()
        token = csrf_token(browser, ASK)
        with statements() as seen:
            answer = browser.post(ASK, data={"email": address, "csrf_token": token})
        asked.append((answer.status_code, answer.location, len(seen)))
        page = browser.get(TYPE)
        with statements() as seen:
            refused = browser.post(TYPE, data={"code": "abcdef", "csrf_token": token})
        text = re.sub(r'value="[^"]+"', "", refused.text.replace(address, "")), page.text.count(address)
        typed.append((refused.status_code, len(seen), text))
    assert asked[1] == asked[2] == asked[3]
    assert typed[1] == typed[2] == typed[3]


# -- pace


def test_the_fourth_code_within_an_hour_waits_for_any_address(client: FlaskClient, claire: Reader) -> None:
    for address in (ADDRESS, UNKNOWN):
        for _time in range(3):
            ask(client, address)
        assert submit(client, ASK, {"email": address}).status_code == 429
    with clock.frozen(NOON + timedelta(hours=1, seconds=1)):
        ask(client)


def test_the_eleventh_code_of_a_day_waits_for_the_next_for_any_address(client: FlaskClient, claire: Reader) -> None:
    for address in (ADDRESS, UNKNOWN):
        for hours, codes in enumerate((3, 3, 3, 1)):
            with clock.frozen(NOON + hours * timedelta(hours=1, seconds=1)):
                for _time in range(codes):
                    ask(client, address)
        with clock.frozen(NOON + timedelta(hours=23)):
            answer = submit(client, ASK, {"email": address})
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    with clock.frozen(NOON + timedelta(days=1, seconds=1)):
        ask(client)


def test_no_stranger_keeps_a_known_device_from_asking(app: Flask, client: FlaskClient, claire: Reader) -> None:
    type_in(client, ask(client))
    client.delete_cookie("session")
    stranger = app.test_client()
    for _time in range(2):
        ask(stranger)
    assert submit(stranger, ASK, {"email": ADDRESS}).status_code == 429
    assert type_in(client, ask(client)).status_code == 303


def test_a_network_asks_thirty_times_an_hour(client: FlaskClient, session: AnySession) -> None:
    for number in range(30):
        ask(client, f"autre{number}@clinique.example.org")
    assert submit(client, ASK, {"email": ADDRESS}).status_code == 429


@pytest.mark.parametrize("address", HOSTILE)
def test_a_hostile_address_is_refused_with_a_sentence(client: FlaskClient, address: str) -> None:
    answer = submit(client, ASK, {"email": address})
    assert answer.status_code == 422 and 'class="error"' in answer.text


@pytest.mark.parametrize("kept", [["", "", ""], ["x", "y", "z"], None])
def test_a_cookie_of_another_shape_is_nobodys(client: FlaskClient, kept: object) -> None:
    with client.session_transaction() as cookie:
        cookie["mail-code"] = kept
    assert type_in(client, "271828").status_code in (303, 422)

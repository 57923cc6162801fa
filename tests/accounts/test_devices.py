"""The devices of a reader: listed, signed out, at most so many, and told about when they are new."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import clock
from portal.accounts import devices, second_factor, sessions
from portal.accounts.models import Reader, ReaderSession
from portal.accounts.models_security import SecondFactor
from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from tests.accounts.test_same_cost import statements
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import csrf_token, sign_in, submit

PAGE = "/profile/security"
PASSWORD = "trois chevaux bleus courent"
ADDRESS = "claire@clinique.example.org"
RIGHT = {"email": ADDRESS, "password": PASSWORD}
FIREFOX = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1"


@pytest.fixture
def claire(session: AnySession) -> Reader:
    return a_reader(ADDRESS, password=PASSWORD)


def browsers(app: Flask, reader: Reader, number: int) -> list[FlaskClient]:
    """So many devices, signed in a minute after each other."""
    made = [app.test_client() for _ in range(number)]
    for minute, browser in enumerate(made):
        with clock.frozen(NOON + timedelta(minutes=minute)):
            sign_in(browser, reader, FIREFOX)
    return made


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/login").status_code == 303


def ids(session: AnySession) -> list[int]:
    end_reading()
    return list(session.scalars(db.select(ReaderSession.id).order_by(ReaderSession.id)))


def end(client: FlaskClient, which: int | str) -> TestResponse:
    target = f"{PAGE}/devices/end-others" if which == "others" else f"{PAGE}/devices/{which}/end"
    return submit(client, target, page=PAGE)


def log_in(client: FlaskClient, device: str = FIREFOX) -> TestResponse:
    return submit(client, "/login", RIGHT, headers={"User-Agent": device})


def causes(session: AnySession) -> list[str | None]:
    end_reading()
    return [row.end_cause for row in session.query(ReaderSession).order_by(ReaderSession.id)]


# -- the list


def test_the_page_names_each_device_and_marks_this_one(app: Flask, client: FlaskClient, claire: Reader) -> None:
    sign_in(app.test_client(), claire, IPHONE)
    sign_in(client, claire, FIREFOX)
    page = client.get(PAGE).text
    assert page.count("Safari sur iPhone") == page.count("Firefox sur Mac") == 1
    assert page.index("Firefox sur Mac") < page.index("Cet appareil") < page.index("Safari sur iPhone")


def test_the_list_holds_live_sessions_of_this_reader_only(app: Flask, claire: Reader, session: AnySession) -> None:
    other = a_reader()
    for reader in (claire, claire, other):
        sign_in(app.test_client(), reader)
    first, second, _foreign = ids(session)
    with writing() as unit:
        devices.end_one(unit, claire.id, first)
    assert [one.session_id for one in devices.of_reader(session, claire.id, second)] == [second]
    with clock.frozen(NOON.astimezone(UTC) + sessions.IDLE):
        assert devices.of_reader(session, claire.id, second) == []


def test_a_device_cannot_write_into_the_page(app: Flask, client: FlaskClient, claire: Reader) -> None:
    sign_in(app.test_client(), claire, "<script>alert(1)</script>")
    sign_in(client, claire)
    assert "alert(1)" not in client.get(PAGE).text


# -- signing out


def test_a_device_that_was_signed_out_is_out_at_once_and_its_cookie_is_worth_nothing(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    lost = app.test_client()
    log_in(lost)
    stolen = lost.get_cookie("session").value  # type: ignore[union-attr]
    sign_in(client, claire)
    answer = end(client, ids(session)[0])
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert not is_signed_in(lost) and is_signed_in(client)
    thief = app.test_client()
    thief.set_cookie("session", stolen)
    assert not is_signed_in(thief)
    assert causes(session) == ["ended-by-reader", None]
    event = session.query(AuditEvent).filter_by(act="session.ended").one()
    assert (event.actor_id, event.target_id, event.values["cause"]) == (claire.id, claire.id, "ended-by-reader")
    assert session.get_one(AuditPersonal, event.id).values == {"browser": "Firefox", "system": "Mac"}


def test_signing_this_device_out_logs_out(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    sign_in(client, claire)
    answer = end(client, ids(session)[0])
    assert (answer.status_code, answer.location) == (303, "/login")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert not is_signed_in(client)
    assert causes(session) == ["signed-out"]


def test_other_devices_are_signed_out_by_who_has_just_proved_who_they_are(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    other = app.test_client()
    for device in (other, client):
        sign_in(device, claire)
    first, here = ids(session)
    with clock.frozen(NOON + timedelta(minutes=10)):
        for path in (f"{PAGE}/devices/{first}/end", f"{PAGE}/devices/end-others"):
            answer = submit(client, path, page=PAGE, headers={"Referer": f"http://localhost{PAGE}"})
            assert (answer.status_code, answer.location) == (303, f"/login/again?next={PAGE}")
        assert is_signed_in(other)
        assert end(client, here).location == "/login"


def test_nobody_signs_somebody_else_out(app: Flask, client: FlaskClient, claire: Reader, session: AnySession) -> None:
    victim = app.test_client()
    sign_in(victim, a_reader())
    sign_in(client, claire)
    foreign, own = ids(session)
    for number in (foreign, own + 1, 0, 10**9, 10**30):
        assert end(client, number).status_code == 404
    assert is_signed_in(victim)


def test_a_stranger_signs_nobody_out(app: Flask, client: FlaskClient, claire: Reader, session: AnySession) -> None:
    victim = app.test_client()
    sign_in(victim, claire)
    answer = submit(client, f"{PAGE}/devices/{ids(session)[0]}/end", page="/login")
    assert answer.location == "/login"
    assert is_signed_in(victim)


def test_two_tabs_sign_the_same_device_out_once(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    sign_in(app.test_client(), claire)
    sign_in(client, claire)
    first = ids(session)[0]
    assert [end(client, first).status_code for _tab in range(2)] == [303, 303]
    assert session.query(AuditEvent).filter_by(act="session.ended").count() == 1


def test_every_other_device_is_signed_out(app: Flask, client: FlaskClient, claire: Reader, session: AnySession) -> None:
    others = browsers(app, claire, 3)
    stranger = app.test_client()
    sign_in(stranger, a_reader())
    sign_in(client, claire)
    answer = submit(client, f"{PAGE}/devices/end-others", page=PAGE, follow=True)
    assert "3 appareils sont déconnectés." in answer.text.replace("\u00a0", " ")
    assert [is_signed_in(one) for one in [*others, client, stranger]] == [False] * 3 + [True] * 2
    assert session.query(AuditEvent).filter_by(act="session.ended").count() == 3
    again = app.test_client()
    sign_in(again, claire)
    token = csrf_token(client, PAGE)
    end(again, "others")
    assert client.post(f"{PAGE}/devices/end-others", data={"csrf_token": token}).location == "/login"


def test_with_no_other_device_nothing_is_signed_out(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    page = submit(client, f"{PAGE}/devices/end-others", page=PAGE, follow=True).text
    assert "Vous n’étiez connecté sur aucun autre appareil" in page
    assert is_signed_in(client)


# -- the limit


def test_the_sixth_device_signs_out_the_one_left_idle_longest(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    five = browsers(app, claire, 5)
    with clock.frozen(NOON + timedelta(minutes=20)):
        assert is_signed_in(five[0])  # used again, so that the second one is idle longest
    with clock.frozen(NOON + timedelta(minutes=21)):
        assert log_in(client).status_code == 303
        assert [is_signed_in(one) for one in five] == [True, False, True, True, True]
        assert is_signed_in(client)
    assert causes(session) == [None, "too-many-devices", None, None, None, None]
    assert session.query(AuditEvent).filter_by(act="session.ended").one().values["cause"] == "too-many-devices"


def test_who_was_signed_out_by_a_sixth_device_is_told_why(app: Flask, claire: Reader) -> None:
    first = browsers(app, claire, 6)[0]
    assert first.get("/profile/").location == "/login?next=/profile/"
    told = "Un compte est ouvert sur 5 appareils à la fois au plus"
    assert told in first.get("/login").text.replace("\u00a0", " ")
    assert told in submit(first, "/login", {**RIGHT, "password": "faux"}).text.replace("\u00a0", " ")
    log_in(first)
    assert told not in first.get("/profile/").text
    assert told not in app.test_client().get("/login").text


def test_who_was_signed_out_from_elsewhere_is_told_so(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    lost = app.test_client()
    sign_in(lost, claire)
    sign_in(client, claire)
    end(client, ids(session)[0])
    assert "La déconnexion a été demandée depuis un autre appareil" in lost.get("/login").text


@pytest.mark.parametrize("token", ["", "a name I chose", "x" * 3_000, None])
def test_a_cookie_that_names_no_session_is_told_nothing(client: FlaskClient, claire: Reader, token: str | None) -> None:
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    answer = client.get("/login")
    assert answer.status_code == 200 and "Vous êtes déconnecté" not in answer.text


def test_a_session_that_ran_out_takes_no_place(app: Flask, claire: Reader, session: AnySession) -> None:
    browsers(app, claire, 5)
    with clock.frozen(NOON + sessions.IDLE + timedelta(hours=1)):
        browsers(app, claire, 0)
        sign_in(app.test_client(), claire)
    assert causes(session) == [None] * 6


def test_the_devices_of_others_take_no_place(app: Flask, claire: Reader, session: AnySession) -> None:
    browsers(app, claire, 5)
    sign_in(app.test_client(), a_reader())
    assert causes(session) == [None] * 6


@pytest.mark.parametrize(("most", "left"), [(1, 1), (2, 2), (0, 7)])
def test_the_limit_is_a_setting(
    app: Flask, claire: Reader, session: AnySession, monkeypatch: pytest.MonkeyPatch, most: int, left: int
) -> None:
    monkeypatch.setitem(app.config, "DEVICES", most)
    browsers(app, claire, 7)
    assert causes(session).count(None) == left


def test_signing_in_again_on_the_same_device_costs_nobody_a_place(
    app: Flask, claire: Reader, session: AnySession
) -> None:
    five = browsers(app, claire, 5)
    token = csrf_token(five[4], PAGE)
    assert five[4].post("/login", data={**RIGHT, "csrf_token": token}).status_code == 303
    assert causes(session) == [None] * 4 + ["replaced", None]


def test_eight_sign_ins_at_once_leave_five_devices(app: Flask, claire: Reader, session: AnySession) -> None:
    end_reading()

    def open_one(_number: int) -> None:
        with app.app_context():
            with writing() as unit:
                sessions.open_session(unit, unit.get_one(Reader, claire.id), FIREFOX)
            db.session.remove()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(open_one, range(8)))
    assert causes(session).count(None) == 5


def test_a_page_finds_a_live_session_in_one_statement(app: Flask, claire: Reader, session: AnySession) -> None:
    token = sign_in(app.test_client(), claire)
    end_reading()
    sessions.by_token(session, token)
    with statements() as seen:
        sessions.by_token(session, token)
    assert len(seen) <= 1


# -- a mail about a new device


def mails(session: AnySession) -> list[Mail]:
    end_reading()
    return session.query(Mail).filter_by(kind="new_device").order_by(Mail.id).all()


def test_the_first_sign_in_is_told_to_nobody_and_a_second_device_is(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    log_in(client)
    assert mails(session) == []
    log_in(app.test_client(), IPHONE)
    [mail] = mails(session)
    assert mail.to_address == ADDRESS and mail.reader_id == claire.id
    for body in (mail.text, mail.html):
        plain = body.replace("\u00a0", " ")
        assert "Safari sur iPhone, le 10 mars 2026 à 12 h 00" in plain
        assert "http://localhost/profile/security" in body and "http://localhost/reset" in body


def test_a_known_device_writes_no_mail(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    log_in(client)
    client.delete_cookie("session")
    log_in(client)
    assert mails(session) == []


def test_the_device_of_another_account_is_new(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    log_in(app.test_client())
    other = a_reader("autre@example.org", password=PASSWORD)
    submit(client, "/login", {**RIGHT, "email": other.email})
    client.delete_cookie("session")
    log_in(client)
    assert [mail.reader_id for mail in mails(session)] == [claire.id]


def test_a_wrong_password_writes_no_mail(app: Flask, client: FlaskClient, claire: Reader, session: AnySession) -> None:
    log_in(client)
    submit(app.test_client(), "/login", {**RIGHT, "password": "quatre canards sous la pluie"})
    assert mails(session) == []


def test_with_a_second_factor_the_mail_is_written_once_the_code_was_right(
    app: Flask, client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    log_in(client)
    salt = second_factor.new_salt()
    with writing() as unit:
        reader = unit.get_one(Reader, claire.id)
        assert second_factor.confirm(unit, reader, salt, second_factor.code_at(salt, clock.wall()))
    stranger = app.test_client()
    assert log_in(stranger, IPHONE).location == "/login/code"
    assert mails(session) == []
    later = clock.wall() + timedelta(seconds=second_factor.STEP)
    code = second_factor.code_at(session.get_one(SecondFactor, claire.id).salt, later)
    assert submit(stranger, "/login/code", {"code": code}, headers={"User-Agent": IPHONE}).status_code == 303
    [mail] = mails(session)
    assert "Safari sur iPhone" in mail.text


def test_registering_and_confirming_writes_no_mail_about_a_new_device(client: FlaskClient, session: AnySession) -> None:
    submit(client, "/register", {"email": "neuve@clinique.example.org", "password": PASSWORD})
    link = re.search(r"/confirm/[\w-]+", session.query(Mail).one().text)
    assert link
    assert submit(client, link[0]).status_code == 303
    assert is_signed_in(client)
    assert mails(session) == []

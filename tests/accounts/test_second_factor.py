"""The second factor: turned on with an app, asked for at sign-in, spent code by code, lost with the phone."""

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import passwords, second_factor
from portal.accounts.models import Reader, ReaderSession
from portal.accounts.models_security import RecoveryCode, SecondFactor
from portal.accounts.second_factor import STEP, AlreadyOn, Proof
from portal.audit import AuditEvent
from portal.db import AnySession, db, writing
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import sign_in, submit

PAGE = "/profile/security/second-factor"
PASSWORD = "trois chevaux bleus courent"
ADDRESS = "claire@example.org"
AT = datetime(2026, 3, 10, 11, 0, 10, tzinfo=clock.UTC)


@pytest.fixture
def claire(app: Flask) -> Reader:
    """A reader with a password."""
    reader = a_reader(ADDRESS)
    with writing():
        reader.password_hash = passwords.hash_password(PASSWORD)
    return reader


def with_app(reader: Reader, at: datetime | None = None) -> tuple[SecondFactor, list[str]]:
    """The reader's second factor, just turned on, and the recovery codes."""
    salt = second_factor.new_salt()
    with writing() as unit:
        typed = second_factor.code_at(salt, at or clock.wall())
        codes = second_factor.confirm(unit, unit.get_one(Reader, reader.id), salt, typed, at)
    assert codes is not None
    return db.session.get_one(SecondFactor, reader.id), codes


def code(factor: SecondFactor, at: datetime = AT) -> str:
    return second_factor.code_at(factor.salt, at)


def check(reader: Reader, typed: str, at: datetime = AT) -> Proof | None:
    with writing() as unit:
        return second_factor.check(unit, reader.id, typed, at)


def in_next_step(factor: SecondFactor) -> str:
    """A code that was not used yet and that the server takes already."""
    return code(factor, clock.wall() + timedelta(seconds=STEP))


# -- codes of the app


@pytest.mark.parametrize(("late", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_half_a_minute_off(claire: Reader, late: int, right: bool) -> None:
    factor, _codes = with_app(claire, AT - timedelta(hours=1))
    typed = code(factor, AT + late * timedelta(seconds=STEP))
    assert (check(claire, typed) is Proof.APP) == right


def test_a_code_is_good_once_and_those_before_it_never_again(claire: Reader) -> None:
    factor, _codes = with_app(claire, AT - timedelta(hours=1))
    assert check(claire, code(factor)) is Proof.APP
    assert check(claire, code(factor)) is None
    assert check(claire, code(factor, AT - timedelta(seconds=STEP))) is None
    assert check(claire, code(factor, AT + timedelta(seconds=STEP))) is Proof.APP


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "１２３４５６", "٣٣٣٣٣٣", "\ud800" * 6, "abcdef", "0" * 5_000]
)
def test_what_is_no_code_opens_nothing(claire: Reader, typed: str) -> None:
    with_app(claire, AT - timedelta(hours=1))
    assert check(claire, typed) is None


def test_a_code_may_be_typed_in_two_groups(claire: Reader) -> None:
    factor, _codes = with_app(claire, AT - timedelta(hours=1))
    digits = code(factor)
    assert check(claire, f" {digits[:3]} {digits[3:]} ") is Proof.APP


def test_a_copy_of_the_database_holds_no_secret(claire: Reader, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    factor, _codes = with_app(claire, AT - timedelta(hours=1))
    here = code(factor)
    monkeypatch.setitem(app.config, "SECRET_KEY", "the key of another server, which is not ours")
    assert code(factor) != here


def test_a_changed_server_key_keeps_phones_and_recovery_codes(
    claire: Reader, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    factor, codes = with_app(claire, AT - timedelta(hours=1))
    typed, before = code(factor), app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "SECRET_KEY", "a new key of this server, long enough to be one")
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [before])
    assert check(claire, typed) is Proof.APP
    assert check(claire, codes[0]) is Proof.RECOVERY


def test_a_second_app_needs_the_first_one_taken_off(claire: Reader) -> None:
    with_app(claire)
    with pytest.raises(AlreadyOn):
        with_app(claire)


# -- recovery codes


def test_each_recovery_code_is_good_once_however_it_is_typed(claire: Reader) -> None:
    _factor, codes = with_app(claire, AT - timedelta(hours=1))
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert check(claire, codes[0].upper().replace("-", " ")) is Proof.RECOVERY
    assert check(claire, codes[0]) is None
    assert second_factor.codes_left(db.session, claire.id) == second_factor.RECOVERY_CODES - 1


def test_a_recovery_code_is_one_persons(claire: Reader) -> None:
    _factor, codes = with_app(claire, AT - timedelta(hours=1))
    other = a_reader("other@example.org")
    with_app(other, AT - timedelta(hours=1))
    assert check(other, codes[0]) is None


def test_recovery_codes_are_kept_as_keyed_hashes(claire: Reader, session: AnySession) -> None:
    _factor, codes = with_app(claire)
    kept = b"".join(session.scalars(db.select(RecoveryCode.code_hash)))
    assert not any(code.encode() in kept or code.replace("-", "").encode() in kept for code in codes)


def test_new_recovery_codes_replace_the_old_ones(claire: Reader, client: FlaskClient) -> None:
    _factor, codes = with_app(claire, AT - timedelta(hours=1))
    sign_in(client, claire)
    page = submit(client, f"{PAGE}/codes", page=PAGE).text
    fresh = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", page)
    assert len(fresh) == second_factor.RECOVERY_CODES
    assert check(claire, codes[0]) is None
    assert check(claire, fresh[0]) is Proof.RECOVERY


# -- turning it on and off


def shown_secret(page: str) -> str:
    found = re.search(r'<p class="secret">([A-Z2-7 ]+)</p>', page)
    assert found
    return found[1].replace(" ", "")


def test_it_is_turned_on_with_the_key_that_the_page_shows(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    from pyotp import TOTP

    sign_in(client, claire, "Another device")
    other = client.application.test_client()
    sign_in(client, claire)
    page = client.get(PAGE)
    assert 'class="qr"' in page.text and "style=" not in page.text
    done = submit(client, PAGE, {"code": TOTP(shown_secret(page.text)).at(int(clock.wall().timestamp()))})
    assert done.status_code == 200 and "private, no-store" in done.headers["Cache-Control"]
    assert len(re.findall(r"<li>[a-z2-9]{5}-[a-z2-9]{5}</li>", done.text)) == second_factor.RECOVERY_CODES
    assert session.query(Mail).filter_by(kind="second_factor_changed").count() == 1
    assert session.query(AuditEvent).filter_by(act="second-factor.on").count() == 1
    causes = [row.end_cause for row in session.query(ReaderSession).order_by(ReaderSession.id)]
    assert causes == ["second-factor", None]
    assert client.get("/profile/security").status_code == 200
    assert other.get("/profile/security").status_code == 303


def test_looking_at_the_page_changes_nothing_and_shows_the_same_key(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    sign_in(client, claire)
    assert shown_secret(client.get(PAGE).text) == shown_secret(client.get(PAGE).text)
    assert session.query(SecondFactor).count() == 0


@pytest.mark.parametrize("typed", ["000000", "", "abc"])
def test_a_wrong_code_turns_nothing_on(client: FlaskClient, claire: Reader, session: AnySession, typed: str) -> None:
    sign_in(client, claire)
    before = shown_secret(client.get(PAGE).text)
    answer = submit(client, PAGE, {"code": typed})
    assert answer.status_code == 422
    assert shown_secret(answer.text) == before
    assert session.query(SecondFactor).count() == 0


def test_it_is_turned_off_and_the_owner_is_told(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    with_app(claire)
    sign_in(client, claire)
    assert submit(client, f"{PAGE}/remove", page=PAGE).location == "/profile/security"
    assert session.query(SecondFactor).count() == session.query(RecoveryCode).count() == 0
    assert session.query(Mail).filter_by(kind="second_factor_changed").count() == 2


# -- signing in


def first_step(client: FlaskClient, next_path: str = "/health/") -> None:
    answer = submit(client, "/login", {"email": ADDRESS, "password": PASSWORD, "next": next_path})
    assert (answer.status_code, answer.location) == (303, "/login/code")


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/profile/").status_code == 200


def test_the_password_alone_opens_no_session(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    with_app(claire)
    first_step(client)
    assert not is_signed_in(client)
    assert session.query(ReaderSession).count() == 0


def test_the_code_opens_it_and_leads_where_the_reader_was_going(client: FlaskClient, claire: Reader) -> None:
    factor, _codes = with_app(claire)
    first_step(client)
    answer = submit(client, "/login/code", {"code": in_next_step(factor)})
    assert (answer.status_code, answer.location) == (303, "/health/")
    assert is_signed_in(client)


def test_who_does_not_stay_is_still_signed_out_after_a_day_of_work(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    factor, _codes = with_app(claire)
    first_step(client)  # the box was not ticked
    submit(client, "/login/code", {"code": in_next_step(factor)})
    assert session.query(ReaderSession).one().expires_at == NOON + timedelta(hours=12)


def test_a_wrong_code_is_refused_in_words(client: FlaskClient, claire: Reader) -> None:
    with_app(claire)
    first_step(client)
    answer = submit(client, "/login/code", {"code": "000000"})
    assert answer.status_code == 422
    assert "Ce code n’est pas le bon" in answer.text
    assert not is_signed_in(client)


def test_a_recovery_code_lets_in_and_is_told(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    _factor, codes = with_app(claire)
    first_step(client)
    answer = submit(client, "/login/code", {"code": codes[3]}, follow=True)
    assert "Il vous reste 9 codes de secours." in answer.text.replace("\u00a0", " ")
    assert [mail.kind for mail in session.query(Mail).order_by(Mail.id)] == ["second_factor_changed"] * 2


def test_six_tries_are_too_many(client: FlaskClient, claire: Reader) -> None:
    factor, _codes = with_app(claire)
    first_step(client)
    statuses = [submit(client, "/login/code", {"code": "000000"}).status_code for _try in range(6)]
    assert statuses == [422] * 5 + [429]
    assert submit(client, "/login/code", {"code": in_next_step(factor)}).status_code == 429


def test_the_first_step_holds_for_ten_minutes(client: FlaskClient, claire: Reader) -> None:
    factor, _codes = with_app(claire)
    first_step(client)
    with clock.frozen(NOON + timedelta(minutes=10)):
        answer = client.get("/login/code")
        assert (answer.status_code, answer.location) == (303, "/login")
        assert submit(client, "/login/code", {"code": in_next_step(factor)}, page="/login").location == "/login"


def test_a_password_changed_in_between_ends_the_first_step(client: FlaskClient, claire: Reader) -> None:
    from portal.accounts import recovery

    with_app(claire)
    first_step(client)
    with writing() as unit:
        recovery.change(unit, unit.get_one(Reader, claire.id), password_hash="x", here=0, locale="fr")
    assert client.get("/login/code").location == "/login"


def test_a_new_password_does_not_skip_the_code(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    with_app(claire)
    submit(client, "/reset", {"email": ADDRESS})
    mail = session.query(Mail).filter_by(kind="reset_password").one()
    link = re.search(r"/reset/[\w-]+", mail.text)
    assert link
    assert submit(client, link[0], {"password": "quatre canards sous la pluie"}).location == "/login"
    again = submit(client, "/login", {"email": ADDRESS, "password": "quatre canards sous la pluie"})
    assert again.location == "/login/code"


def test_the_page_of_the_code_is_nobodys_without_a_first_step(client: FlaskClient) -> None:
    assert client.get("/login/code").location == "/login"


# -- proving again who one is


def test_after_ten_minutes_the_password_is_asked_again_and_then_the_page_shows(
    client: FlaskClient, claire: Reader
) -> None:
    sign_in(client, claire)
    with clock.frozen(NOON + timedelta(minutes=10)):
        assert client.get(PAGE).location == "/login/again?next=/profile/security/second-factor"
        assert submit(client, "/login/again", {"password": "wrong", "next": PAGE}).status_code == 422
        answer = submit(client, "/login/again", {"password": PASSWORD, "next": PAGE})
        assert (answer.status_code, answer.location) == (303, PAGE)
        assert client.get(PAGE).status_code == 200


def test_whoever_copied_the_cookie_before_has_nothing_once_the_person_proved_who_they_are(
    client: FlaskClient, claire: Reader
) -> None:
    sign_in(client, claire)
    thief = client.application.test_client()
    thief.set_cookie("session", client.get_cookie("session").value)  # type: ignore[union-attr]
    assert thief.get("/profile/identity").status_code == 200
    assert submit(client, "/login/again", {"password": PASSWORD, "next": PAGE}).status_code == 303
    assert thief.get("/profile/identity").status_code == 303
    assert client.get("/profile/identity").status_code == 200


def test_a_button_pressed_too_late_leads_back_to_its_page(client: FlaskClient, claire: Reader) -> None:
    with_app(claire)
    sign_in(client, claire)
    client.get(PAGE)
    with clock.frozen(NOON + timedelta(minutes=10)):
        headers = {"Referer": f"http://localhost{PAGE}"}
        answer = submit(client, f"{PAGE}/codes", page="/profile/identity", headers=headers)
        assert answer.location == "/login/again?next=/profile/security/second-factor"
        away = submit(client, f"{PAGE}/codes", page="/profile/identity", headers={"Sec-Fetch-Site": "same-origin"})
        assert away.location == "/login/again?next=/"


def test_with_a_second_factor_the_code_is_asked_again_too(client: FlaskClient, claire: Reader) -> None:
    factor, _codes = with_app(claire)
    sign_in(client, claire)
    with clock.frozen(NOON + timedelta(minutes=10)):
        assert submit(client, "/login/again", {"password": PASSWORD, "next": PAGE}).status_code == 422
        answer = submit(client, "/login/again", {"password": PASSWORD, "code": in_next_step(factor), "next": PAGE})
        assert answer.status_code == 303


def test_the_password_of_somebody_else_proves_nothing(client: FlaskClient, claire: Reader) -> None:
    other = a_reader("other@example.org")
    with writing():
        other.password_hash = passwords.hash_password("quatre canards sous la pluie")
    sign_in(client, claire)
    assert submit(client, "/login/again", {"password": "quatre canards sous la pluie"}).status_code == 422


# -- staff


def test_the_back_office_opens_only_after_the_second_factor(client: FlaskClient, session: AnySession) -> None:
    admin = a_reader("admin@example.org", role=Role.ADMIN)
    sign_in(client, admin)
    with writing() as unit:
        unit.execute(db.update(ReaderSession).values(second_factor_at=None))
    assert client.get("/admin/readers?q=a").location == f"{PAGE}?next=/admin/readers?q%3Da"
    assert "Le back-office l’exige" in client.get(PAGE).text


def test_turning_it_off_closes_the_back_office(client: FlaskClient) -> None:
    admin = a_reader("admin@example.org", role=Role.ADMIN)
    with_app(admin)
    sign_in(client, admin)
    assert client.get("/admin/").status_code == 200
    submit(client, f"{PAGE}/remove", page=PAGE)
    assert client.get("/admin/").status_code == 303

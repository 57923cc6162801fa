"""A forgotten password, and the address of an account that is not confirmed."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import passwords, recovery, registration, tokens
from portal.accounts.models import AccountToken, Reader, TokenPurpose
from portal.accounts.tokens import LinkUnknown, LinkUsed
from portal.audit import AuditEvent
from portal.db import AnySession, writing
from portal.outbox import Mail
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import csrf_token, sign_in, submit

OLD, NEW = "trois chevaux bleus courent", "quatre canards sous la pluie"
ADDRESS = "claire@clinique.example.org"


@pytest.fixture
def claire(session: AnySession) -> Reader:
    return a_reader(ADDRESS, password=OLD)


def last_mail(session: AnySession) -> Mail:
    return session.query(Mail).order_by(Mail.id.desc()).limit(1).one()


def ask(client: FlaskClient, session: AnySession) -> str:
    """Ask for a reset; returns the path of the link in the mail."""
    assert submit(client, "/reset", {"email": ADDRESS}).location == "/reset/mailbox"
    return link(last_mail(session))


def link(mail: Mail) -> str:
    return next(word for word in mail.text.split() if "/reset/" in word or "/confirm-address/" in word).removeprefix(
        "http://localhost"
    )


def test_the_link_of_the_mail_changes_the_password(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    path = ask(client, session)
    assert submit(client, path, {"password": NEW}).location == "/login"
    session.refresh(claire)
    assert passwords.verify(claire.password_hash, NEW)
    assert last_mail(session).kind == "password_changed"


def test_opening_the_link_changes_nothing(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    path = ask(client, session)
    for _ in range(3):
        assert client.get(path).status_code == 200
    assert submit(client, path, {"password": NEW}).status_code == 303


def test_the_page_of_the_link_tells_nobody_where_it_was(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    answer = client.get(ask(client, session))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_reset_ends_every_session(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    path = ask(client.application.test_client(), session)
    sign_in(client, claire)
    submit(client.application.test_client(), path, {"password": NEW})
    assert client.get("/login").status_code == 200


def test_the_link_works_once(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    path = ask(client, session)
    submit(client, path, {"password": NEW})
    assert client.get(path).status_code == 410
    token = path.rpartition("/")[2]
    with pytest.raises(LinkUsed), writing() as unit:
        recovery.reset(unit, token, password_hash="x", locale="fr")


def test_the_link_works_for_an_hour(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    path = ask(client, session)
    with clock.frozen(NOON + timedelta(minutes=60)):
        assert client.get(path).status_code == 410
    with clock.frozen(NOON + timedelta(minutes=59, seconds=59)):
        assert client.get(path).status_code == 200


def test_only_the_last_link_works(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    first, second = ask(client, session), ask(client, session)
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200


def test_the_link_dies_with_a_change_of_address(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    path = ask(client, session)
    with writing():
        claire.email_key = "autre@example.org"
    assert client.get(path).status_code == 410


def test_a_token_serves_its_own_purpose_only(session: AnySession, claire: Reader) -> None:
    with writing() as unit:
        token = tokens.issue(unit, claire, TokenPurpose.CONFIRM_ADDRESS)
    with pytest.raises(LinkUnknown):
        recovery.who_resets(session, token)
    with pytest.raises(LinkUnknown):
        registration.open_pending(session, token)


def test_tokens_are_hashed_at_rest(session: AnySession, claire: Reader) -> None:
    with writing() as unit:
        token = tokens.issue(unit, claire, TokenPurpose.RESET_PASSWORD)
    assert len(token) == 32  # 192 bits
    assert session.query(AccountToken).one().token_hash == tokens.hash_of(token)


def test_an_unknown_address_gets_the_same_answer(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    known = submit(client, "/reset", {"email": ADDRESS}, follow=True)
    unknown = submit(client.application.test_client(), "/reset", {"email": "aucun" + ADDRESS[6:]}, follow=True)
    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text.replace("aucun@", "claire@")
    assert last_mail(session).kind == "no_account"


def test_a_bad_new_password_is_refused_and_uses_nothing_up(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    path = ask(client, session)
    for bad in ("court", "motdepasse2026", "claire-clinique", "x" * 257, ""):
        answer = submit(client, path, {"password": bad})
        assert answer.status_code == 422 and 'id="password-error"' in answer.text
    assert submit(client, path, {"password": NEW}).status_code == 303


def test_the_sixth_mail_within_an_hour_is_refused_known_or_not(client: FlaskClient, claire: Reader) -> None:
    for address in (ADDRESS, "personne@example.org"):
        for _ in range(5):
            assert submit(client, "/reset", {"email": address}).status_code == 303
        assert submit(client, "/reset", {"email": address}).status_code == 429


@pytest.mark.parametrize("token", ["nonsense", "x" * 3000, "%00", "%ED%A0%80", "..%2F..", "é"])
@pytest.mark.parametrize("page", ["/reset/", "/confirm-address/"])
def test_a_link_nobody_sent_says_so(client: FlaskClient, page: str, token: str) -> None:
    assert client.get(page + token).status_code in (404, 410)


def test_an_unconfirmed_account_is_confirmed_by_a_button(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader(ADDRESS, confirmed=False)
    sign_in(client, reader)
    answer = client.post("/confirm-address/resend", data={"csrf_token": _token(client), "next": "/health/article/x"})
    assert answer.location == "/health/article/x"
    path = link(last_mail(session))
    assert client.get(path).status_code == 200
    session.refresh(reader)
    assert reader.confirmed_at is None
    assert submit(client, path).status_code == 303
    session.refresh(reader)
    assert reader.confirmed_at == NOON
    assert client.get(path).status_code == 410


def test_an_address_confirmed_in_another_way_meanwhile_keeps_its_day(session: AnySession) -> None:
    reader = a_reader(ADDRESS, confirmed=False)
    with writing() as unit:
        token = tokens.issue(unit, reader, TokenPurpose.CONFIRM_ADDRESS)
        reader.confirmed_at = NOON
    with clock.frozen(NOON + timedelta(minutes=5)), writing() as unit:
        assert recovery.confirm_address(unit, token).confirmed_at == NOON
    assert session.query(AuditEvent).count() == 0


def _token(client: FlaskClient) -> str:
    return client.get("/-/nowhere").text.split('name="csrf_token" value="')[1].split('"')[0]


def test_asking_twice_within_a_minute_sends_one_mail(client: FlaskClient, session: AnySession) -> None:
    sign_in(client, a_reader(ADDRESS, confirmed=False))
    for _ in range(2):
        client.post("/confirm-address/resend", data={"csrf_token": _token(client)})
    assert session.query(Mail).count() == 1
    assert "60" in client.get("/-/nowhere").text


def test_a_stranger_cannot_ask_for_a_confirmation(client: FlaskClient) -> None:
    assert submit(client, "/confirm-address/resend", page="/login").location.startswith("/login")


def test_a_confirmed_reader_gets_no_mail(client: FlaskClient, session: AnySession, claire: Reader) -> None:
    sign_in(client, claire)
    assert client.post("/confirm-address/resend", data={"csrf_token": _token(client)}).status_code == 303
    assert session.query(Mail).count() == 0


def test_a_page_left_open_finds_its_link_used(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    path = ask(client, session)
    first, second = client.application.test_client(), client.application.test_client()
    token = csrf_token(second, path)
    submit(first, path, {"password": NEW})
    assert second.post(path, data={"password": OLD, "csrf_token": token}).status_code == 410
    session.refresh(claire)
    assert passwords.verify(claire.password_hash, NEW)


def test_of_two_uses_at_once_only_one_gets_through(
    session: AnySession, claire: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing() as unit:
        token = tokens.issue(unit, claire, TokenPurpose.RESET_PASSWORD)
    monkeypatch.setattr(tokens, "claim", lambda *_: False)  # the other one was faster
    with pytest.raises(LinkUsed), writing() as unit:
        recovery.reset(unit, token, password_hash="x", locale="fr")


def test_a_confirmation_page_left_open_finds_its_link_used(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader(ADDRESS, confirmed=False)
    with writing() as unit:
        token = tokens.issue(unit, reader, TokenPurpose.CONFIRM_ADDRESS)
    path = f"/confirm-address/{token}"
    page_token = csrf_token(client, path)
    assert submit(client, path).location == "/login"
    assert client.post(path, data={"csrf_token": page_token}).status_code == 410


def test_the_mailbox_page_without_a_request_leads_to_the_form(client: FlaskClient) -> None:
    assert client.get("/reset/mailbox").location == "/reset"

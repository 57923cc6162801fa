"""Registration as a visitor meets it: one page, one mail, and nobody learns who has an account."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import passwords, readers, registration, second_factor, tokens
from portal.accounts.models import PendingRegistration, Reader
from portal.db import AnySession, end_reading, writing
from portal.outbox import Mail
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import sign_in, submit

PASSWORD = "trois chevaux bleus courent"
FORM = {"email": "claire@clinique.example.org", "password": PASSWORD, "name": "Claire Dubreuil", "company": "Clinique"}
TAKEN = "dejala@clinique.example.org"


def mails(session: AnySession) -> list[Mail]:
    return session.query(Mail).order_by(Mail.id).all()


def token_in(mail: Mail) -> str:
    return mail.text.split("/confirm/")[1].split()[0]


def ask(session: AnySession, email: str = "claire@clinique.example.org", **more: str) -> str:
    """A registration made by the service; returns the token of its mail."""
    password_hash = passwords.hash_password(more.pop("password", PASSWORD))
    with writing() as unit:
        registration.request(
            unit,
            email=email,
            password_hash=password_hash,
            locale="fr",
            intent={"verticals": ["health"], "next": "/health/article/x"},
            browser_secret=more.pop("browser", "this browser"),
            **more,
        )
    return token_in(mails(session)[-1])


def confirm(token: str, **how: str | None) -> tuple[Reader, dict[str, object]]:
    with writing() as unit:
        return registration.confirm(unit, token, **{"browser_secret": "this browser", **how})


def test_registering_makes_no_account_but_a_mail_with_a_link(client: FlaskClient, session: AnySession) -> None:
    answer = submit(client, "/register", FORM)
    assert (answer.status_code, answer.location) == (303, "/register/mailbox")
    [mail] = mails(session)
    assert (mail.kind, mail.to_address) == ("confirm_address", "claire@clinique.example.org")
    assert "http://localhost/confirm/" in mail.text and "http://localhost/confirm/" in mail.html
    assert session.query(Reader).count() == 0


def test_the_next_page_says_where_the_mail_went(client: FlaskClient) -> None:
    assert "claire@clinique.example.org" in submit(client, "/register", FORM, follow=True).text


def test_the_mailbox_page_without_a_registration_leads_to_the_form(client: FlaskClient) -> None:
    assert client.get("/register/mailbox").location == "/register"


def test_the_token_is_not_in_the_database(client: FlaskClient, session: AnySession) -> None:
    token = ask(session)
    [pending] = session.query(PendingRegistration).all()
    assert token.encode() not in pending.token_hash and len(pending.token_hash) == 32
    assert len(token) >= 22


def test_confirming_makes_the_account_and_hands_the_intent_back(session: AnySession) -> None:
    reader, intent = confirm(ask(session, name="Claire Dubreuil"))
    assert intent == {"verticals": ["health"], "next": "/health/article/x"}
    assert reader.confirmed_at == NOON and reader.name == "Claire Dubreuil" and reader.locale == "fr"
    assert passwords.verify(reader.password_hash, PASSWORD)


def test_a_link_confirms_once(session: AnySession) -> None:
    token = ask(session)
    confirm(token)
    with pytest.raises(registration.AlreadyConfirmed):
        confirm(token)
    assert session.query(Reader).count() == 1


def test_looking_at_the_link_uses_nothing_up(session: AnySession) -> None:
    token = ask(session)
    for _ in range(3):
        assert registration.open_pending(session, token).email == "claire@clinique.example.org"
    confirm(token)


def test_a_link_of_59_minutes_works_and_one_of_60_does_not(session: AnySession) -> None:
    token = ask(session)
    with clock.frozen(NOON + timedelta(minutes=60)), pytest.raises(registration.LinkExpired):
        confirm(token)
    with clock.frozen(NOON + timedelta(minutes=59)):
        confirm(token)


def test_an_expired_link_can_be_renewed_by_one_button(session: AnySession) -> None:
    token = ask(session)
    with clock.frozen(NOON + timedelta(hours=3)):
        with writing() as unit:
            registration.renew(unit, token)
        confirm(token_in(mails(session)[-1]))


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 5000, "\x00", "\ud800", "é"])
def test_a_link_nobody_sent_is_unknown(session: AnySession, token: str) -> None:
    with pytest.raises(registration.LinkUnknown):
        registration.open_pending(session, token)


def test_another_browser_needs_a_password(session: AnySession) -> None:
    token = ask(session)
    for browser in (None, "another browser"):
        with pytest.raises(registration.OtherBrowser):
            confirm(token, browser_secret=browser)
    assert session.query(Reader).count() == 0


def test_another_browser_with_the_registered_password_keeps_it(session: AnySession) -> None:
    token = ask(session)
    stored = registration.open_pending(session, token).password_hash
    reader, _ = confirm(token, browser_secret=None, password_hash=passwords.kept_or_new(stored, PASSWORD))
    assert reader.password_hash == stored


def test_whoever_registers_a_strangers_address_gains_nothing(session: AnySession) -> None:
    token = ask(session, password="le mot du pirate, bien long", browser="the pirate's")
    stored = registration.open_pending(session, token).password_hash
    chosen = passwords.kept_or_new(stored, "quatre canards sous la pluie")
    reader, _ = confirm(token, browser_secret="the victim's", password_hash=chosen)
    assert passwords.verify(reader.password_hash, "quatre canards sous la pluie")
    assert not passwords.verify(reader.password_hash, "le mot du pirate, bien long")


def test_confirming_one_attempt_kills_the_others_of_the_address(session: AnySession) -> None:
    pirate = ask(session, password="le mot du pirate, bien long", browser="the pirate's")
    owner = ask(session, "Claire@clinique.example.org")
    other = ask(session, "someone@else.example.org")
    reader, _ = confirm(owner)
    assert passwords.verify(reader.password_hash, PASSWORD)
    with pytest.raises(registration.AlreadyConfirmed):
        confirm(pirate, browser_secret="the pirate's")
    confirm(other)


def test_an_unconfirmed_account_made_by_staff_is_the_one_confirmed(session: AnySession) -> None:
    made = a_reader("claire@clinique.example.org", confirmed=False, password="le mot du bureau, long", name="Claire D.")
    reader, _ = confirm(ask(session, name="Autre"))
    assert reader.id == made.id and reader.confirmed_at == NOON and reader.name == "Claire D."
    assert passwords.verify(reader.password_hash, PASSWORD)


def test_an_app_that_somebody_added_before_does_not_lock_the_owner_of_the_address_out(session: AnySession) -> None:
    made = a_reader("claire@clinique.example.org", confirmed=False, password="le mot du bureau, long")
    salt = second_factor.new_salt()
    with writing() as unit:
        code = second_factor.code_at(salt, clock.wall())
        assert second_factor.confirm(unit, unit.get_one(Reader, made.id), salt, code)
    confirm(ask(session))
    assert second_factor.of(session, made.id) is None
    assert second_factor.codes_left(session, made.id) == 0


def test_a_known_address_gets_the_same_answer_and_the_truth_by_mail(client: FlaskClient, session: AnySession) -> None:
    a_reader(TAKEN)
    known = submit(client, "/register", {**FORM, "email": TAKEN})
    unknown = submit(client.application.test_client(), "/register", FORM)
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert [mail.kind for mail in mails(session)] == ["already_registered", "confirm_address"]
    assert "/confirm/" not in mails(session)[0].text


def test_a_suspended_account_gets_the_same_answer_too(client: FlaskClient, session: AnySession) -> None:
    a_reader(TAKEN, suspended_at=NOON)
    assert submit(client, "/register", {**FORM, "email": TAKEN}).location == "/register/mailbox"
    assert mails(session)[0].kind == "already_registered"


def test_the_mail_of_a_known_address_leads_back_to_the_article(client: FlaskClient, session: AnySession) -> None:
    a_reader(TAKEN)
    submit(client, "/register", {**FORM, "email": TAKEN, "next": "/health/article/x"})
    assert "http://localhost/login?next=/health/article/x" in mails(session)[0].text


@pytest.mark.parametrize("address", ["x@yopmail.com", "x@sub.yopmail.com", "pаypal@example.org", "sans-arobase"])
def test_an_unusable_address_is_refused_whether_known_or_not(
    client: FlaskClient, session: AnySession, address: str
) -> None:
    first = submit(client, "/register", {**FORM, "email": address})
    a_reader(address)
    second = submit(client, "/register", {**FORM, "email": address})
    assert first.status_code == second.status_code == 422
    assert first.text.split('<form class="form"')[1].split("csrf")[1:] != []
    assert errors_of(first.text) == errors_of(second.text) != []
    assert mails(session) == []


def errors_of(page: str) -> list[str]:
    return [part.split("</p>")[0] for part in page.split('class="error"')[1:]]


def test_each_bad_field_gets_its_sentence_and_keeps_what_was_typed(client: FlaskClient) -> None:
    answer = submit(client, "/register", {"email": "claire", "password": "court", "name": "Claire"})
    assert answer.status_code == 422
    assert 'value="claire"' in answer.text and 'value="Claire"' in answer.text
    assert "court" not in answer.text.split("<form")[1]
    assert len(errors_of(answer.text)) == 2
    assert 'aria-invalid="true"' in answer.text and "<title>Erreur" in answer.text


def test_an_empty_form_says_what_is_missing(client: FlaskClient) -> None:
    answer = submit(client, "/register", {})
    assert answer.status_code == 422 and len(errors_of(answer.text)) == 2


def test_the_sentences_are_in_english_for_who_reads_english(client: FlaskClient) -> None:
    client.set_cookie("locale", "en")
    answer = submit(client, "/register", {"email": "claire", "password": "mindhealth2026"})
    assert "Enter an email address, like name@example.com." in answer.text
    assert "made of your name, your address or ours" in answer.text


def test_role_and_confirmation_cannot_be_sent_along(client: FlaskClient, session: AnySession) -> None:
    extra = {"role": "admin", "is_admin": "1", "confirmed_at": "2026-01-01", "trial_end": "2030-01-01", "plan": "all"}
    submit(client, "/register", {**FORM, **extra})
    with client.session_transaction() as cookie:
        secret = cookie["browser"]
    reader, intent = confirm(token_in(mails(session)[0]), browser_secret=secret)
    assert reader.role.value == "reader" and intent["verticals"] == []


def test_resending_waits_a_minute_and_says_so(client: FlaskClient, session: AnySession) -> None:
    submit(client, "/register", FORM)
    early = submit(client, "/register/resend", page="/register/mailbox")
    assert early.status_code == 429 and early.headers["Retry-After"] == "60" and "60" in early.text
    with clock.frozen(NOON + timedelta(seconds=61)):
        assert submit(client, "/register/resend", page="/register/mailbox").location == "/register/mailbox"
    first, second = mails(session)
    assert token_in(first) != token_in(second)


def test_resending_to_a_known_address_looks_the_same(client: FlaskClient, session: AnySession) -> None:
    a_reader(TAKEN)
    submit(client, "/register", {**FORM, "email": TAKEN})
    with clock.frozen(NOON + timedelta(seconds=61)):
        assert submit(client, "/register/resend", page="/register/mailbox").location == "/register/mailbox"
    assert [mail.kind for mail in mails(session)] == ["already_registered"] * 2


def test_the_sixth_mail_within_an_hour_is_refused(client: FlaskClient, session: AnySession) -> None:
    for _ in range(5):
        assert submit(client, "/register", FORM).status_code == 303
    refused = submit(client, "/register", FORM)
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) == 3600
    assert len(mails(session)) == 5
    with clock.frozen(NOON + timedelta(minutes=61)):
        assert submit(client, "/register", FORM).status_code == 303


def test_resending_without_a_registration_leads_to_the_form(client: FlaskClient) -> None:
    assert submit(client, "/register/resend", page="/login").location == "/register"


def test_two_confirmations_at_once_make_one_account(session: AnySession, app: Flask) -> None:
    attempts = [(ask(session, browser=name), name) for name in ("first", "second")]
    start, outcomes = threading.Barrier(2), []

    def run(token: str, name: str) -> None:
        with app.app_context():
            start.wait(5)
            try:
                with writing() as unit:
                    registration.confirm(unit, token, browser_secret=name)
                outcomes.append("confirmed")
            except registration.LinkError as error:
                outcomes.append(type(error).__name__)

    end_reading(session)
    threads = [threading.Thread(target=run, args=attempt) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "confirmed" in outcomes and len(outcomes) == 2 and len(set(outcomes)) == 2
    assert session.query(Reader).count() == 1


def test_of_two_uses_of_one_link_at_once_one_gets_through(session: AnySession, monkeypatch: pytest.MonkeyPatch) -> None:
    token = ask(session)
    monkeypatch.setattr(tokens, "claim", lambda *_row: False)  # the other one was faster
    with pytest.raises(registration.LinkUsed):
        confirm(token)
    assert session.query(Reader).count() == 0


def test_an_account_confirmed_while_the_link_waited_for_its_turn_is_not_confirmed_again(
    session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, made = ask(session), a_reader(FORM["email"], confirmed=False)

    def confirmed_meanwhile(unit: AnySession, _key: str) -> None:
        unit.get_one(Reader, made.id).confirmed_at = NOON
        unit.flush()

    monkeypatch.setattr(registration, "_lock_attempts", confirmed_meanwhile)
    with pytest.raises(registration.AlreadyConfirmed):
        confirm(token)
    session.refresh(made)
    assert made.password_hash is None


def test_an_account_made_at_the_same_instant_is_the_one_there_is(
    session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, made = ask(session), a_reader(FORM["email"])
    monkeypatch.setattr(readers, "by_address", lambda *_asked: None)  # it was not there when the link was looked at
    with pytest.raises(registration.AlreadyConfirmed):
        confirm(token)
    assert [reader.id for reader in session.query(Reader)] == [made.id]


def test_a_link_that_still_works_can_be_sent_again(session: AnySession) -> None:
    token = ask(session)
    with writing() as unit:
        registration.renew(unit, token)
    confirm(token_in(mails(session)[-1]))


def test_a_link_of_a_confirmed_account_is_not_renewed(session: AnySession) -> None:
    token = ask(session)
    confirm(token)
    with pytest.raises(registration.AlreadyConfirmed), writing() as unit:
        registration.renew(unit, token)


def test_a_link_killed_by_another_is_used_even_when_its_account_is_gone(session: AnySession) -> None:
    first, second = ask(session), ask(session)
    with writing() as unit:
        unit.delete(registration.confirm(unit, second, browser_secret="this browser")[0])
    with pytest.raises(registration.LinkUsed):
        registration.open_pending(session, first)


def test_the_fifth_mail_too_many_says_the_wait_in_minutes(client: FlaskClient) -> None:
    client.set_cookie("locale", "en")
    for _ in range(5):
        submit(client, "/register", FORM)
    with clock.frozen(NOON + timedelta(minutes=30)):
        answer = submit(client, "/register/resend", page="/register/mailbox")
    assert answer.status_code == 429 and "in 30 minutes" in answer.text


def test_a_day_later_the_registration_begins_again(client: FlaskClient) -> None:
    submit(client, "/register", FORM)
    with clock.frozen(NOON + timedelta(days=2)):
        assert submit(client, "/register/resend", page="/register/mailbox").location == "/register"


def test_who_is_signed_in_has_no_mailbox_to_check(client: FlaskClient, session: AnySession) -> None:
    submit(client, "/register", FORM)
    sign_in(client, a_reader())
    assert client.get("/register/mailbox").location == "/"

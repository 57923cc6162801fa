"""Ways through trials that few people take: another browser after all, no title wished, a dead link, a second look."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession, db, end_reading
from portal.outbox import Mail
from portal.trials import confirming, reminders
from tests.builders import a_grant, a_reader, a_vertical
from tests.forms import csrf_token, sign_in, submit
from tests.trials.test_pages import EN, PASSWORD, ask, link_of, trials_of

NEARLY = datetime(2026, 3, 18, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)


def test_a_browser_that_turns_out_to_be_another_is_asked_for_the_password(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, other = ask(client), client.application.test_client()
    token = csrf_token(other, link)
    monkeypatch.setattr(confirming, "_same_browser", lambda _pending: True)
    answer = other.post(link, data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, link)
    assert db.session.query(Reader).count() == 0


def test_who_registered_without_a_title_has_a_confirmed_address_and_no_trial(
    client: FlaskClient, session: AnySession
) -> None:
    submit(client, "/register", {"email": "ana@clinique.fr", "password": PASSWORD})
    answer = submit(client, link_of("ana@clinique.fr"), headers=EN)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Your address is confirmed." in client.get("/trial", headers=EN).text
    assert trials_of(session, "ana@clinique.fr") == []


def test_an_account_that_staff_suspended_is_confirmed_and_told_why_nothing_starts(
    client: FlaskClient, session: AnySession
) -> None:
    a_reader("ana@clinique.fr", confirmed=False, suspended_at=clock.now())
    link = ask(client)
    assert submit(client, link, headers=EN).location == "/health/"
    assert "Your account is suspended: no trial can be started." in client.get("/trial", headers=EN).text
    assert trials_of(session, "ana@clinique.fr") == []


def test_an_unconfirmed_reader_is_told_to_confirm_first(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader(confirmed=False)
    token = csrf_token(client, "/trial")
    sign_in(client, reader)
    assert client.post("/trial/start", data={"vertical": "health", "csrf_token": token}).status_code == 303
    assert "Confirm your address first" in client.get("/trial", headers=EN).text
    assert trials_of(session, reader.email) == []


def test_an_invented_link_is_not_renewed(client: FlaskClient, session: AnySession) -> None:
    token = csrf_token(client, "/trial")
    assert client.post("/confirm/invented/renew", data={"csrf_token": token}).status_code == 404
    assert session.query(Mail).count() == 0


def test_who_signed_in_meanwhile_starts_what_the_form_of_strangers_asks_for(
    client: FlaskClient, session: AnySession
) -> None:
    reader = a_reader()
    token = csrf_token(client, "/trial")
    sign_in(client, reader)
    answer = client.post("/trial", data={"verticals": ["health", "media"], "csrf_token": token})
    assert answer.status_code == 303
    assert trials_of(session, reader.email) == ["trial", "trial"]


def test_where_nothing_was_ticked_the_reader_is_told_to_choose(client: FlaskClient) -> None:
    sign_in(client, a_reader())
    assert submit(client, "/trial/start", {}, page="/trial", headers=EN).status_code == 303
    assert "No trial was started: choose what you would like to try." in client.get("/trial", headers=EN).text


def test_a_finished_slot_is_looked_at_again_after_five_minutes(
    app: Flask, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [1_000.0, 1_299.9, 1_300.0]
    worker = reminders.Reminders()
    with clock.frozen(NEARLY):
        looked = []
        for at in seconds:
            monkeypatch.setattr(clock, "monotonic", lambda at=at: at)
            looked.append(worker.process_due())
            end_reading()
            if at == seconds[0]:
                a_grant(a_reader(), source=Source.TRIAL, ends_in=timedelta(days=7, hours=8))
    assert looked == [0, 0, 1]

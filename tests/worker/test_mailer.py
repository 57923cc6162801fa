"""Mails leave once, come back when the server was away, and stay here without one."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, mailer, outbox
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from tests.worker.smtp_server import Script, mail_server


@pytest.fixture
def server(app: Flask) -> Iterator[Script]:
    """A mail server, and a portal that is told to use it."""
    settings = app.extensions["portal.settings"]
    with mail_server() as script:
        app.extensions["portal.settings"] = replace(settings, mail_url=f"smtp://127.0.0.1:{script.port}")
        yield script
        app.extensions["portal.settings"] = settings


def a_mail(key: str = "k", to: str = "ana@clinique.fr", **more: object) -> Mail:
    row = {
        "kind": "test",
        "locale": "fr",
        "subject": "Votre essai se termine lundi soir : à bientôt",
        "text": "Bonjour,\n.\nune ligne qui commence par un point\n",
        "html": "<p>Bonjour, été</p>",
        "headers": {},
        "facts": {},
        "message_id": f"<{key}@example.org>",
        "created_at": clock.now(),
        "expires_at": clock.now() + timedelta(days=3),
        "next_attempt_at": clock.now(),
    }
    with writing() as unit:
        mail = Mail(key=key, to_address=to, **{**row, **more})
        unit.add(mail)
    return mail


def deliver(after: timedelta = timedelta()) -> int:
    end_reading()
    with clock.frozen(clock.now() + after):
        return mailer.deliver_due()


def stored(session: AnySession, key: str = "k") -> Mail:
    end_reading()
    return session.scalars(select(Mail).where(Mail.key == key)).one()


def test_a_mail_goes_out_in_text_and_html(session: AnySession, server: Script) -> None:
    a_mail(headers={"List-Unsubscribe": "<http://localhost/x>"})
    assert deliver() == 1
    message = server.received[0]
    assert message["Subject"] == "Votre essai se termine lundi soir : à bientôt"
    assert (message["To"], message["Message-ID"]) == ("ana@clinique.fr", "<k@example.org>")
    assert message["List-Unsubscribe"] == "<http://localhost/x>" and message["From"].startswith("mind <")
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None and plain.get_content().replace("\r", "") == stored(session).text
    assert html is not None and "été" in html.get_content()
    assert (stored(session).outcome, stored(session).attempts) == ("sent", 1)
    assert deliver() == 0


def test_without_a_server_mails_stay_readable_in_the_outbox(session: AnySession) -> None:
    a_mail()
    assert deliver() == 1
    assert stored(session).outcome == "kept" and stored(session).closed_at == clock.now()


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("MAIL", "451 later"),
        ("RCPT", "450 later"),
        ("DATA", "451 later"),
        ("TEXT", "452 full"),
        ("RCPT", "drop"),
        ("MAIL", "550 not you"),
    ],
)
def test_a_server_that_cannot_now_is_tried_again_with_the_same_id(
    session: AnySession, server: Script, word: str, answer: str
) -> None:
    a_mail()
    server.answers[word] = answer
    deliver()
    mail = stored(session)
    assert mail.closed_at is None and mail.error and mail.next_attempt_at == clock.now() + timedelta(minutes=1)
    server.answers.clear()
    server.received.clear()
    assert deliver(timedelta(seconds=59)) == 0
    assert deliver(timedelta(minutes=1)) == 1
    assert [message["Message-ID"] for message in server.received] == ["<k@example.org>"]
    assert (stored(session).outcome, stored(session).attempts) == ("sent", 2)


@pytest.mark.parametrize(("word", "answer"), [("RCPT", "550 nobody"), ("TEXT", "554 no")])
def test_a_mail_refused_for_good_is_closed(session: AnySession, server: Script, word: str, answer: str) -> None:
    a_mail()
    server.answers[word] = answer
    deliver()
    assert stored(session).outcome == "refused" and answer[:3] in stored(session).error
    assert "clinique" not in stored(session).error


def test_attempts_grow_apart_and_end_when_the_mail_is_too_old(session: AnySession, server: Script) -> None:
    a_mail()
    server.answers["MAIL"] = "451 later"
    waits, spent = [], timedelta()
    for _attempt in range(6):
        deliver(spent)
        waits.append(stored(session).next_attempt_at - (clock.now() + spent))
        spent += waits[-1]
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 5, 15, 60, 180, 180]
    deliver(timedelta(days=3))
    assert stored(session).outcome == "expired"


def test_a_server_that_is_not_there_is_no_fault_of_the_mail(session: AnySession, app: Flask) -> None:
    settings = app.extensions["portal.settings"]
    app.extensions["portal.settings"] = replace(settings, mail_url="smtp://127.0.0.1:9")
    try:
        a_mail()
        deliver()
    finally:
        app.extensions["portal.settings"] = settings
    assert stored(session).closed_at is None and "ConnectionRefusedError" in stored(session).error


@pytest.mark.parametrize("address", ["smtp://ana:secret@mail.example.org", "smtp://mail.example.org"])
def test_nothing_is_sent_in_the_clear_to_another_machine(address: str) -> None:
    from urllib.parse import urlsplit

    class Plain:
        def ehlo(self) -> None: ...
        def has_extn(self, _name: str) -> bool:
            return False

    with pytest.raises(mailer.MailServerError, match="no TLS"):
        mailer._greet(Plain(), urlsplit(address), "mail.example.org")  # type: ignore[arg-type]


@pytest.mark.parametrize("to", ["ana@clinique.fr\r\nBcc: all@example.org", "not an address"])
def test_an_address_that_forges_headers_is_refused(session: AnySession, server: Script, to: str) -> None:
    a_mail(to=to)
    deliver()
    assert stored(session).outcome == "refused" and server.received == []


def test_a_mail_no_longer_wanted_is_not_sent(session: AnySession, server: Script) -> None:
    outbox._WANTED["unwelcome"] = lambda _session, _mail: False
    try:
        a_mail(kind="unwelcome")
        deliver()
    finally:
        del outbox._WANTED["unwelcome"]
    assert stored(session).outcome == "unwanted" and server.received == []


def test_one_mail_that_fails_does_not_hold_up_the_others(session: AnySession, server: Script) -> None:
    a_mail("a", to="not an address")
    a_mail("b")
    assert deliver() == 2
    assert [message["Message-ID"] for message in server.received] == ["<b@example.org>"]


def test_no_transaction_is_open_while_the_server_is_spoken_to(
    session: AnySession, server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = mailer._send
    monkeypatch.setattr(mailer, "_send", lambda *args: (seen.append(db.session().in_transaction()), real(*args))[1])
    a_mail()
    deliver()
    assert seen == [False] and stored(session).outcome == "sent"


def test_two_workers_send_each_mail_once(app: Flask, session: AnySession, server: Script) -> None:
    for number in range(12):
        a_mail(f"m{number}")
    db.session.remove()
    barrier, counts = threading.Barrier(3), []

    def work() -> None:
        with app.app_context():
            barrier.wait()
            counts.append(mailer.deliver_due(limit=50))
            db.session.remove()

    threads = [threading.Thread(target=work) for _worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(message["Message-ID"] for message in server.received) == sorted(
        f"<m{n}@example.org>" for n in range(12)
    )
    assert sum(counts) == 12


def test_a_worker_that_died_while_sending_is_made_up_for_after_the_lease(
    session: AnySession, server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_mail()
    monkeypatch.setattr(mailer, "_settle", lambda *_args: None)
    deliver()
    monkeypatch.undo()
    assert deliver(timedelta(minutes=9)) == 0
    assert deliver(timedelta(minutes=11)) == 1
    assert {message["Message-ID"] for message in server.received} == {"<k@example.org>"}

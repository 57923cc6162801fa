"""The facts of whoever asks: read once in a request, and again when something they depend on was changed."""

from datetime import datetime

from flask import Flask
from flask_login import login_user

from portal.access import asking, facts
from portal.access.vocabulary import ANONYMOUS
from portal.accounts import sessions
from portal.accounts.models import Reader
from portal.db import AnySession, end_reading, writing
from portal.roles import Role
from tests.builders import a_grant, a_reader


def test_a_stranger_has_no_facts(app: Flask) -> None:
    with app.test_request_context():
        assert asking.reader_facts() == ANONYMOUS


def test_facts_are_read_once_until_they_are_forgotten(app: Flask, session: AnySession, now: datetime) -> None:
    reader = a_reader(role=Role.EDITOR)
    a_grant(reader)
    with writing(session) as unit:
        token = sessions.open_session(unit, unit.get_one(Reader, reader.id), "Tests")
    end_reading()
    person = sessions.by_token(session, token)
    with app.test_request_context():
        login_user(person)
        known = asking.reader_facts()
        assert known == facts.of_account(session, session.get_one(Reader, reader.id), now)
        a_grant(reader, vertical="media")
        assert asking.reader_facts() is known
        asking.forget_facts()
        assert [grant.vertical for grant in asking.reader_facts().grants] == ["health", "media"]
    with app.test_request_context():
        asking.forget_facts()  # nothing was read yet

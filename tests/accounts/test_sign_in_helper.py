"""The helpers other tests rely on."""

from flask.testing import FlaskClient

from portal.accounts import sessions
from portal.accounts.models import ReaderSession
from portal.db import AnySession, end_reading
from tests.builders import a_reader
from tests.forms import sign_in


def test_signing_in_by_the_helper_is_seen_by_the_next_request(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader("claire@example.org")
    token = sign_in(client, reader)
    person = sessions.by_token(session, token)
    assert person is not None and person.id == reader.id
    assert "claire@example.org" in client.get("/-/nowhere").text


def test_each_request_stands_alone(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader("claire@example.org")
    sign_in(client, reader)
    assert "claire@example.org" in client.get("/-/nowhere").text
    assert "claire@example.org" not in client.application.test_client().get("/-/nowhere").text
    end_reading(session)
    assert session.query(ReaderSession).count() == 1

"""Known or unknown, an address costs the same statements and gets the same page."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from portal.db import AnySession, db
from tests.builders import a_reader
from tests.forms import csrf_token

PASSWORD = "trois chevaux bleus courent"
KNOWN, UNKNOWN = "claire@clinique.example.org", "camill@clinique.example.org"


@contextmanager
def statements() -> Iterator[list[str]]:
    """The kinds of statement sent to the database inside."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement.split(maxsplit=1)[0])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/login", {"password": "quatre canards sous la pluie"}),
        ("/register", {"password": PASSWORD, "name": "Claire"}),
        ("/reset", {}),
    ],
)
def test_a_known_address_costs_as_many_statements_as_an_unknown_one(
    client: FlaskClient, session: AnySession, page: str, form: dict[str, str]
) -> None:
    a_reader(KNOWN, password=PASSWORD)
    answers = []
    for address in ("first@example.org", KNOWN, UNKNOWN):  # the first one fills the caches
        browser = client.application.test_client()
        token = csrf_token(browser, page)
        with statements() as seen:
            answer = browser.post(page, data={**form, "email": address, "csrf_token": token})
        answers.append((answer.status_code, answer.location, len(seen)))
    assert answers[1] == answers[2]

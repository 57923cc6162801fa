"""A password is changed from the account, after proof; it is any text of some length, and good until it is changed."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession, end_reading
from portal.outbox import Mail
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import sign_in, submit

PAGE = "/profile/security/password"
ADDRESS, PASSWORD, NEW = "claire@clinique.example.org", "trois chevaux bleus courent", "quatre canards sous la pluie"


@pytest.fixture
def claire(session: AnySession) -> Reader:
    return a_reader(ADDRESS, password=PASSWORD)


def opens(client: FlaskClient, password: str) -> bool:
    return (
        submit(client.application.test_client(), "/login", {"email": ADDRESS, "password": password}).status_code == 303
    )


def test_the_new_password_opens_and_the_old_one_does_not(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    other = client.application.test_client()
    for device in (client, other):
        sign_in(device, claire)
    answer = submit(client, PAGE, {"password": NEW})
    assert (answer.status_code, answer.location) == (303, "/profile/security")
    assert opens(client, NEW) and not opens(client, PASSWORD)
    assert client.get("/profile/").status_code == 200 and other.get("/profile/").status_code == 303
    end_reading()
    assert [event.actor_id for event in session.query(AuditEvent).filter_by(act="account.password-changed")] == [
        claire.id
    ]
    assert session.query(Mail).filter_by(kind="password_changed").one().to_address == ADDRESS


@pytest.mark.parametrize("weak", ["court", "x" * 257, "motdepasse123", "clairedubreuil", "leavemealone", ""])
def test_a_weak_one_is_refused_and_changes_nothing(client: FlaskClient, claire: Reader, weak: str) -> None:
    sign_in(client, claire)
    answer = submit(client, PAGE, {"password": "claire@clinique" if weak == "clairedubreuil" else weak})
    assert answer.status_code == 422
    assert opens(client, PASSWORD)


@pytest.mark.parametrize("long", ["un deux trois quatre " * 12, "𝄞 ünd {{7*7}} %s ' -- \u00a0 ⟨tout⟩ est permis " * 4])
def test_long_ones_of_any_signs_are_taken_as_they_are(client: FlaskClient, claire: Reader, long: str) -> None:
    sign_in(client, claire)
    assert len(long) > 64
    assert submit(client, PAGE, {"password": long}).status_code == 303
    assert opens(client, long) and not opens(client, long.strip()) and not opens(client, long.upper())


def test_it_is_good_for_years(client: FlaskClient, claire: Reader) -> None:
    with clock.frozen(NOON + timedelta(days=5 * 365)):
        assert opens(client, PASSWORD)


def test_it_is_asked_for_again_after_ten_minutes(client: FlaskClient, claire: Reader) -> None:
    sign_in(client, claire)
    with clock.frozen(NOON + timedelta(minutes=10)):
        assert client.get(PAGE).location == f"/login/again?next={PAGE}"
        assert submit(client, PAGE, {"password": NEW}, page="/profile/identity").location.startswith("/login/again")
        assert opens(client, PASSWORD)


def test_fields_hide_what_is_typed_and_help_password_managers(client: FlaskClient, claire: Reader) -> None:
    """Pasting is left alone: see tests/guards/test_tree.py."""
    pages = {"/login": "current-password", "/register": "new-password"}
    sign_in(signed := client.application.test_client(), claire)
    found = {path: client.get(path).text for path in pages} | {PAGE: signed.get(PAGE).text}
    for path, word in (pages | {PAGE: "new-password"}).items():
        (field,) = re.findall(r"<input[^>]*name=\"password\"[^>]*>", found[path])
        assert 'type="password"' in field and f'autocomplete="{word}"' in field, field
        assert "maxlength" not in field

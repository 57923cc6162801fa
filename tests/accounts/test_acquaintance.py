"""Name and company: optional at first, kept once they had to be asked for, never asked for again."""

import pytest

from portal.accounts import acquaintance
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from tests.builders import a_reader, a_vertical
from tests.enquiries.test_forms import MESSAGE, QUOTE
from tests.forms import Browser, sign_in, submit
from tests.profile.test_seats import invited


def called(session: AnySession, reader: Reader) -> tuple[str, str]:
    """Name and company of this account, now."""
    session.rollback()
    known = acquaintance.known_of(session, reader.id)
    return known["name"], known["company"]


def test_what_a_reader_wrote_is_never_written_over(session: AnySession) -> None:
    reader = a_reader(name="Inès Garrigue")
    with writing() as unit:
        acquaintance.learn(unit, reader.id, name="I. G.", company="Clinique des Ormes")
    assert called(session, reader) == ("Inès Garrigue", "Clinique des Ormes")


@pytest.mark.parametrize("typed", ["x" * 121, "In\u202eès", "In\x00ès", "   "])
def test_what_is_no_name_is_not_kept(session: AnySession, typed: str) -> None:
    reader = a_reader()
    with writing() as unit:
        acquaintance.learn(unit, reader.id, name=typed, company=typed)
    assert called(session, reader) == ("", "")


def test_a_letter_to_the_house_tells_the_name_once(client: Browser, session: AnySession) -> None:
    a_vertical("health")
    reader = a_reader()
    sign_in(client, reader)
    assert submit(client, "/contact", MESSAGE).status_code == 303
    assert submit(client, "/quote", QUOTE).status_code == 303
    assert called(session, reader) == ("Camille Orvault", "Atelier Dorne")
    assert 'value="Camille Orvault"' in client.get("/contact").text


def test_a_licence_is_accepted_with_a_name_or_without(client: Browser, session: AnySession) -> None:
    for name in ("Camille Orvault", ""):
        _, reader, invitation = invited()
        sign_in(client, reader)
        answer = submit(client, "/profile/seat/accept", {"invitation": invitation.id, "name": name}, page="/profile/")
        assert answer.status_code == 303
        assert called(session, reader)[0] == name

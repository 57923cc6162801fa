"""Who is told of rights that staff give, move and end, and in which words."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.access import grants, mails
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from portal.organisations.models import Manager, ManagerRole, Organisation
from portal.outbox import Mail
from tests.builders import a_grant, a_reader, a_seat, an_organisation


def told(session: AnySession, grant: Grant, tell: Callable[[AnySession, Grant], int]) -> list[Mail]:
    """The mails that telling makes; it says how many there are."""
    with writing() as unit:
        count = tell(unit, unit.get_one(Grant, grant.id))
    found = list(session.scalars(select(Mail).order_by(Mail.id)))
    assert count == len(found)
    return found


def given(unit: AnySession, grant: Grant) -> int:
    return mails.tell_given(unit, [grant])


def looked_after(firm: Organisation, *readers: Reader) -> None:
    with writing() as unit:
        for reader in readers:
            since = {"since": clock.now(), "role": ManagerRole.MANAGER}
            unit.add(Manager(organisation_id=firm.id, reader_id=reader.id, **since))


def test_an_organisation_s_right_is_told_to_all_who_look_after_it_each_in_their_language(session: AnySession) -> None:
    firm = an_organisation(a_reader("fr@example.org", locale="fr"), name="Tavelle & Associés")
    looked_after(firm, a_reader("en@example.org", locale="en"))
    a_seat(firm, a_reader("seat@example.org"))
    found = {mail.to_address: mail for mail in told(session, a_grant(organisation=firm), given)}
    assert set(found) == {"fr@example.org", "en@example.org"}
    english, french = found["en@example.org"], found["fr@example.org"]
    assert english.subject == "Tavelle & Associés can now read mind Health"
    assert "1 person at the moment" in english.text and "because you look after Tavelle & Associés" in english.text
    assert french.subject == "Tavelle & Associés peut maintenant lire mind Health"
    assert "Tavelle &amp; Associés" in french.html and "Pour les tests" not in french.text


def test_whoever_looked_after_it_once_is_not_told_nor_is_who_is_suspended(session: AnySession) -> None:
    firm, former, closed = an_organisation(), a_reader(), a_reader(suspended_at=clock.now())
    looked_after(firm, former, closed)
    with writing() as unit:
        unit.query(Manager).filter_by(reader_id=former.id).one().ended_at = clock.now()
    assert told(session, a_grant(organisation=firm), given) == []


def test_a_right_that_begins_later_is_not_said_to_be_open(session: AnySession) -> None:
    grant = a_grant(a_reader(locale="en"), starts_in=timedelta(days=3))
    (mail,) = told(session, grant, given)
    assert mail.subject.startswith("You can read mind Health from 13 March 2026")


@pytest.mark.parametrize(
    ("source", "days", "subject"),
    [
        (Source.TRIAL, 9, "Your trial of mind Health has been extended"),
        (Source.TRIAL, -9, "The end of your trial of mind Health has changed"),
        (Source.ADMIN, -9, "The end of your access to mind Health has changed"),
    ],
)
def test_a_longer_and_a_shorter_right_are_told_apart(
    session: AnySession, source: Source, days: int, subject: str
) -> None:
    grant = a_grant(a_reader(locale="en"), source=source)

    def moved(unit: AnySession, held: Grant) -> int:
        before = held.ends_at
        grants.move_end(unit, held, before + timedelta(days=days), reason="Geste", actor_id=None)
        return mails.tell_moved(unit, held, before)

    (mail,) = told(session, grant, moved)
    assert mail.subject == subject and "nothing renews" in mail.text


def test_the_end_of_an_organisation_s_right_is_told_to_its_managers(session: AnySession) -> None:
    firm = an_organisation(a_reader(locale="en"), name="Varennes")
    (mail,) = told(session, a_grant(organisation=firm), mails.tell_revoked)
    assert mail.subject == "Varennes: the access to mind Health has ended"


def test_a_suspended_reader_is_told_of_an_end_only(session: AnySession) -> None:
    grant = a_grant(a_reader(suspended_at=clock.now()))
    assert told(session, grant, given) == []
    assert len(told(session, grant, mails.tell_revoked)) == 1

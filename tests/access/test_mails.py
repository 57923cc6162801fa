"""Who is told of rights that staff give, move and end, and in which words."""

import re
from collections.abc import Callable
from datetime import UTC, timedelta

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
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_organisation
from tests.conftest import NOON as NOON_IN_PARIS

NOON = NOON_IN_PARIS.astimezone(UTC)


def told(session: AnySession, grant: Grant, tell: Callable[[AnySession, Grant], int]) -> list[Mail]:
    """The mails that telling makes; it says how many there are."""
    with writing() as unit:
        count = tell(unit, unit.get_one(Grant, grant.id))
    found = list(session.scalars(select(Mail).order_by(Mail.id)))
    assert count == len(found)
    return found


def bars(mail: Mail) -> list[str]:
    """The colours of the three bars beside the house's name."""
    return re.findall(r'<td class="m-bar-\d"[^>]*background:(#\w+)', mail.html)


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


def test_a_mail_says_which_right_from_when_until_when_and_where_to_read(session: AnySession) -> None:
    reader = a_reader(locale="en", confirmed=False)
    grant = a_grant(reader, starts_in=timedelta(days=1), ends_in=timedelta(days=8, hours=12))
    (mail,) = told(session, grant, given)
    assert (mail.kind, mail.to_address, mail.reader_id, mail.locale) == ("grant_given", reader.email, reader.id, "en")
    assert mail.key == f"grant-given-{grant.act_id}-{reader.id}"
    for text in (
        "From 11\u00a0March\u00a02026\u00a0at\u00a012:00",
        "Until Wednesday\u00a018\u00a0March\u00a02026 included",
    ):
        assert text in mail.text
    assert "Your address is not confirmed yet" in mail.text
    assert "Start reading\nhttp://localhost/health/" in mail.text
    assert bars(mail) == ["#0a6658"] * 3, "all of the vertical's colour"


def test_several_verticals_are_named_as_the_masthead_names_them_and_have_no_colour_in_common(
    session: AnySession,
) -> None:
    a_vertical("health", position=2), a_vertical("media", position=1)
    reader = a_reader(locale="en")
    made = [a_grant(reader, vertical=slug, act_id="an act", starts_in=timedelta()) for slug in ("health", "media")]
    (mail,) = told(session, made[0], lambda unit, _grant: mails.tell_given(unit, made))
    assert mail.subject == "You can now read mind Media, mind Health"
    assert "http://localhost/media/" in mail.text and len(set(bars(mail))) == 3


def test_a_reader_without_a_language_is_written_to_in_french(session: AnySession) -> None:
    (mail,) = told(session, a_grant(a_reader()), given)
    assert mail.locale == "fr" and mail.subject == "Vous pouvez lire mind Health"


def test_an_act_for_many_tells_each_reader_once_of_their_own_rights(session: AnySession) -> None:
    french, english, new = a_reader(), a_reader(locale="en"), a_reader(locale="en", confirmed=False)
    readers, silent = (english, french, new, a_reader(locale="en")), a_reader()
    with writing():
        made = [a_grant(one, act_id="an act") for one in readers]
        made += [a_grant(english, vertical="media", act_id="an act")]
    a_grant(silent)
    found = told(session, made[0], lambda unit, _grant: mails.tell_many(unit, made))
    assert {mail.reader_id: mail.to_address for mail in found} == {one.id: one.email for one in readers}
    assert {mail.key for mail in found} == {f"grant-given-an act-{one.id}" for one in readers}
    by_reader = {mail.reader_id: mail for mail in found}
    assert [by_reader[one.id].subject for one in readers] == [
        "You can now read mind Health, mind Media",
        "Vous pouvez lire mind Health",
        "You can now read mind Health",
        "You can now read mind Health",
    ]
    assert [by_reader[one.id].locale for one in readers] == ["en", "fr", "en", "en"]
    unconfirmed = [mail.reader_id for mail in found if "Your address is not confirmed yet" in mail.text]
    assert unconfirmed == [new.id] and {mail.kind for mail in found} == {"grant_given"}


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
    end = (NOON + timedelta(days=30 + days)).strftime("%Y%m%dT%H%M%S")
    assert mail.key == f"grant-moved-{grant.id}-20260310T110000000000-{end}-{grant.reader_id}"
    assert mail.kind == "grant_extended" and "Go on reading\nhttp://localhost/health/" in mail.text


def test_the_end_of_an_organisation_s_right_is_told_to_its_managers(session: AnySession) -> None:
    firm = an_organisation(a_reader(locale="en"), name="Varennes")
    grant = a_grant(organisation=firm)
    (mail,) = told(session, grant, mails.tell_revoked)
    assert mail.subject == "Varennes: the access to mind Health has ended"
    assert (mail.kind, mail.key) == ("grant_revoked", f"grant-revoked-{grant.id}-{mail.reader_id}")


@pytest.mark.parametrize("tell", [given, mails.tell_revoked])
def test_who_looks_after_an_organisation_or_has_lost_a_right_is_led_to_their_rights(
    session: AnySession, tell: Callable[[AnySession, Grant], int]
) -> None:
    firm = an_organisation(a_reader(locale="en"))
    grant = a_grant(a_reader(locale="en")) if tell is mails.tell_revoked else a_grant(organisation=firm)
    (mail,) = told(session, grant, tell)
    assert "See my rights\nhttp://localhost/profile/" in mail.text


def test_a_suspended_reader_is_told_of_an_end_only(session: AnySession) -> None:
    grant = a_grant(a_reader(suspended_at=clock.now()))
    assert told(session, grant, given) == []
    assert len(told(session, grant, mails.tell_revoked)) == 1

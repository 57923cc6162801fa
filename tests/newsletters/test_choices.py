"""Which letters a reader wants: chosen box by box, kept when rights end, dropped all at once."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.vocabulary import EndCause, Reason, Source
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from portal.i18n import use_locale
from portal.newsletters import choices
from portal.newsletters.models import Audience, NewsletterChoice
from portal.newsletters.waiting import WHY
from tests.builders import a_grant, a_reader, an_organisation
from tests.forms import sign_in, submit
from tests.newsletters.letters import a_letter

PAGE = "/profile/newsletters"


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in."""
    person = a_reader()
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def kept(session: AnySession, reader: Reader) -> dict[int, bool]:
    rows = session.execute(
        select(NewsletterChoice.newsletter_id, NewsletterChoice.wanted).where(NewsletterChoice.reader_id == reader.id)
    )
    return dict(rows.all())


def test_nothing_is_wanted_before_it_is_chosen(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    a_letter()
    assert "checked" not in client.get(PAGE).text
    assert choices.wanted(session, reader.id) == set()


def test_what_is_ticked_is_kept_and_what_is_not_is_dropped(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    daily, weekly = a_letter(), a_letter("hebdo", audience=Audience.CONFIRMED)
    answer = submit(client, PAGE, {"letters": [daily.id, weekly.id]}, follow=True)
    assert "you have chosen 2 newsletters" in answer.text
    assert answer.text.count(" checked") == 2
    assert "you have chosen 1 newsletter." in submit(client, PAGE, {"letters": [weekly.id]}, follow=True).text
    assert kept(session, reader) == {daily.id: False, weekly.id: True}
    assert "you have chosen no newsletter" in submit(client, PAGE, {}, follow=True).text
    assert choices.wanted(session, reader.id) == set()


def test_a_save_answers_with_303(client: FlaskClient, reader: Reader) -> None:
    answer = submit(client, PAGE, {"letters": [a_letter().id]})
    assert (answer.status_code, answer.location) == (303, PAGE)


def test_the_day_of_a_choice_is_the_day_it_was_made(session: AnySession) -> None:
    reader, daily, weekly = a_reader(), a_letter(), a_letter("hebdo")
    with writing() as unit:
        choices.choose(unit, reader.id, [daily.id])
    with clock.frozen(clock.now() + timedelta(days=3)), writing() as unit:
        choices.choose(unit, reader.id, [daily.id, weekly.id])
    days = dict(session.execute(select(NewsletterChoice.newsletter_id, NewsletterChoice.changed_at)).all())
    assert days == {daily.id: clock.now(), weekly.id: clock.now() + timedelta(days=3)}


def test_all_are_dropped_with_one_button_and_nobody_else_s(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    letter, other = a_letter(), a_reader()
    with writing() as unit:
        for person in (reader, other):
            choices.choose(unit, person.id, [letter.id])
    assert "Unsubscribe me from all newsletters" in client.get(PAGE).text
    answer = submit(client, f"{PAGE}/none", {}, page=PAGE, follow=True)
    assert "You are unsubscribed from all newsletters." in answer.text
    assert "Unsubscribe me from all" not in answer.text
    assert choices.wanted(session, reader.id) == set()
    assert choices.wanted(session, other.id) == {letter.id}


@pytest.mark.parametrize("value", ["0", "-1", "x", "999999", "9" * 40])
def test_a_letter_that_is_not_there_is_refused_in_a_sentence(
    client: FlaskClient, reader: Reader, session: AnySession, value: str
) -> None:
    letter = a_letter()
    answer = submit(client, PAGE, {"letters": [letter.id, value]})
    assert answer.status_code == 422
    assert "One of these newsletters no longer exists" in answer.text
    assert answer.text.count(" checked") == 1, "what was ticked is kept"
    assert kept(session, reader) == {}


def test_a_letter_whose_right_is_missing_says_why_and_may_be_chosen_for_later(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    letter = a_letter(vertical="media")
    a_letter("hebdo", vertical="media", audience=Audience.CONFIRMED)
    text = client.get(PAGE).text
    assert "reserved for readers of mind Media" in text
    assert 'href="/trial?vertical=media"' in text
    assert text.count("Leaves later") == 1, "the weekly is for every account"
    submit(client, PAGE, {"letters": [letter.id]})
    assert choices.wanted(session, reader.id) == {letter.id}


def test_a_choice_outlives_the_right(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    letter = a_letter()
    a_grant(reader, source=Source.TRIAL, starts_in=timedelta(days=-20), ends_in=timedelta(days=1))
    submit(client, PAGE, {"letters": [letter.id]})
    assert "Leaves later" not in client.get(PAGE).text
    with clock.frozen(clock.now() + timedelta(days=2)):
        text = client.get(PAGE).text
    assert " checked" in text and "Your trial of mind Health has ended" in text


def test_whoever_owes_is_led_to_pay_and_never_to_the_offers(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    a_letter()
    firm = an_organisation(reader)
    past = {"starts_in": timedelta(days=-40), "ends_in": timedelta(days=-10), "end_cause": EndCause.UNPAID}
    a_grant(organisation=firm, source=Source.SUBSCRIPTION, **past)
    text = client.get(PAGE).text
    assert "an invoice is not paid" in text and 'href="/billing/"' in text


@pytest.mark.parametrize(
    ("more", "words"), [({"confirmed": False}, "not confirmed"), ({"suspended": True}, "suspended")]
)
def test_an_account_that_receives_nothing_is_told_once(
    client: FlaskClient, session: AnySession, more: dict[str, bool], words: str
) -> None:
    for slug in ("quotidienne", "hebdo"):
        a_letter(slug, audience=Audience.CONFIRMED)
    person = a_reader(
        confirmed=more.get("confirmed", True), suspended_at=clock.now() if more.get("suspended") else None
    )
    sign_in(client, person)
    client.set_cookie("locale", "en")
    text = client.get(PAGE).text
    assert text.count(words) == 1
    assert text.count("Leaves later") == 2


def test_every_reason_that_closes_has_its_sentence_in_both_languages(session: AnySession) -> None:
    opens = {Reason.STAFF, Reason.FREE, Reason.FREE_WINDOW, Reason.REGISTERED, Reason.WITHDRAWN, Reason.NOT_PUBLISHED}
    opens |= {reason for reason in Reason if reason.startswith(("GRANT_", "GRACE_"))}
    assert set(WHY) == set(Reason) - opens - {Reason.ANONYMOUS}
    for locale in ("fr", "en"):
        with use_locale(locale):
            texts = [str(text) % {"name": "mind Health", "start": "4 mars"} for text in WHY.values()]
        assert all(text.endswith(".") and len(text) > 30 for text in texts)

"""What the mails of a trial's life hold: whose they are, what they name, where they lead; how offers are stopped."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.accounts.models import Reader
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from portal.trials import mails
from portal.trials.models import RequestKind, TrialRequest
from portal.trials.start import start
from tests.builders import a_reader, a_vertical

HOUSE = "http://localhost"


def written() -> Mail:
    end_reading()
    return db.session.query(Mail).one()


def starting(*slugs: str) -> tuple[Reader, Mail]:
    """A reader whose trial of these titles has just started, and the mail that says so."""
    reader = a_reader(locale="en")
    with writing() as unit:
        start(unit, unit.merge(reader), slugs, clock.now())
    return reader, written()


def test_a_started_trial_of_one_title_leads_to_it_in_its_colour(session: AnySession) -> None:
    colour = a_vertical("health").colour
    reader, mail = starting("health")
    assert (mail.kind, mail.to_address, mail.reader_id) == ("trial_started", reader.email, reader.id)
    assert f"{HOUSE}/health/" in mail.text and "mind Health" in mail.text
    assert mail.facts == {"ends": {str(session.scalars(select(Grant.id)).one()): "2026-03-25"}}
    assert colour in mail.html


def test_a_trial_of_several_names_them_in_the_order_of_the_masthead_and_leads_home(session: AnySession) -> None:
    a_vertical("media", position=2, name="mind Media")
    a_vertical("health", position=1, name="mind Health")
    a_vertical("fintech", position=1, name="mind Fintech")
    _reader, mail = starting("media", "fintech", "health")
    assert "mind Health, mind Fintech and mind Media" in mail.text
    assert f"{HOUSE}/\n" in mail.text and f"{HOUSE}/health/" not in mail.text
    found = mails.verticals_named(session, ["media", "fintech", "health"])
    assert [one.slug for one in found] == ["health", "fintech", "media"]


def test_what_every_trial_mail_shows(session: AnySession) -> None:
    one, two = a_vertical("health"), a_vertical("fintech")
    counted = object()  # it is handed through
    alone, both = mails.about(counted, [one]), mails.about(counted, [one, two])  # type: ignore[arg-type]
    assert alone == {
        "trial": counted,
        "colour": one.colour,
        "read_url": f"{HOUSE}/health/",
        "plans_url": f"{HOUSE}/plans",
    }
    assert (both["colour"], both["read_url"]) == (None, f"{HOUSE}/")


@pytest.mark.parametrize(
    ("kind", "said"),
    [(RequestKind.EXTENSION, "more days of mind Health"), (RequestKind.COMPANY_CAP, "your trial of mind Health")],
)
def test_a_no_is_told_once_in_the_words_of_whoever_answered(session: AnySession, kind: RequestKind, said: str) -> None:
    reader, vertical = a_reader(locale="en"), a_vertical("health", name="mind Health")
    for _time in range(2):
        with writing() as unit:
            request = TrialRequest(id=7, kind=kind, reader_id=reader.id, vertical_id=vertical.id)
            request.created_at, request.reply, request.message = clock.now(), "Not this month.", "Just a week?"
            told = mails.declined(unit, unit.merge(reader), unit.merge(vertical), request)
            assert told is (_time == 0)
    mail = written()
    assert (mail.key, mail.to_address, mail.locale) == ("trial-declined:7", reader.email, "en")
    assert mail.reader_id == reader.id
    assert said in mail.subject and "Not this month." in mail.text and "Just a week?" in mail.text
    assert f"{HOUSE}/plans?vertical=health" in mail.text and vertical.colour in mail.html


def test_offers_are_stopped_by_an_address_that_is_signed_for_one_reader(app: Flask) -> None:
    address = mails.unsubscribe_url(41)
    token = address.removeprefix(f"{HOUSE}/trial/offers/")
    assert mails.reader_of(token) == 41
    assert mails.reader_of(f"{token}x") is None and mails.reader_of("") is None
    assert mails.marketing_headers(41) == {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_an_address_of_a_former_key_still_stops_offers_and_new_ones_are_signed_with_the_present(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = mails.unsubscribe_url(41).rpartition("/")[2]
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "another key of tests, long enough to be one")
    present = mails.unsubscribe_url(41).rpartition("/")[2]
    assert present != former and mails.reader_of(former) == mails.reader_of(present) == 41
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [])
    assert mails.reader_of(former) is None and mails.reader_of(present) == 41


def test_what_was_signed_for_something_else_stops_nothing(app: Flask) -> None:
    from itsdangerous import URLSafeSerializer

    from portal.accounts.keyed import SIGNED

    other = URLSafeSerializer(app.config["SECRET_KEY"], salt="something-else", signer_kwargs=SIGNED).dumps(41)
    weak = URLSafeSerializer(app.config["SECRET_KEY"], salt="trial-offers").dumps(41)
    ours = URLSafeSerializer(app.config["SECRET_KEY"], salt="trial-offers", signer_kwargs=SIGNED).dumps(41)
    assert mails.reader_of(other) is None and mails.reader_of(weak) is None
    assert mails.reader_of(ours) == 41  # mails that were sent last year are signed so

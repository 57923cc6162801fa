"""Asking for a trial or for more days of one, as readers see it: trial page, its form, and the lock panel."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession, end_reading, writing
from portal.roles import Role
from portal.trials import answering
from portal.trials.models import RequestKind, TrialRequest
from tests.builders import a_grant, a_reader, a_vertical, an_article
from tests.conftest import NOON
from tests.content.helpers import statements
from tests.forms import csrf_token, sign_in, submit

PAGE = "/trial/more/health"
ARTICLE = "/health/article/un-article"
DUE = "Wednesday\u00a011\u00a0March"
EN = {"Accept-Language": "en"}


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)
    an_article("un-article")


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """Somebody signed in whose trial of mind Health has ended."""
    person = a_reader()
    a_grant(person, source=Source.TRIAL, starts_in=timedelta(days=-20), ends_in=timedelta(days=-4))
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def asked(session: AnySession) -> list[TrialRequest]:
    end_reading()
    return list(session.scalars(select(TrialRequest)))


def waits(reader: Reader, kind: RequestKind) -> TrialRequest:
    with writing() as unit:
        row = TrialRequest(
            kind=kind, reader_id=reader.id, vertical_id=a_vertical("health").id, created_at=clock.now(), message="x"
        )
        unit.add(row)
    return row


def test_from_the_lock_panel_to_a_request_and_back(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    panel = client.get(ARTICLE).text
    way = f"{PAGE}?next=%2Fhealth%2Farticle%2Fun-article"
    assert f'href="{way}"' in panel and "Ask for more days" in panel
    answer = submit(client, PAGE, {"message": "I was away.", "next": ARTICLE}, page=way)
    assert (answer.status_code, answer.location) == (303, way)
    [request] = asked(session)
    assert (request.kind, request.message, request.reader_id) == (RequestKind.EXTENSION, "I was away.", reader.id)
    page = client.get(way).text
    assert DUE in page and f'href="{ARTICLE}"' in page and "<textarea" not in page
    panel = client.get(ARTICLE).text
    assert DUE in panel and "Ask for more days" not in panel


def test_the_trial_page_offers_it_and_then_tells_when_the_answer_comes(client: FlaskClient, reader: Reader) -> None:
    assert f'href="{PAGE}"' in client.get("/trial").text
    waits(reader, RequestKind.EXTENSION)
    page = client.get("/trial").text
    assert f"answer on {DUE} at the latest" in page and f'href="{PAGE}"' not in page


def test_a_request_without_a_sentence_is_sent_back(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    answer = submit(client, PAGE, {"message": " \r\n "})
    assert answer.status_code == 422 and "Say in a sentence" in answer.text
    assert submit(client, PAGE, {"message": "x" * 501}).status_code == 422
    assert asked(session) == []


def test_a_second_request_is_told_and_not_kept(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    token = csrf_token(client, PAGE)
    for _click in range(2):
        answer = client.post(PAGE, data={"csrf_token": token, "message": "I was away."})
        assert (answer.status_code, answer.location) == (303, PAGE)
    assert len(asked(session)) == 1


def test_after_a_no_the_page_says_so_and_leads_to_a_person(client: FlaskClient, reader: Reader) -> None:
    staff, request = a_reader(role=Role.SALES), waits(reader, RequestKind.EXTENSION)
    with writing() as unit:
        answering.decline(unit, unit.get_one(TrialRequest, request.id), "Not this time.", actor_id=staff.id)
    page = client.get(PAGE).text
    assert "We have answered your request" in page and 'href="/contact"' in page and "<textarea" not in page
    assert PAGE not in client.get("/trial").text
    assert PAGE not in client.get(ARTICLE).text


@pytest.mark.parametrize("slug", ["fintech", "media"])
def test_what_was_not_tried_leads_to_the_trial_page(client: FlaskClient, reader: Reader, slug: str) -> None:
    assert client.get(f"/trial/more/{slug}").location == "/trial"
    token = csrf_token(client, PAGE)
    answer = client.post(f"/trial/more/{slug}", data={"csrf_token": token, "message": "x"})
    assert (answer.status_code, answer.location) == (303, "/trial")


@pytest.mark.parametrize("slug", ["sport", "%00", "a" * 300, "..%2f"])
def test_an_unknown_title_is_not_there(client: FlaskClient, reader: Reader, slug: str) -> None:
    assert client.get(f"/trial/more/{slug}").status_code == 404


def test_the_way_back_never_leaves_the_site(client: FlaskClient, reader: Reader) -> None:
    answer = submit(client, PAGE, {"message": "x", "next": "//evil.example/"})
    assert answer.location == PAGE


def test_a_stranger_signs_in_first(client: FlaskClient) -> None:
    assert client.get(PAGE).location.startswith("/login?next=")


def test_one_too_many_in_the_company_is_told_when_the_answer_comes(client: FlaskClient, session: AnySession) -> None:
    person = a_reader("sixieme@clinique.fr")
    waits(person, RequestKind.COMPANY_CAP)
    sign_in(client, person)
    client.set_cookie("locale", "en")
    page = client.get("/trial").text
    assert f"answer on {DUE} at the latest" in page
    assert page.count('action="/trial/start"') == 2
    panel = client.get(ARTICLE).text
    assert "Your request is with us" in panel and DUE in panel and 'action="/trial/start"' not in panel


def test_a_declined_cap_leaves_the_trial_to_be_asked_for_again(client: FlaskClient, session: AnySession) -> None:
    person, staff = a_reader("sixieme@clinique.fr"), a_reader(role=Role.SALES)
    request = waits(person, RequestKind.COMPANY_CAP)
    with writing() as unit:
        answering.decline(unit, unit.get_one(TrialRequest, request.id), "Non.", actor_id=staff.id)
    sign_in(client, person)
    assert client.get("/trial").text.count('action="/trial/start"') == 3


def test_a_promise_made_on_a_friday_is_for_monday(client: FlaskClient, reader: Reader) -> None:
    with clock.frozen(NOON + timedelta(days=3)):
        waits(reader, RequestKind.EXTENSION)
        assert "Monday\u00a016\u00a0March" in client.get(PAGE).text


def test_a_refusal_that_knows_no_requests_asks_for_none(client: FlaskClient, session: AnySession) -> None:
    person = a_reader()
    a_grant(person, starts_in=timedelta(days=-20), ends_in=timedelta(days=-4))
    sign_in(client, person)
    with statements() as seen:
        client.get(ARTICLE)
    assert seen and "trial_requests" not in " ".join(seen)

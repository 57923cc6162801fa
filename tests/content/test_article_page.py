"""An article's address: what it answers, to whom, and at what cost."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleState, Source
from portal.content import articles
from portal.content.models import Author
from portal.db import AnySession, writing
from portal.reading import log
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_vertical
from tests.content.helpers import CANARY, FIGURE, OPENING, PERSON, saved, statements
from tests.forms import sign_in

PAGE = "/health/article/un-article"


def test_a_stranger_sees_the_beginning_and_the_lock(session: AnySession, client: FlaskClient) -> None:
    saved()
    page = client.get(PAGE)
    assert page.status_code == 200
    assert OPENING[:20] in page.text
    assert 'class="lock"' in page.text
    assert CANARY not in page.text
    assert "zorglub" not in page.text.lower()


def test_a_reader_with_the_right_sees_all_of_it(session: AnySession, client: FlaskClient) -> None:
    saved()
    reader = a_reader()
    a_grant(reader)
    sign_in(client, reader)
    page = client.get(PAGE)
    assert CANARY in page.text
    assert FIGURE in page.text
    assert PERSON in page.text
    assert 'class="lock"' not in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


def test_a_public_page_sets_no_cookie_and_may_be_shared(session: AnySession, client: FlaskClient) -> None:
    saved()
    page = client.get(PAGE)
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"].startswith("public")
    assert "csrf" not in page.text


def test_a_trial_opens_the_page_and_says_until_when(session: AnySession, client: FlaskClient) -> None:
    saved()
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL)
    sign_in(client, reader)
    client.set_cookie("locale", "en")
    assert "thanks to your trial of mind Health" in client.get(PAGE).text


def test_a_full_page_costs_four_statements_at_most(session: AnySession, client: FlaskClient) -> None:
    saved()
    reader = a_reader()
    a_grant(reader)
    sign_in(client, reader)
    client.get("/free")
    with statements() as seen:
        client.get(PAGE)
    assert len(seen) <= 4


def test_a_refused_body_is_not_even_asked_for(session: AnySession, client: FlaskClient) -> None:
    saved()
    sign_in(client, a_reader())
    with statements() as seen:
        client.get(PAGE)
    asked = " ".join(seen)
    assert "preview_html" in asked
    for column in ("body_html", "figures", "persons", "article_texts.source"):
        assert column not in asked


def test_another_vertical_of_the_article_leads_to_its_own_address(session: AnySession, client: FlaskClient) -> None:
    saved(others=("fintech",))
    answer = client.get("/fintech/article/un-article")
    assert (answer.status_code, answer.location) == (301, PAGE)


def test_a_vertical_that_is_not_the_articles_knows_nothing_of_it(session: AnySession, client: FlaskClient) -> None:
    saved()
    a_vertical("fintech")
    assert client.get("/fintech/article/un-article").status_code == 404


def test_a_former_address_leads_to_the_present_one(session: AnySession, client: FlaskClient) -> None:
    article = saved()
    with writing() as unit:
        articles.move(unit, article.id, "nouveau")
    answer = client.get(PAGE)
    assert (answer.status_code, answer.location) == (301, "/health/article/nouveau")


def test_a_former_address_of_a_draft_tells_nothing(session: AnySession, client: FlaskClient) -> None:
    article = saved(state=ArticleState.DRAFT)
    with writing() as unit:
        articles.move(unit, article.id, "nouveau")
    assert client.get(PAGE).status_code == 404


@pytest.mark.parametrize("hours", [1, 24 * 400])
def test_an_article_opens_at_its_hour_by_the_clock_alone(session: AnySession, client: FlaskClient, hours: int) -> None:
    moment = clock.now() + timedelta(hours=hours)
    saved(at=moment)
    with clock.frozen(moment - timedelta(seconds=1)):
        assert client.get(PAGE).status_code == 404
    with clock.frozen(moment):
        assert client.get(PAGE).status_code == 200


def test_a_withdrawn_article_is_gone_and_others_are_offered(session: AnySession, client: FlaskClient) -> None:
    saved(state=ArticleState.WITHDRAWN)
    saved("un-autre", title="Un autre titre")
    page = client.get(PAGE)
    assert page.status_code == 410
    assert "Un autre titre" in page.text
    assert "Un chapô" not in page.text
    assert "next=" not in page.text


def test_staff_see_a_draft_and_are_told_so(session: AnySession, client: FlaskClient) -> None:
    saved(state=ArticleState.DRAFT)
    sign_in(client, a_reader(role=Role.EDITOR))
    client.set_cookie("locale", "en")
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "only staff can see this page" in page.text


def test_a_byline_names_its_authors_and_is_never_left_hanging(session: AnySession, client: FlaskClient) -> None:
    with writing() as unit:
        people = [Author(slug=name.lower(), name=name) for name in ("Anna", "Bob", "Chloé")]
        unit.add_all(people)
    saved(authors=people, access=ArticleAccess.FREE)
    saved("sans-nom", access=ArticleAccess.FREE)
    client.set_cookie("locale", "en")
    signed = re.sub("<[^>]+>", "", client.get(PAGE).text)
    assert "By Anna, Bob and Chloé." in signed
    assert 'class="by"' not in client.get("/health/article/sans-nom").text


def test_a_free_article_is_open_and_calls_to_a_trial(session: AnySession, client: FlaskClient) -> None:
    saved(access=ArticleAccess.FREE)
    page = client.get(PAGE).text
    assert CANARY in page
    assert "/trial?vertical=health" in page
    assert '"isAccessibleForFree":true' in page


def test_a_full_reading_by_a_reader_is_noted_and_a_preview_is_not(session: AnySession, client: FlaskClient) -> None:
    article = saved()
    reader, stranger = a_reader(), a_reader()
    a_grant(reader)
    for person in (reader, stranger):
        sign_in(client, person)
        client.get(PAGE)
    assert [key[:2] for key in log.notebook().waiting] == [(reader.id, article.id)]


@pytest.mark.parametrize(
    "address",
    [
        "/nowhere/article/un-article",
        "/health/article/inconnu",
        f"/health/article/{'x' * 300}",
        "/health/article/%00",
        "/health/article/a%20b",
    ],
)
def test_an_unknown_address_is_not_found(session: AnySession, client: FlaskClient, address: str) -> None:
    saved()
    assert client.get(address).status_code == 404

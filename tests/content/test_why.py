"""“Why can I, or can I not, read this?”: one page for everybody, led to from every article that is not free."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal.access.vocabulary import ArticleAccess, ArticleState, Source
from portal.accounts.models import Reader
from portal.content.models import FormerSlug
from portal.db import AnySession, writing
from portal.roles import Role
from tests.builders import a_grant, a_reader, an_article, canary
from tests.forms import sign_in

PAGE = "/help/why"


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in, who reads English pages."""
    person = a_reader("camille@example.org")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def way(page: str) -> str:
    """Where an article's “Why?” leads."""
    found = re.search(r'<a href="(/help/why\?article=[^"]+)"', page)
    assert found, "nothing leads to the explanation"
    return found[1]


def test_a_lock_panel_leads_a_stranger_to_the_rule_that_decided(client: FlaskClient, session: AnySession) -> None:
    article = an_article(title="Un titre public")
    page = client.get(way(client.get(f"/health/article/{article.slug}").text), headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "Un titre public" in page.text and "nobody is signed in" in page.text
    assert "/login?next=" in page.text and "/trial?vertical=health" in page.text
    assert canary(article) not in page.text
    assert "no-store" in page.headers["Cache-Control"] and "Set-Cookie" not in page.headers


@pytest.mark.parametrize("reason", ["grant", "grace", "staff", "registered", "window"])
def test_every_open_article_leads_to_why(
    client: FlaskClient, session: AnySession, now: object, reason: str, reader: Reader
) -> None:
    article = an_article(access=ArticleAccess.REGISTERED if reason == "registered" else ArticleAccess.SUBSCRIBER)
    if reason == "grant":
        a_grant(reader)
    elif reason == "grace":
        days = {
            "starts_in": -timedelta(days=30),
            "ends_in": -timedelta(days=1),
            "grace_until": article.modified_at + timedelta(days=5),
        }
        a_grant(reader, source=Source.SUBSCRIPTION, **days)
    elif reason == "staff":
        sign_in(client, a_reader(role=Role.EDITOR))
    elif reason == "window":
        with writing() as unit:
            unit.merge(article).free_until = article.modified_at + timedelta(days=1)
    page = client.get(f"/health/article/{article.slug}")
    assert canary(article) in page.text
    told = client.get(way(page.text))
    assert "Reading allowed" in told.text and canary(article) not in told.text


def test_the_next_step_is_the_one_of_the_lock_panel(client: FlaskClient, reader: Reader) -> None:
    article = an_article()
    page = client.get(PAGE, query_string={"article": article.slug})
    assert 'action="/trial/start"' in page.text and f'value="/health/article/{article.slug}"' in page.text


def test_the_same_is_told_as_text_and_as_json(client: FlaskClient, reader: Reader) -> None:
    article = an_article()
    a_grant(reader, source=Source.TRIAL, ends_in=timedelta(days=5))
    told = client.get(PAGE, query_string={"article": article.slug, "as": "json"})
    assert (told.json["outcome"], told.json["reason"]) == ("full", "GRANT_TRIAL")
    assert told.json["grant"]["vertical"] == "health" and len(told.json["steps"]) == 22
    text = client.get(PAGE, query_string={"article": article.slug, "as": "text"})
    assert text.content_type == "text/plain; charset=utf-8"
    assert "[x] A right that is open?" in text.text and canary(article) not in text.text


def test_an_address_and_a_former_one_name_the_article(client: FlaskClient, reader: Reader) -> None:
    article = an_article(vertical="health")
    with writing() as unit:
        unit.add(FormerSlug(slug="ancien-titre", article_id=article.id))
    for asked in (
        article.slug,
        f"/health/article/{article.slug}",
        f"http://localhost/health/article/{article.slug}?x=1",
        "/health/article/ancien-titre",
    ):
        answer = client.get(PAGE, query_string={"article": asked})
        assert answer.status_code == 200, asked
        assert "Beginning only" in answer.text


@pytest.mark.parametrize("more", [{"state": ArticleState.DRAFT}, {"published_at": None, "state": ArticleState.DRAFT}])
def test_an_article_that_is_not_published_does_not_exist(
    client: FlaskClient, reader: Reader, more: dict[str, object]
) -> None:
    draft = an_article(title="Un secret bien gardé", **more)
    answer = client.get(PAGE, query_string={"article": draft.slug})
    assert answer.status_code == 404
    assert "Un secret" not in answer.text


def test_a_withdrawn_article_is_explained_without_its_title(client: FlaskClient, reader: Reader) -> None:
    gone = an_article(title="Un titre retiré", state=ArticleState.WITHDRAWN)
    answer = client.get(PAGE, query_string={"article": gone.slug})
    assert answer.status_code == 200
    assert "Page gone (410)" in answer.text and "Un titre retiré" not in answer.text


@pytest.mark.parametrize("asked", ["nowhere", "x" * 600, "http://[", "//", "a\0b", "%00", "🙂"])
def test_odd_questions_are_answered_in_a_sentence(client: FlaskClient, reader: Reader, asked: str) -> None:
    answer = client.get(PAGE, query_string={"article": asked})
    assert answer.status_code == 404
    assert "No article under this address" in answer.text


def test_asked_about_nothing_the_page_asks_back(client: FlaskClient, reader: Reader) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 200 and 'name="article"' in answer.text

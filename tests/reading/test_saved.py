"""Saved articles: put aside and taken back, from the article's page and from the list, open or not."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleState, Source
from portal.accounts.models import Reader
from portal.content.models import Article
from portal.db import AnySession, end_reading, writing
from portal.reading import saved as service
from tests.builders import a_grant, a_reader, an_article, canary
from tests.content import helpers
from tests.forms import sign_in, submit

LIST = "/profile/saved"


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in."""
    person = a_reader()
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def page_of(article: Article) -> str:
    return f"/health/article/{article.slug}"


def press(client: FlaskClient, article: Article, wished: str = "1", **more: str) -> int:
    """The bookmark of an article's page, as a form."""
    fields = {"article": article.id, "saved": wished, "next": page_of(article), **more}
    return submit(client, LIST, fields, page=page_of(article)).status_code


def test_what_is_saved_stays_saved_once_and_is_taken_back(session: AnySession) -> None:
    reader, other, article = a_reader(), a_reader(), an_article()
    with writing() as unit:
        service.save(unit, reader.id, article.id)
        service.save(unit, reader.id, article.id)
    assert service.listed(session, reader.id) == [article.id]
    assert service.is_saved(session, reader.id, article.id)
    assert not service.is_saved(session, other.id, article.id)
    with writing() as unit:
        service.unsave(unit, other.id, article.id)
        service.unsave(unit, reader.id, article.id)
        service.unsave(unit, reader.id, article.id)
    assert service.listed(session, reader.id) == []


def test_saved_again_an_article_keeps_its_place(session: AnySession) -> None:
    reader, first, second = a_reader(), an_article(), an_article()
    for minutes, article in enumerate((first, second, first)):
        with clock.frozen(clock.now() + timedelta(minutes=minutes)), writing() as unit:
            service.save(unit, reader.id, article.id)
    assert service.listed(session, reader.id) == [second.id, first.id]


def test_the_bookmark_saves_without_a_script_and_shows_that_it_did(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    article = an_article(title="Un titre rare")
    assert 'aria-pressed="false"' in client.get(page_of(article)).text
    assert press(client, article) == 303
    shown = client.get(page_of(article)).text
    assert 'aria-pressed="true"' in shown and "You will find it in" in shown
    assert "Un titre rare" in client.get(LIST).text
    assert press(client, article, "0") == 303
    assert 'aria-pressed="false"' in client.get(page_of(article)).text
    assert "Nothing saved yet" in client.get(LIST).text


def test_a_script_is_answered_without_a_page_and_without_a_message_left_for_later(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    article = an_article()
    assert press(client, article, quiet="1") == 204
    assert service.is_saved(session, reader.id, article.id)
    assert "You will find it in" not in client.get(LIST).text


def test_the_mark_is_one_reader_s_though_the_page_is_kept_for_all(client: FlaskClient, reader: Reader) -> None:
    article = an_article()
    press(client, article)
    sign_in(client, a_reader())
    assert 'aria-pressed="false"' in client.get(page_of(article)).text


def test_a_stranger_s_page_holds_a_way_to_log_in_and_no_form(client: FlaskClient, session: AnySession) -> None:
    article = an_article()
    text = client.get(page_of(article)).text
    assert f'href="/login?next={page_of(article)}"' in text
    assert "csrf" not in text and "/profile/saved" not in text


def test_the_bookmark_costs_no_statement(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    article = helpers.saved()
    a_grant(reader)
    press(client, article)
    client.get("/free")
    with helpers.statements() as seen:
        text = client.get(page_of(article)).text
    assert helpers.CANARY in text and 'aria-pressed="true"' in text
    assert len(seen) <= 4


def test_the_list_tells_what_is_open_and_what_is_not_and_why(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    a_grant(reader, vertical="health", source=Source.TRIAL)
    closed = an_article(vertical="media", title="Un article fermé")
    for article in (an_article(title="Un article ouvert"), closed, an_article(access=ArticleAccess.FREE)):
        with writing() as unit:
            service.save(unit, reader.id, article.id)
    text = client.get(LIST).text
    for words in ("Un article ouvert", "Un article fermé", "mind Media", "Closed", "Not tried yet", "Free access"):
        assert words in text
    assert canary(closed) not in text


def test_an_expired_reader_keeps_the_titles(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    article = an_article(title="Gardé pour plus tard")
    a_grant(reader, source=Source.TRIAL, starts_in=timedelta(days=-20), ends_in=timedelta(days=-4))
    with writing() as unit:
        service.save(unit, reader.id, article.id)
    text = client.get(LIST).text
    assert "Gardé pour plus tard" in text and "Trial ended" in text


def test_a_withdrawn_article_says_so_and_leads_nowhere(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    article = an_article(title="Parti depuis", state=ArticleState.WITHDRAWN)
    with writing() as unit:
        service.save(unit, reader.id, article.id)
    text = client.get(LIST).text
    assert "Parti depuis" in text and "have withdrawn this article" in text
    assert page_of(article) not in text


@pytest.mark.parametrize("state", [ArticleState.DRAFT, ArticleState.WITHDRAWN])
def test_what_does_not_exist_for_the_reader_cannot_be_saved(
    client: FlaskClient, reader: Reader, session: AnySession, state: ArticleState
) -> None:
    hidden, shown = an_article(state=state, title="Un secret"), an_article()
    fields = {"article": hidden.id, "saved": "1"}
    assert submit(client, LIST, fields, page=page_of(shown)).status_code == 404
    assert service.listed(session, reader.id) == []
    with writing() as unit:
        service.save(unit, reader.id, hidden.id)
    assert ("Un secret" in client.get(LIST).text) is (state is ArticleState.WITHDRAWN)


@pytest.mark.parametrize(("article", "wished"), [("0", "1"), ("", "1"), ("x", "1"), ("9" * 30, "1"), ("1", "2")])
def test_what_is_no_article_or_no_wish_is_not_found(
    client: FlaskClient, reader: Reader, article: str, wished: str
) -> None:
    answer = submit(client, LIST, {"article": article, "saved": wished}, page="/profile/identity")
    assert answer.status_code == 404


def test_the_way_back_never_leaves_the_site(client: FlaskClient, reader: Reader) -> None:
    article = an_article()
    fields = {"article": article.id, "saved": "1", "next": "//evil.example/"}
    assert submit(client, LIST, fields, page=page_of(article)).location == LIST


def test_a_long_list_has_pages(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    for _ in range(21):
        article = an_article()
        with writing() as unit:
            service.save(unit, reader.id, article.id)
    assert client.get(LIST).text.count('class="hl-t"') == 20
    assert client.get(f"{LIST}?page=2").text.count('class="hl-t"') == 1
    assert client.get(f"{LIST}?page=3").status_code == 404
    end_reading()

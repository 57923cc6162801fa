"""Public pages kept for a few seconds: for strangers only, for a moment only, and never a word of another's page."""

import gzip
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import ArticleAccess
from portal.content import articles
from portal.db import AnySession, writing
from portal.page_cache import KEPT_FOR, PageCache
from tests.builders import a_grant, a_reader
from tests.content.helpers import CANARY, saved, statements
from tests.forms import sign_in

PAGE = "/health/article/un-article"


@pytest.fixture(autouse=True)
def cache(app: Flask) -> Iterator[PageCache]:
    """The cache switched on, and empty before and after."""
    found: PageCache = app.extensions["portal.page_cache"]
    found.pages.clear()
    found.enabled = True
    yield found
    found.enabled = False
    found.pages.clear()


def test_a_second_stranger_costs_no_statement(session: AnySession, client: FlaskClient) -> None:
    saved()
    first = client.get(PAGE)
    with statements() as seen:
        second = client.get(PAGE)
    assert seen == []
    assert second.data == first.data
    assert second.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert "Set-Cookie" not in second.headers


def test_a_page_is_kept_for_a_few_seconds_only(session: AnySession, client: FlaskClient) -> None:
    article = saved()
    client.get(PAGE)
    with writing() as unit:
        articles.withdraw(unit, article.id)
    with clock.frozen(clock.now() + KEPT_FOR - timedelta(seconds=1)):
        assert client.get(PAGE).status_code == 200
    with clock.frozen(clock.now() + KEPT_FOR):
        assert client.get(PAGE).status_code == 410


def test_a_clock_that_is_moved_back_finds_nothing_from_the_future(session: AnySession, client: FlaskClient) -> None:
    saved(at=clock.now() - timedelta(days=1))
    client.get(PAGE)
    with clock.frozen(clock.now() - timedelta(days=2)):
        assert client.get(PAGE).status_code == 404


def test_an_offer_ends_to_the_instant(session: AnySession, client: FlaskClient) -> None:
    end = clock.now() + timedelta(seconds=2)
    saved(free_until=end)
    assert CANARY in client.get(PAGE).text
    with clock.frozen(end - timedelta(seconds=1)):
        assert CANARY in client.get(PAGE).text
    with clock.frozen(end):
        assert CANARY not in client.get(PAGE).text


def test_a_reader_never_meets_it_nor_feeds_it(
    session: AnySession, app: Flask, client: FlaskClient, cache: PageCache
) -> None:
    saved()
    client.get(PAGE)
    reader = a_reader()
    a_grant(reader)
    signed_in = app.test_client()
    sign_in(signed_in, reader)
    assert CANARY in signed_in.get(PAGE).text
    assert CANARY not in app.test_client().get(PAGE).text
    assert all(CANARY.encode() not in page.body for _since, page in cache.pages._kept.values())


def test_language_theme_and_encoding_are_kept_apart(session: AnySession, app: Flask) -> None:
    saved(access=ArticleAccess.FREE)

    def page(encoding: str = "", **cookies: str) -> bytes:
        visitor = app.test_client()
        for name, value in cookies.items():
            visitor.set_cookie(name, value)
        answer = visitor.get(PAGE, headers={"Accept-Encoding": encoding} if encoding else {})
        return gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data

    for _ in range(2):
        assert b'lang="fr"' in page() and b'lang="en"' in page(locale="en")
        assert b'data-theme="dark"' in page(theme="dark") and b'data-theme="auto"' in page(theme="nonsense")
        assert page("gzip") == page()


def test_languages_are_settled_as_everywhere(session: AnySession, app: Flask) -> None:
    saved()
    for header in ("en-GB,en;q=0.8", "de,en;q=0.5", "de", "*", "fr;q=0.1,en;q=0.9", "x" * 500):
        answers = [app.test_client().get(PAGE, headers={"Accept-Language": header}).data for _ in range(2)]
        app.extensions["portal.page_cache"].enabled = False
        assert answers == [app.test_client().get(PAGE, headers={"Accept-Language": header}).data] * 2
        app.extensions["portal.page_cache"].enabled = True


def test_a_known_page_is_answered_304_without_a_body(session: AnySession, client: FlaskClient) -> None:
    saved()
    client.get(PAGE)
    tag = client.get(PAGE).headers["ETag"]
    answer = client.get(PAGE, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["Content-Security-Policy"]
    assert client.get(PAGE, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_head_has_the_headers_and_no_body(session: AnySession, client: FlaskClient) -> None:
    saved()
    length = len(client.get(PAGE).data)
    answer = client.head(PAGE)
    assert answer.data == b""
    assert answer.headers["Content-Length"] == str(length)


@pytest.mark.parametrize(
    "address", ["/login", "/help/access", "/search?q=titre", "/nulle-part", "/health/article/rien"]
)
def test_what_no_view_offers_is_not_kept(
    session: AnySession, client: FlaskClient, cache: PageCache, address: str
) -> None:
    saved()
    client.get(address)
    assert not cache.pages._kept


def test_a_foreign_host_is_refused_as_ever(session: AnySession, client: FlaskClient) -> None:
    saved()
    client.get(PAGE)
    assert client.get(PAGE, headers={"Host": "evil.example"}).status_code == 400
    assert client.get(PAGE, headers={"Host": "evil.example"}).status_code == 400

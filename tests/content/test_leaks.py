"""A canary sentence behind each preview: whoever has no right finds it in no answer, whatever they ask."""

import gzip
import zlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import clock
from portal.access.vocabulary import ArticleState, Source
from portal.accounts.models import Reader
from portal.content import articles, documents
from portal.content.articles import Manuscript
from portal.content.models import Article, Author, Category, ResourceKind, Tag
from portal.db import AnySession, writing
from portal.page_cache import PageCache
from portal.web import rule_of
from tests.builders import a_grant, a_reader, a_rubric, a_vertical
from tests.content.helpers import SOURCE, saved, statements
from tests.forms import sign_in

WORD = "zorglub"
PEOPLE = ("anonymous", "unconfirmed", "suspended", "ended trial", "other vertical")
ASKED = (
    {},
    {"Range": "bytes=0-"},
    {"Range": "bytes=2000-"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"x"', "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"Accept-Encoding": "gzip"},
    {"Accept": "application/json"},
    {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {"X-Forwarded-For": "66.249.66.1"},
)
VALUES = {
    "vertical": ("health", "fintech"),
    "slug": ("un-article", "second", "prevu", "retire", "brouillon", "inconnu"),
    "rubric": ("infos",),
    "category": ("industrie",),
    "sub": ("pharma",),
    "tag": ("essais",),
    "author": ("anna",),
    "document": ("annexe",),
    "ending": ("pdf",),
    "kind": ("contact", "research", "quote"),
}


CASES = [(f"page cache {state}", kind) for state in ("off", "on") for kind in PEOPLE]
each_case = pytest.mark.parametrize(("site", "kind"), CASES, indirect=["site"])


@pytest.fixture(params=["page cache off", "page cache on"])
def site(request: pytest.FixtureRequest, app: Flask, session: AnySession) -> Iterator[AnySession]:
    """Articles in every state, all with the canary behind their preview; with the cache of public pages and without."""
    cache: PageCache = app.extensions["portal.page_cache"]
    cache.enabled = request.param == "page cache on"
    _write_articles()
    yield session
    cache.enabled = False
    cache.pages.clear()


def _write_articles() -> None:
    with writing() as unit:
        top = Category(vertical_id=a_vertical().id, slug="industrie", name="Industrie")
        unit.add(top)
        unit.flush()
        leaf = Category(vertical_id=a_vertical().id, parent_id=top.id, slug="pharma", name="Pharma")
        tag = Tag(vertical_id=a_vertical().id, slug="essais", name="Essais")
        author = Author(slug="anna", name="Anna")
        unit.add_all([leaf, tag, author])
    placed = {"category": leaf, "tags": [tag], "authors": [author], "correction": None}
    saved("un-article", others=("fintech",), **placed)
    saved("second", title="Second", **placed)
    saved("prevu", at=clock.now() + timedelta(days=1), **placed)
    saved("retire", state=ArticleState.WITHDRAWN, **placed)
    saved("brouillon", state=ArticleState.DRAFT, **placed)
    with writing() as unit:
        for article in unit.query(Article):
            loaded = articles.load(unit, article.id)
            documents.attach(unit, loaded, title="Annexe", kind=ResourceKind.PDF, content=WORD.encode())


def somebody(kind: str) -> Reader | None:
    if kind == "anonymous":
        return None
    day = timedelta(days=1)
    if kind == "unconfirmed":
        return a_reader(confirmed=False)
    if kind == "suspended":
        reader = a_reader(suspended_at=clock.now())
        a_grant(reader)
        return reader
    reader = a_reader()
    if kind == "ended trial":
        a_grant(reader, source=Source.TRIAL, starts_in=-20 * day, ends_in=-1 * day)
    else:
        a_vertical("media")
        a_grant(reader, vertical="media")
    return reader


def addresses(app: Flask) -> list[str]:
    """Every GET address of the site, with the values of `VALUES` in its place-holders, and searches for the canary."""
    found = [url for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) for url in filled(app, rule)]
    asked = ("canari", "zorglub", "chante derrière le mur", "personne zorgluba", "12 000")
    return [*found, *(f"/search?q={query}" for query in asked)]


def filled(app: Flask, rule: Rule) -> list[str]:
    if rule.endpoint == "static" or rule_of(app, rule.endpoint).permission is not None:
        return []
    made = [""]
    choices: list[dict[str, object]] = [{}]
    for name in sorted(rule.arguments):
        choices = [{**chosen, name: value} for chosen in choices for value in VALUES.get(name, ("1",))]
    adapter = app.url_map.bind("localhost")
    made = [adapter.build(rule.endpoint, {**(rule.defaults or {}), **chosen}) for chosen in choices]
    return sorted(set(made))


def everything(answer: TestResponse) -> str:
    """Headers and body, unpacked, in lower case."""
    body = answer.data
    if answer.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    elif answer.headers.get("Content-Encoding") == "deflate":
        body = zlib.decompress(body)
    return f"{answer.headers}\n{body.decode('utf-8', 'replace')}".lower()


@each_case
def test_no_address_gives_the_locked_text_to_whoever_has_no_right(
    site: AnySession, app: Flask, client: FlaskClient, kind: str
) -> None:
    reader = somebody(kind)
    if reader:
        sign_in(client, reader)
    for url in addresses(app):
        asked = WORD if "q=" in url else ""
        for twice in (1, 2):
            page = everything(client.get(url))
            assert WORD not in page.replace(asked, "", 99 if asked else 0), (url, twice)


@each_case
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_way_of_asking_gives_the_locked_text(site: AnySession, client: FlaskClient, kind: str, method: str) -> None:
    reader = somebody(kind)
    if reader:
        sign_in(client, reader)
    for slug in VALUES["slug"]:
        for headers in ASKED:
            answer = client.open(f"/health/article/{slug}", method=method, headers=headers)
            assert WORD not in everything(answer), (slug, headers)


@each_case
def test_the_locked_text_is_not_even_read_for_whoever_has_no_right(
    site: AnySession, client: FlaskClient, kind: str
) -> None:
    reader = somebody(kind)
    if reader:
        sign_in(client, reader)
    with statements() as seen:
        for slug in VALUES["slug"]:
            client.get(f"/health/article/{slug}")
            client.get(f"/health/article/{slug}")
        for url in ("/", "/health/", "/health/rubric/infos", "/free", "/search?q=guichet"):
            client.get(url)
    asked = " ".join(seen)
    assert "preview_html" in asked
    assert not any(column in asked for column in ("body_html", "figures", "persons", "article_texts.source"))


def test_the_page_of_a_reader_with_the_right_does_not_open_it_to_the_next(
    site: AnySession, app: Flask, client: FlaskClient
) -> None:
    reader = a_reader()
    a_grant(reader)
    sign_in(client, reader)
    assert WORD in everything(client.get("/health/article/second"))
    stranger = app.test_client()
    assert WORD not in everything(stranger.get("/health/article/second"))
    other = app.test_client()
    sign_in(other, a_reader())
    assert WORD not in everything(other.get("/health/article/second"))


def test_what_is_changed_behind_the_preview_changes_nothing_a_stranger_sees(
    session: AnySession, client: FlaskClient
) -> None:
    article = saved()
    before = everything(client.get("/health/article/un-article"))
    manuscript = Manuscript(
        title=article.title,
        standfirst=article.standfirst,
        source=SOURCE.replace("chante", "siffle"),
        verticals=[a_vertical()],
        rubric=a_rubric(),
    )
    with writing() as unit:
        articles.change(unit, article.id, manuscript)
    after = everything(client.get("/health/article/un-article"))
    assert [line for line in before.split("\n") if "x-request-id" not in line] == [
        line for line in after.split("\n") if "x-request-id" not in line
    ]

"""Feeds: the newest articles by title and standfirst, as XML that any reader takes, sent again only when changed."""

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleState
from portal.content import articles
from portal.content.models import Author
from portal.db import AnySession, writing
from tests.builders import a_reader, a_vertical
from tests.content.helpers import OPENING, saved, statements
from tests.forms import sign_in

_LINK = re.compile(r'<link rel="alternate" type="application/rss\+xml" title="[^"]+" href="([^"]+)">')


def channel(client: FlaskClient, path: str = "/feed") -> ElementTree.Element:
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, "application/rss+xml; charset=utf-8")
    found = ElementTree.fromstring(answer.data).find("channel")
    assert found is not None
    return found


def titles(client: FlaskClient, path: str = "/feed") -> list[str]:
    return [item.findtext("title", "") for item in channel(client, path).iter("item")]


def test_a_feed_tells_title_standfirst_and_where_to_read(session: AnySession, client: FlaskClient) -> None:
    with writing() as unit:
        anna = Author(slug="anna", name="Anna")
        unit.add(anna)
    article = saved(title="Santé & <données>", standfirst="Moins de 3 % & <peu>.", authors=[anna])
    item = next(channel(client).iter("item"))
    told = {part.tag: part.text for part in item}
    assert told["title"] == article.title
    assert unescape(told["description"] or "") == article.standfirst
    assert told["link"] == "http://localhost/health/article/un-article"
    assert told["{http://purl.org/dc/elements/1.1/}creator"] == "Anna"
    assert parsedate_to_datetime(told["pubDate"] or "") == article.published_at


@pytest.mark.parametrize("access", ArticleAccess)
def test_a_feed_never_tells_nor_reads_what_stands_behind(
    session: AnySession, client: FlaskClient, access: ArticleAccess
) -> None:
    """Not even of a free article: whoever wants it comes and reads."""
    saved(access=access)
    with statements() as seen:
        told = client.get("/feed").text
    assert OPENING not in told and "zorglub" not in told.lower()
    assert "article_texts" not in " ".join(seen)


def test_only_what_is_published_is_told_newest_first(session: AnySession, client: FlaskClient) -> None:
    saved("vieux", title="Vieux", at=clock.now() - timedelta(days=9))
    saved("neuf", title="Neuf")
    saved("demain", title="Demain", at=clock.now() + timedelta(days=1))
    saved("brouillon", title="Brouillon", state=ArticleState.DRAFT)
    saved("retire", title="Retiré", state=ArticleState.WITHDRAWN)
    assert titles(client) == ["Neuf", "Vieux"]


def test_each_vertical_has_its_own_with_what_it_shares(session: AnySession, client: FlaskClient) -> None:
    a_vertical("media")
    saved("un", title="Partagé", others=("fintech",))
    saved("deux", title="Santé")
    assert titles(client, "/fintech/feed") == ["Partagé"]
    assert sorted(titles(client, "/health/feed")) == ["Partagé", "Santé"]
    assert titles(client, "/media/feed") == []
    assert client.get("/nowhere/feed").status_code == 404


def test_a_retired_vertical_is_told_of_no_more(session: AnySession, client: FlaskClient) -> None:
    saved(title="Ancien")
    with writing():
        a_vertical().retired_at = clock.now()
    assert titles(client) == []
    assert client.get("/health/feed").status_code == 404


def test_an_article_that_moves_keeps_its_id(session: AnySession, client: FlaskClient) -> None:
    article = saved()
    before = channel(client).findtext("item/guid")
    with writing() as unit:
        articles.move(unit, article.id, "ailleurs")
    assert channel(client).findtext("item/guid") == before
    assert channel(client).findtext("item/link", "").endswith("/ailleurs")


def test_signs_that_xml_cannot_hold_are_left_out(session: AnySession, client: FlaskClient) -> None:
    saved(title="Un\x01 titre\ufffe", standfirst="Dix\u202f% \x0b, l’an\u00a02")
    item = next(channel(client).iter("item"))
    assert (item.findtext("title"), item.findtext("description")) == ("Un titre", "Dix\u202f% , l’an\u00a02")


def test_a_feed_speaks_french_to_everybody(session: AnySession, client: FlaskClient) -> None:
    saved()
    client.set_cookie("locale", "en")
    assert channel(client).findtext("language") == "fr"
    assert client.get("/feed").data == client.application.test_client().get("/feed").data


def test_pages_say_where_their_feeds_are(session: AnySession, client: FlaskClient) -> None:
    saved(access=ArticleAccess.FREE)
    assert _LINK.findall(client.get("/").text) == ["/feed"]
    for path in ("/health/", "/health/article/un-article", "/health/rubric/infos"):
        assert _LINK.findall(client.get(path).text) == ["/health/feed", "/feed"]


def test_a_feed_that_did_not_change_is_not_sent_again(session: AnySession, client: FlaskClient) -> None:
    saved()
    first = client.get("/feed")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = client.get("/feed", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    saved("deux")
    assert client.get("/feed", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_what_somebody_who_signed_in_gets_is_kept_nowhere(session: AnySession, client: FlaskClient) -> None:
    saved()
    sign_in(client, a_reader())
    answer = client.get("/feed")
    assert answer.headers["Cache-Control"] == "private, no-store" and "ETag" not in answer.headers

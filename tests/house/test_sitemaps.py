"""Sitemaps: every published page that anybody may open, and no other; dates from the data; XML of the protocol."""

from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import ArticleState
from portal.content import kept
from portal.content.models import Category
from portal.db import AnySession, writing
from portal.house import sitemaps
from tests.builders import a_vertical, an_article
from tests.content.helpers import saved
from tests.guards.house import furnish

HOST = "http://localhost"
MAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
DAY = timedelta(days=1)


def listed(client: FlaskClient, path: str) -> dict[str, str]:
    """The addresses of a sitemap, or of the index, in their order, each with its date."""
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, "application/xml; charset=utf-8")
    root = ElementTree.fromstring(answer.data)
    entries = {one.findtext(f"{MAPS}loc", ""): one.findtext(f"{MAPS}lastmod", "") for one in root}
    assert len(entries) == len(root) <= 50_000 and all(entry.startswith(HOST) for entry in entries)
    return {entry.removeprefix(HOST): changed for entry, changed in entries.items()}


def everything(client: FlaskClient) -> dict[str, str]:
    """What all sitemaps of the index hold."""
    kept.forget()
    return {path: date for part in listed(client, "/sitemap.xml") for path, date in listed(client, part).items()}


def test_what_is_published_is_listed_once_under_its_own_vertical(session: AnySession, client: FlaskClient) -> None:
    saved("visible", others=("fintech",))
    saved("demain", at=clock.now() + DAY)
    saved("brouillon", state=ArticleState.DRAFT)
    saved("retire", state=ArticleState.WITHDRAWN)
    found = [path for path in everything(client) if "/article/" in path]
    assert found == ["/health/article/visible"]
    with clock.frozen(clock.now() + DAY):
        assert "/health/article/demain" in everything(client)


def test_a_date_is_that_of_the_last_change_for_readers(session: AnySession, client: FlaskClient) -> None:
    at = clock.now() - 9 * DAY
    saved("jamais-change", at=at)
    saved("mis-a-jour", at=at, updated_at=at + DAY)
    found = everything(client)
    assert datetime.fromisoformat(found["/health/article/jamais-change"]) == at
    for path in ("/health/article/mis-a-jour", "/health/", "/", "/health/rubric/infos"):
        assert datetime.fromisoformat(found[path]) == at + DAY
    assert datetime.fromisoformat(listed(client, "/sitemap.xml")["/health/sitemap-1.xml"]) == at + DAY


def test_a_retired_vertical_is_not_listed(session: AnySession, client: FlaskClient) -> None:
    saved("ancien")
    an_article("present", vertical="fintech")
    with writing():
        a_vertical().retired_at = clock.now()
    found = everything(client)
    assert "/fintech/article/present" in found
    assert not [path for path in found if path.startswith("/health/")]
    assert client.get("/health/sitemap-1.xml").status_code == 404


def test_a_vertical_with_many_articles_has_several_parts(
    session: AnySession, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemaps, "PART", 2)
    ids = {saved(f"article-{number}").id: f"/health/article/article-{number}" for number in range(5)}
    parts = [path for path in listed(client, "/sitemap.xml") if path.startswith("/health/")]
    assert parts == [f"/health/sitemap-{part}.xml" for part in sorted({(id_ - 1) // 2 + 1 for id_ in ids})]
    assert [path for part in parts for path in listed(client, part)] == list(ids.values())
    assert all(len(listed(client, part)) <= 2 for part in parts)


@pytest.mark.parametrize("part", ["0", "99", "10000", "99999999999999999999", "x"])
def test_a_part_without_articles_is_not_there(session: AnySession, client: FlaskClient, part: str) -> None:
    saved()
    assert client.get(f"/health/sitemap-{part}.xml").status_code == 404


def test_the_news_are_those_of_two_days(session: AnySession, client: FlaskClient) -> None:
    at = clock.now() - sitemaps.NEWS_FOR
    saved("trop-vieux", at=at)
    saved("juste-assez", at=at + timedelta(seconds=1), title="Un titre & un autre", lang="en", standfirst="Chapô")
    [entry] = ElementTree.fromstring(client.get("/sitemap-news.xml").data)
    assert entry.findtext(f"{MAPS}loc") == f"{HOST}/health/article/juste-assez"
    told = f"{NEWS}news/{NEWS}"
    assert entry.findtext(f"{told}publication/{NEWS}name") == "mind Health"
    assert entry.findtext(f"{told}publication/{NEWS}language") == "en"
    assert entry.findtext(f"{told}title") == "Un titre & un autre"
    assert datetime.fromisoformat(entry.findtext(f"{told}publication_date", "")) == at + timedelta(seconds=1)


def test_every_page_that_is_listed_is_there_and_may_be(session: AnySession, client: FlaskClient) -> None:
    furnish()
    with writing() as unit:
        empty = Category(vertical_id=a_vertical().id, slug="vide", name="Vide")
        unit.add(empty)
    closed = tuple(line.split(" ")[1] for line in client.get("/robots.txt").text.splitlines() if "Disallow" in line)
    found = everything(client)
    assert {"/", "/health/", "/free", "/plans", "/group/history", "/legal/notice", "/newsletters"} <= set(found)
    assert "/health/category/vide" not in found
    for path in found:
        page = client.get(path)
        assert page.status_code == 200 and not path.startswith(closed), path
        assert f'<link rel="canonical" href="{HOST}{path}">' in page.text, path


def test_sitemaps_may_be_shared_and_asked_about(session: AnySession, client: FlaskClient) -> None:
    saved()
    for path in ("/sitemap.xml", "/sitemap-pages.xml", "/sitemap-news.xml", "/health/sitemap-1.xml"):
        first = client.get(path)
        assert first.headers["Cache-Control"] == "public, max-age=300"
        assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304

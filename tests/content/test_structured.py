"""What search engines are told of a page: what Google's documentation asks for, at every instant, nothing locked."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import ArticleAccess
from portal.content.models import Author, Category
from portal.db import AnySession, writing
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_vertical
from tests.content.helpers import saved
from tests.forms import sign_in

PAGE = "/health/article/un-article"
_DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
HOUR = timedelta(hours=1)


def told(client: FlaskClient, path: str = PAGE) -> dict[str, Any]:
    """The data of a page by their type; each can be read, and says what vocabulary it speaks."""
    found = [json.loads(text) for text in _DATA.findall(client.get(path).text)]
    assert all(data["@context"] == "https://schema.org" for data in found)
    return {data["@type"]: data for data in found}


def article(client: FlaskClient, path: str = PAGE) -> dict[str, Any]:
    return dict(told(client, path)["NewsArticle"])


def elements(client: FlaskClient, selector: str, path: str = PAGE) -> int:
    """How many elements of the page a selector of one class matches."""
    assert re.fullmatch(r"\.[a-z-]+", selector), "Google reads selectors of one class only"
    classes = re.findall(r'<[a-z0-9]+\b[^>]*\sclass="([^"]+)"', client.get(path).text)
    return sum(selector[1:] in names.split() for names in classes)


def reserved(client: FlaskClient, path: str = PAGE) -> bool:
    """Whether the page says that it is reserved; then it says which part, and that part is there, once."""
    data = article(client, path)
    if data["isAccessibleForFree"]:
        assert data["isAccessibleForFree"] is True and "hasPart" not in data
        return False
    part = data["hasPart"]
    assert (part["@type"], part["isAccessibleForFree"]) == ("WebPageElement", False)
    assert elements(client, part["cssSelector"], path) == 1
    return True


def test_an_article_says_all_that_is_asked_of_one(session: AnySession, client: FlaskClient) -> None:
    with writing() as unit:
        authors = [Author(slug=name.lower(), name=name) for name in ("Anna", "Bob")]
        unit.add_all(authors)
    saved(title="Un titre", standfirst="Un chapô.", authors=authors, lang="en")
    data = article(client)
    assert (data["headline"], data["description"], data["inLanguage"]) == ("Un titre", "Un chapô.", "en")
    assert data["mainEntityOfPage"] == f"http://localhost{PAGE}"
    assert data["publisher"] == {"@type": "Organization", "name": "mind", "url": "http://localhost/"}
    assert data["author"] == [
        {"@type": "Person", "name": name, "url": f"http://localhost/health/author/{name.lower()}"}
        for name in ("Anna", "Bob")
    ]


def test_an_article_nobody_signed_is_the_publishers(session: AnySession, client: FlaskClient) -> None:
    saved()
    data = article(client)
    assert data["author"] == [data["publisher"]]


def test_dates_carry_their_offset_and_no_change_precedes_publication(session: AnySession, client: FlaskClient) -> None:
    at = clock.now() - timedelta(days=3)
    for slug, updated in (("un-article", at + HOUR), ("jamais", None), ("avant", at - HOUR)):
        saved(slug, at=at, updated_at=updated)
        data = article(client, f"/health/article/{slug}")
        published, modified = (datetime.fromisoformat(data[name]) for name in ("datePublished", "dateModified"))
        assert published == at and published.utcoffset() == HOUR
        assert modified == max(at, updated or at)


def test_a_locked_article_says_which_part_is_reserved(session: AnySession, client: FlaskClient) -> None:
    saved()
    assert reserved(client)
    assert elements(client, ".lock") == 1


@pytest.mark.parametrize("role", [None, Role.EDITOR])
def test_whoever_may_read_it_is_told_the_same(session: AnySession, client: FlaskClient, role: Role | None) -> None:
    saved()
    saved("libre", access=ArticleAccess.FREE)
    reader = a_reader(role=role or Role.READER)
    a_grant(reader)
    sign_in(client, reader)
    assert reserved(client)
    assert elements(client, ".lock") == 0
    assert not reserved(client, "/health/article/libre")


def test_what_asks_for_an_account_is_not_free(session: AnySession, client: FlaskClient) -> None:
    saved(access=ArticleAccess.REGISTERED)
    assert reserved(client)
    sign_in(client, a_reader())
    assert reserved(client)


def test_a_free_window_is_free_for_as_long_as_it_lasts(session: AnySession, client: FlaskClient) -> None:
    """Also on the page of a subscriber, whose text is the same before, within and after."""
    start = clock.now() + HOUR
    saved(free_from=start, free_until=start + HOUR)
    subscriber = client.application.test_client()
    reader = a_reader()
    a_grant(reader)
    sign_in(subscriber, reader)
    for instant, expected in ((clock.now(), True), (start, False), (start + HOUR, True)):
        with clock.frozen(instant):
            assert (reserved(client), reserved(subscriber)) == (expected, expected)


def test_nothing_ends_the_script_it_stands_in(session: AnySession, client: FlaskClient) -> None:
    saved(title="</script><script>alert(1)</script>")
    assert article(client)["headline"].startswith("</script>")
    assert told(client)["BreadcrumbList"]["itemListElement"][-1]["name"].startswith("</script>")
    assert "<script>alert" not in client.get(PAGE).text


def test_the_way_to_a_page_is_told_as_it_is_shown(session: AnySession, client: FlaskClient) -> None:
    with writing() as unit:
        top = Category(vertical_id=a_vertical().id, slug="industrie", name="Industrie", name_en="Industry")
        unit.add(top)
        unit.flush()
        leaf = Category(vertical_id=a_vertical().id, parent_id=top.id, slug="pharma", name="Pharma")
        unit.add(leaf)
    saved(category=leaf)
    client.set_cookie("locale", "en")
    ways = {
        PAGE: ["Home", "mind Health", "Industry", "Pharma", "Un titre"],
        "/health/category/industrie/pharma": ["Home", "mind Health", "Industry", "Pharma"],
        "/free": ["Home", "Free articles"],
        "/health/resources": ["Home", "mind Health", "Resources"],
        "/presentation": ["Home", "Presentation"],
        "/legal/notice": ["Home", "Legal notice"],
    }
    for path, names in ways.items():
        steps = told(client, path)["BreadcrumbList"]["itemListElement"]
        assert [step["name"] for step in steps] == names
        assert [step["position"] for step in steps] == list(range(1, len(names) + 1))
        assert "item" not in steps[-1]
        for step in steps[:-1]:
            assert client.get(step["item"].removeprefix("http://localhost")).status_code == 200

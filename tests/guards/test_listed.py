"""Each page is either for search engines, under one address, or says that it is not; robots.txt agrees with it."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.content import articles
from portal.content.models import Article, ArticleAuthor, Author, Category, Tag
from portal.db import writing
from portal.web import PUBLIC, rule_of
from tests.builders import an_article
from tests.forms import sign_in
from tests.guards.house import House, address, furnish

# Public pages that no search engine is to list, by their endpoint: what somebody typed, asked for or holds a link to.
UNLISTED = {
    "accounts.confirm_address",
    "accounts.login",
    "accounts.mail_code_page",
    "accounts.new_password",
    "accounts.register",
    "accounts.reset",
    "billing.quote",
    "content.explained",
    "content.search",
    "enquiries.leave_link",
    "enquiries.leave_sent",
    "enquiries.thanks",
    "newsletters.sample",
    "profile.leave_address",
    "profile.take_address",
    "trials.confirm_page",
    "trials.offers",
}
HOST = "http://localhost"
_ROBOTS = re.compile(r'<meta name="robots" content="([^"]+)">')
_CANONICAL = re.compile(r'<link rel="canonical" href="([^"]+)">')


def told(client: FlaskClient, path: str) -> tuple[list[str], list[str]] | None:
    """(what robots are told, the canonical addresses) of a page; None for what is no page."""
    answer = client.get(path)
    if answer.mimetype != "text/html" or answer.status_code in (301, 302, 303):
        return None
    return _ROBOTS.findall(answer.text), _CANONICAL.findall(answer.text)


def pages(app: Flask, house: House, who: str) -> dict[str, tuple[str, list[str], list[str]]]:
    """Every page that somebody may open: path → (endpoint, robots, canonical)."""
    client = app.test_client()
    if house.readers[who]:
        sign_in(client, house.readers[who])
    found = {}
    for route in app.url_map.iter_rules():
        if "GET" in (route.methods or set()):
            path = address(app, route, house.known)
            if page := told(client, path):
                found[path] = (route.endpoint, *page)
    return found


def test_every_page_has_one_address_or_is_not_listed(app: Flask) -> None:
    house = furnish()
    _fill_the_lists()
    rules = app.test_client().get("/robots.txt").text.splitlines()
    closed = tuple(line.split(" ")[1] for line in rules if line.startswith("Disallow"))
    seen, faults = set(), []
    for who in ("anonymous", "manager", "admin"):
        for path, (endpoint, robots, canonical) in pages(app, house, who).items():
            public = rule_of(app, endpoint) is PUBLIC and endpoint not in UNLISTED and not path.startswith(closed)
            at = "/legal/terms-of-sale" if path.startswith("/legal/") else path
            if (robots, canonical) != (([], [HOST + at]) if public else (["noindex"], [])):
                faults.append((path, endpoint, who, robots, canonical))
            seen.add(endpoint)
    assert faults == []
    assert UNLISTED - seen == set()


def _fill_the_lists() -> None:
    with writing() as unit:
        article = articles.load(unit, unit.scalars(select(Article.id).where(Article.slug == "article-ferme")).one())
        article.tags = list(unit.scalars(select(Tag)))
        article.category_id = unit.scalars(select(Category.id).where(Category.slug == "biotech")).one()
        article.bylines = [ArticleAuthor(author_id=unit.scalars(select(Author.id)).one(), position=0)]


def test_a_query_makes_no_other_page_but_its_number(app: Flask, client: FlaskClient) -> None:
    for number in range(21):
        an_article(f"article-{number}")
    lists = ["/health/rubric/infos", "/rubric/infos"]
    for path in ["/", "/plans", "/trial", "/contact", "/health/", "/health/article/article-1", *lists]:
        for query in ("utm_source=x", "next=/health/", "vertical=health", "page=1"):
            assert told(client, f"{path}?{query}") == ([], [HOST + path])
    for path in lists:
        assert told(client, f"{path}?utm_source=x&page=2") == ([], [f"{HOST}{path}?page=2"])


def test_a_list_of_nothing_is_not_listed(app: Flask, client: FlaskClient) -> None:
    house = furnish()
    for path in ("/health/tag/donnees", "/health/author/ines-garrigue"):
        assert told(client, path) == (["noindex"], [])
    assert house.known["tag"] == "donnees"

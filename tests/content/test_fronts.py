"""Home, verticals, lists, search and help: what they show, to whom."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleState, Source
from portal.content.models import Author, Category, Tag
from portal.db import AnySession, writing
from tests.builders import a_grant, a_reader, a_vertical
from tests.content.helpers import saved, statements
from tests.forms import sign_in


def a_category(slug: str, parent: Category | None = None) -> Category:
    with writing() as unit:
        row = Category(
            vertical_id=a_vertical().id, parent_id=parent.id if parent else None, slug=slug, name=slug.title()
        )
        unit.add(row)
    return row


def english(client: FlaskClient) -> FlaskClient:
    client.set_cookie("locale", "en")
    return client


def test_home_shows_what_is_published_and_nothing_else(session: AnySession, client: FlaskClient) -> None:
    saved("visible", title="Visible")
    saved("brouillon", title="Brouillon", state=ArticleState.DRAFT)
    saved("demain", title="Demain", at=clock.now() + timedelta(days=1))
    saved("retire", title="Retiré", state=ArticleState.WITHDRAWN)
    page = client.get("/").text
    assert "Visible" in page
    assert not any(title in page for title in ("Brouillon", "Demain", "Retiré"))


def test_home_of_a_new_site_is_not_an_error(session: AnySession, client: FlaskClient) -> None:
    assert "Nothing is published yet" in english(client).get("/").text


def test_a_shared_article_is_listed_in_both_verticals(session: AnySession, client: FlaskClient) -> None:
    saved(others=("fintech",), title="Partagé")
    assert "Partagé" in client.get("/health/").text
    assert "Partagé" in client.get("/fintech/").text


@pytest.mark.parametrize(
    ("source", "said"), [(Source.TRIAL, "Trial: 30 days left"), (Source.ADMIN, "Open"), (None, "Closed")]
)
def test_a_vertical_says_how_it_stands_for_this_reader(
    session: AnySession, client: FlaskClient, source: Source | None, said: str
) -> None:
    a_vertical()
    reader = a_reader()
    if source:
        a_grant(reader, source=source)
    sign_in(client, reader)
    assert said in english(client).get("/health/").text


def test_a_lock_stands_beside_what_is_locked_for_this_reader_only(session: AnySession, client: FlaskClient) -> None:
    saved()
    reader = a_reader()
    a_grant(reader)
    assert 'class="locked"' in client.get("/rubric/infos").text
    sign_in(client, reader)
    assert 'class="locked"' not in client.get("/rubric/infos").text


def test_a_list_costs_the_same_whatever_its_length(session: AnySession, client: FlaskClient) -> None:
    sign_in(client, a_reader())
    counts = []
    for number in range(3):
        saved(f"article-{number}")
        client.get("/free")
        with statements() as seen:
            client.get("/rubric/infos")
        counts.append(len(seen))
    assert len(set(counts)) == 1
    assert counts[0] <= 5


def test_lists_are_cut_into_numbered_pages(session: AnySession, client: FlaskClient) -> None:
    for number in range(21):
        saved(f"article-{number}", title=f"Titre n{number}.", at=clock.now() - timedelta(hours=number + 1))
    first, second = english(client).get("/health/rubric/infos").text, client.get("/health/rubric/infos?page=2").text
    assert "21 articles" in first
    assert "Titre n0." in first and "Titre n20." not in first
    assert "Titre n20." in second
    assert "/health/rubric/infos?page=2" in first


@pytest.mark.parametrize("page", ["0", "-1", "2", "99999999999999999999", "x", "1.5", "", "²"])
def test_what_is_not_a_page_is_not_found(session: AnySession, client: FlaskClient, page: str) -> None:
    saved()
    assert client.get(f"/rubric/infos?page={page}").status_code == 404


def test_a_category_holds_what_stands_in_its_children(session: AnySession, client: FlaskClient) -> None:
    top = a_category("industrie")
    leaf, other = a_category("pharma", top), a_category("medtech", top)
    saved("un", title="Chez pharma", category=leaf)
    saved("deux", title="Chez medtech", category=other)
    assert "Chez pharma" in client.get("/health/category/industrie").text
    below = client.get("/health/category/industrie/pharma").text
    assert "Chez pharma" in below and "Chez medtech" not in below
    assert client.get("/health/category/pharma").status_code == 404
    assert client.get("/health/category/industrie/rien").status_code == 404


def test_tags_and_authors_have_their_lists(session: AnySession, client: FlaskClient) -> None:
    with writing() as unit:
        tag = Tag(vertical_id=a_vertical().id, slug="essais", name="Essais")
        author = Author(slug="anna", name="Anna")
        unit.add_all([tag, author])
    saved("un", title="Marqué", tags=[tag], authors=[author])
    saved("deux", title="Autre")
    for address in ("/health/tag/essais", "/health/author/anna"):
        page = client.get(address).text
        assert "Marqué" in page and "Autre" not in page
    assert client.get("/health/tag/rien").status_code == 404
    assert client.get("/health/author/rien").status_code == 404


def test_free_lists_what_anyone_may_read_now(session: AnySession, client: FlaskClient) -> None:
    hour = timedelta(hours=1)
    saved("libre", title="Libre", access=ArticleAccess.FREE)
    saved("offert", title="Offert", free_until=clock.now() + hour)
    saved("passe", title="Dépassé", free_until=clock.now())
    saved("futur", title="Futur", free_from=clock.now() + hour)
    saved("ferme", title="Réservé")
    page = client.get("/free").text
    assert "Libre" in page and "Offert" in page
    assert not any(title in page for title in (">Dépassé", ">Futur", ">Réservé"))


@pytest.mark.parametrize("query", ["ELECTIONS", "élections hôpital", "l'hopital", "guichet"])
def test_search_ignores_accents_and_looks_at_the_beginning(
    session: AnySession, client: FlaskClient, query: str
) -> None:
    saved(title="Élections à l’hôpital")
    assert "Élections" in client.get("/search", query_string={"q": query}).text


@pytest.mark.parametrize(
    "query", ["zorglub", "canari", "personne", "%", "_", "12 000", "\x00", "x" * 5000, "' OR 1=1 --"]
)
def test_search_finds_nothing_by_what_is_locked(session: AnySession, client: FlaskClient, query: str) -> None:
    saved()
    page = client.get("/search", query_string={"q": query})
    assert page.status_code == 200 or "\x00" in query
    assert "/health/article/un-article" not in page.text


def test_search_without_a_word_asks_for_one(session: AnySession, client: FlaskClient) -> None:
    assert client.get("/search?q=%20").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/rien/",
        "/rubric/rien",
        "/health/rubric/rien",
        "/rien/rubric/infos",
        "/rien/tag/x",
        "/rien/author/x",
        f"/{'x' * 50}/",
    ],
)
def test_unknown_addresses_are_not_found(session: AnySession, client: FlaskClient, address: str) -> None:
    saved()
    assert client.get(address).status_code == 404

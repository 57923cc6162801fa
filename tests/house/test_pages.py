"""Pages of the house: complete in both languages, their lists from the data."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.access.vocabulary import ArticleState
from portal.db import AnySession, writing
from portal.house.legal import DOCUMENTS
from portal.house.views import PAGES
from portal.settings import ROOT
from portal.verticals import forget_site_verticals
from tests.builders import a_vertical, an_article
from tests.content.helpers import saved
from tests.guards.house import furnish
from tests.house.looking import LANGUAGES, heading, hrefs, part, plain, speaking

PATHS = [page.path for page in PAGES]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PATHS)
def test_every_page_stands_in_both_languages(app: Flask, client: FlaskClient, path: str, language: str) -> None:
    furnish()
    answer = speaking(client, language).get(path)
    assert answer.status_code == 200
    page = answer.text
    assert f'<html lang="{language}"' in page
    assert heading(page) in plain(part(page, "title"))
    assert re.search(r'<meta name="description" content="[^"]{40,}">', page)
    assert f'<link rel="canonical" href="http://localhost{path}">' in page
    assert '<meta name="robots"' not in page
    words = len(plain(part(page, "main")).split())
    assert words > (60 if path == "/group/team" else 120), "a page of the house is a text, not a shell"


@pytest.mark.parametrize("path", PATHS)
def test_the_two_languages_are_two_texts(app: Flask, client: FlaskClient, path: str) -> None:
    furnish()
    texts = {plain(part(speaking(client, language).get(path).text, "main")) for language in LANGUAGES}
    assert len(texts) == 2


@pytest.mark.parametrize("path", [*PATHS, *(document.path() for document in DOCUMENTS.values())])
def test_french_texts_have_french_typography(app: Flask, client: FlaskClient, path: str) -> None:
    furnish()
    text = part(client.get(path).text, "main")
    assert re.findall(r"\w(?:'|&#39;)\w", re.sub(r"<[^>]+>", "", text)) == []
    assert re.findall(r"[^\s] [;!?](?=\s|<)", re.sub(r"<[^>]+>", " ", text)) == []


def test_strangers_get_no_cookie_and_a_page_that_may_be_shared(app: Flask, client: FlaskClient) -> None:
    furnish()
    for path in [*PATHS, "/legal/notice", "/legal/cookies"]:
        answer = client.get(path)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"].startswith("public"), path


def test_a_fourth_title_is_data(app: Flask, client: FlaskClient) -> None:
    furnish()
    a_vertical("energy", name="mind Energy", tagline="L'énergie, titre par titre")
    forget_site_verticals()
    assert "mind Media et mind Energy" in plain(client.get("/group/history").text)
    assert "L’énergie, titre par titre" in client.get("/presentation").text
    assert "/energy/" in hrefs(part(client.get("/presentation").text, "footer"))


def test_a_title_of_the_group_that_comes_here_speaks_for_itself(app: Flask, client: FlaskClient) -> None:
    furnish()
    assert "/services/rh" in hrefs(part(client.get("/services/clubs").text, "footer"))
    a_vertical("rh", name="mind Rh")
    forget_site_verticals()
    answer = client.get("/services/rh")
    assert (answer.status_code, answer.location) == (302, "/rh/")
    assert "/services/rh" not in hrefs(client.get("/services/clubs").text)


def test_the_team_is_made_of_those_who_signed_something_published(session: AnySession, client: FlaskClient) -> None:
    from portal.content.models import Article, ArticleAuthor, Author

    furnish()
    with writing() as unit:
        ana, bob, cleo = (Author(slug=slug, name=name, job="grand reporter") for slug, name in PEOPLE)
        unit.add_all([ana, bob, cleo])
        unit.flush()
        a_vertical("health").editor_in_chief = "Cléo Zarandel"
        texts = [an_article("un", others=("media",)), an_article("deux"), an_article("trois")]
        draft = an_article("projet", state=ArticleState.DRAFT)
        for who, articles in ((ana, texts[:1]), (bob, [draft]), (cleo, texts)):
            unit.add_all(ArticleAuthor(article_id=one.id, author_id=who.id, position=1) for one in articles)
        assert unit.query(Article).count() > 4
    page = client.get("/group/team").text
    assert "Bob Vernisset" not in page
    assert [link for link in hrefs(part(page, "main")) if "/author/" in link] == [
        "/health/author/cleo-zarandel",
        "/health/author/ana-tessandre",
        "/media/author/ana-tessandre",
        "/media/author/cleo-zarandel",
    ], "whoever leads a newsroom stands first, then by name"
    assert "3 articles" in plain(page) and "Grand reporter" in plain(page)


PEOPLE = (("ana-tessandre", "Ana Tessandre"), ("bob-vernisset", "Bob Vernisset"), ("cleo-zarandel", "Cléo Zarandel"))


def test_the_team_of_a_new_site_is_not_an_error(session: AnySession, client: FlaskClient) -> None:
    assert client.get("/group/team").status_code == 200


def test_no_page_names_a_figure_of_ours_that_settings_could_change() -> None:
    """Prices are on /plans only; limits and rates come from the catalogue."""
    for path in sorted((ROOT / "templates" / "house").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        assert "€" not in text and not re.search(r"\d+,\d+ ?%", text), path.name


def test_articles_lead_here_by_their_own_links(app: Flask, client: FlaskClient) -> None:
    saved("un-article")
    footer = hrefs(part(client.get("/health/article/un-article").text, "footer"))
    assert {"/group/history", "/presentation", "/legal/notice"} <= set(footer)

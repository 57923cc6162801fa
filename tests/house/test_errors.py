"""Every error says what to do next, in both languages; when even the database is gone, a page without it does."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ServiceUnavailable

from portal.access.vocabulary import ArticleState
from portal.factory import create_app
from portal.roles import Permission, Role
from portal.settings import ROOT
from portal.throttle import Throttled
from portal.verticals import forget_site_verticals
from portal.web import PUBLIC, allow
from tests.builders import a_reader, an_article
from tests.conftest import test_settings
from tests.forms import Browser, sign_in
from tests.guards.house import furnish
from tests.house.looking import LANGUAGES, heading, hrefs, part, plain, speaking

Failing = Callable[[BaseException], str]


@pytest.fixture
def failing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Make one page of the house fail in this way; gives its address."""
    furnish()

    def fail(error: BaseException) -> str:
        @allow(PUBLIC)
        def view() -> str:
            raise error

        monkeypatch.setitem(app.view_functions, "house.history", view)
        return "/group/history"

    return fail


def look(client: FlaskClient, path: str, status: int, language: str = "fr") -> str:
    """The error page, after what all of them have in common."""
    answer = speaking(client, language).get(path)
    assert answer.status_code == status
    page = answer.text
    assert f'<html lang="{language}"' in page and heading(page)
    assert '<meta name="robots" content="noindex">' in page
    assert str(status) in plain(part(page, "main"))
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_page_offers_a_search_and_what_is_new(app: Flask, client: FlaskClient, language: str) -> None:
    furnish()
    main = part(look(client, "/nowhere/at/all", 404, language), "main")
    assert '<form action="/search"' in main and 'type="search"' in main
    assert "/health/article/article-ferme" in hrefs(main) and "/" in hrefs(main)
    assert ("Publiés récemment" if language == "fr" else "Published recently") in plain(main)
    assert "article-a-venir" not in main and "article-retire" not in main


def test_a_missing_file_costs_no_list_of_articles(app: Flask, client: FlaskClient) -> None:
    furnish()
    assert "/health/article/" not in client.get("/static/none.css").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_withdrawn_article_leads_to_its_neighbours(app: Flask, client: FlaskClient, language: str) -> None:
    furnish()
    an_article("voisin", vertical="media")
    main = part(look(client, "/media/article/article-retire", 410, language), "main")
    assert "/media/article/voisin" in hrefs(main) and "/search" in hrefs(main)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_at_the_back_office_is_told_whose_it_is(app: Flask, client: FlaskClient, language: str) -> None:
    furnish()
    sign_in(client, a_reader())
    main = part(look(client, "/admin/", 403, language), "main")
    assert ("outil de l’équipe de l’éditeur" if language == "fr" else "a tool of the publisher's team") in plain(main)
    assert "/profile/" in hrefs(main)


def test_staff_are_told_which_right_is_missing_and_who_has_it(app: Flask, client: FlaskClient) -> None:
    furnish()
    sign_in(client, a_reader(role=Role.SUPPORT))
    main = part(look(client, "/admin/audit", 403), "main")
    assert "Cette page demande le droit de consulter le journal des actes." in plain(main)
    assert "Rôles qui l’ont : Administration, Audit." in plain(main)
    assert "/admin/" in hrefs(main)


def test_every_permission_of_a_page_has_its_sentence() -> None:
    from portal import refusals

    everybody = {
        Permission.BACK_OFFICE,
        Permission.READ_EVERYTHING,
    }  # all staff have the one; no page asks for the other
    assert set(Permission) - everybody <= set(refusals._MISSING)


def test_an_act_from_another_site_is_explained(app: Flask, client: FlaskClient) -> None:
    furnish()
    answer = client.post("/preferences", data={"theme": "dark"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "La demande venait d’une page d’un autre site : rien n’a été fait." in plain(answer.text)


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "Le formulaire était trop ancien ou incomplet."), ("en", "The form was too old or incomplete.")],
)
def test_a_form_that_is_too_old_leads_back_to_its_page(
    app: Flask, client: FlaskClient, language: str, said: str
) -> None:
    furnish()
    sign_in(client, a_reader())
    speaking(client, language)
    answer = client.post("/profile/seat", headers={"Referer": "http://localhost/profile/?a=b"})
    assert answer.status_code == 400
    main = part(answer.text, "main")
    assert said in plain(main) and "/profile/?a=b" in hrefs(main)


def test_nothing_leads_back_to_an_address_that_cannot_be_opened(app: Flask, client: FlaskClient) -> None:
    furnish()
    sign_in(client, a_reader())
    main = part(client.post("/profile/seat").text, "main")
    assert hrefs(main) == ["/"]


def test_a_wrong_method_and_too_large_a_form_say_so(app: Flask, client: FlaskClient) -> None:
    furnish()
    wrong = client.post("/presentation")
    assert wrong.status_code == 405 and "GET" in wrong.headers["Allow"]
    assert "ne fait pas ce qui lui était demandé" in plain(wrong.text)
    large = client.post("/preferences", data={"theme": "x" * 1_100_000})
    assert large.status_code == 413 and "1 Mo au plus" in plain(large.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unreadable_request_says_to_start_again(client: FlaskClient, failing: Failing, language: str) -> None:
    path = failing(_http(422))
    main = part(look(client, path, 422, language), "main")
    assert path in hrefs(main)


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "Réessayez dans 42 secondes."), ("en", "Try again in 42 seconds.")]
)
def test_too_many_requests_say_when_to_come_back(
    client: FlaskClient, failing: Failing, language: str, said: str
) -> None:
    path = failing(Throttled(42))
    page = look(client, path, 429, language)
    assert said in plain(page) and path in hrefs(part(page, "main"))
    assert client.get(path).headers["Retry-After"] == "42"


@pytest.mark.parametrize(("language", "said"), [("fr", "Rien n’a été débité."), ("en", "Nothing was charged.")])
def test_a_failure_of_ours_gives_a_reference(client: FlaskClient, failing: Failing, language: str, said: str) -> None:
    path = failing(ValueError("unforeseen"))
    page = look(client, path, 500, language)
    reference = re.search(r"<code>([0-9a-f]+)</code>", page)
    assert reference and said in plain(page)
    assert path in hrefs(part(page, "main"))
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Request-Id"] in answer.text and "unforeseen" not in answer.text


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "Réessayez dans 5 secondes."), ("en", "Try again in 5 seconds.")]
)
def test_a_busy_site_says_when_to_come_back(client: FlaskClient, failing: Failing, language: str, said: str) -> None:
    for error in (ServiceUnavailable(retry_after=5), _database("database is locked")):
        path = failing(error)
        page = look(client, path, 503, language)
        assert said in plain(page) and path in hrefs(part(page, "main"))
        assert client.get(path).headers["Retry-After"] == "5"


def _http(status: int) -> BaseException:
    try:
        abort(status)
    except Exception as error:
        return error


def _database(told: str) -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception(told))


# ---- when the page itself cannot be drawn ----


def test_an_error_within_the_surroundings_gives_the_static_page(
    client: FlaskClient, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = failing(ValueError("first"))

    def broken() -> None:
        raise RuntimeError("the masthead fails too")

    monkeypatch.setattr("portal.masthead._build", broken)
    answer = client.get(path)
    assert answer.status_code == 500
    _is_static(answer.text, answer.headers["X-Request-Id"])
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/", "/health/article/article-ferme", "/nowhere", "/profile/", "/group/team"])
@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://nobody@127.0.0.1:9/nothing?connect_timeout=2", "sqlite:////nowhere/at/all.sqlite"]
)
def test_without_a_database_the_static_page_says_so(tmp_path: Path, url: str, path: str) -> None:
    app = create_app(test_settings(url, tmp_path))
    app.test_client_class = Browser
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "somebody who was signed in"
    answer = client.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    _is_static(answer.text, answer.headers["X-Request-Id"])


def test_a_database_that_goes_away_while_the_masthead_is_remembered(
    app: Flask, client: FlaskClient, failing: Failing
) -> None:
    """What is remembered draws the page; nobody needs the database for it."""
    client.get("/plans")
    path = failing(OperationalError(None, None, Exception("connection refused")))
    page = look(client, path, 503)
    assert "Réessayez dans 30 secondes." in plain(page)
    forget_site_verticals()


def _is_static(page: str, reference: str) -> None:
    assert "Une panne de notre côté" in page and "A failure on our side" in page
    assert page.count("<h1") == 1 and 'lang="en"' in page
    assert "Rien n’a été débité" in page and "Nothing was charged" in page
    assert reference in page


def test_the_static_page_needs_nothing_but_files_that_are_there() -> None:
    """A proxy may show it by itself when the portal does not answer at all."""
    page = (ROOT / "static" / "errors" / "500.html").read_text(encoding="utf-8")
    files = re.findall(r'href="/(static/[^"]+)"', page)
    assert len(files) >= 5 and all((ROOT / name).is_file() for name in files)
    assert "<script" not in page and "style=" not in page and "{{" not in page


def test_drafts_stay_unknown(app: Flask, client: FlaskClient) -> None:
    furnish()
    an_article("projet", state=ArticleState.DRAFT)
    assert "projet" not in part(look(client, "/health/article/projet", 404), "main")

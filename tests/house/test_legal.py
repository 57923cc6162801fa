"""Legal texts: dated versions that stay, in both languages, and true of the code where they speak of it."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.billing import terms
from portal.house import legal, views
from portal.settings import ROOT
from tests.forms import sign_in, submit
from tests.guards.house import furnish, pages
from tests.house.looking import LANGUAGES, heading, hrefs, part, plain, speaking

TEXTS = [(document, version) for document in legal.DOCUMENTS.values() for version in document.versions]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", legal.DOCUMENTS)
def test_every_document_stands_in_both_languages(app: Flask, client: FlaskClient, slug: str, language: str) -> None:
    furnish()
    speaking(client, language)
    document = legal.DOCUMENTS[slug]
    page = client.get(f"/legal/{slug}").text
    assert len(plain(part(page, "main")).split()) > 250
    assert heading(page) == plain(part(page, "title")).removesuffix(" - mind")
    assert f'<link rel="canonical" href="http://localhost/legal/{slug}">' in page
    assert document.path(document.current) in hrefs(page)
    assert ("En vigueur depuis le" if language == "fr" else "In force since") in plain(page)
    assert {f"/legal/{other}" for other in legal.DOCUMENTS} <= set(hrefs(part(page, "main")))


@pytest.mark.parametrize(("document", "version"), TEXTS, ids=lambda value: getattr(value, "slug", value))
def test_both_languages_have_the_same_numbered_parts(document: legal.Document, version: str) -> None:
    numbers = []
    for language in LANGUAGES:
        text = (ROOT / "templates" / document.template(version, language)).read_text(encoding="utf-8")
        numbers.append(re.findall(r"<h2>(\d+)\. ", text))
        assert len(numbers[-1]) == text.count("<h2>"), "each heading is numbered"
    assert numbers[0] == numbers[1] == [str(number) for number in range(1, len(numbers[0]) + 1)]


def test_the_accepted_terms_of_sale_stay_at_their_address(app: Flask, client: FlaskClient) -> None:
    furnish()
    for version in terms.VERSIONS:
        answer = client.get(f"/legal/terms-of-sale/{version}")
        assert answer.status_code == 200
        assert "Ce qui est vendu" in plain(answer.text)
    assert client.get("/legal/terms-of-sale").status_code == 200


@pytest.mark.parametrize("path", ["/legal/terms-of-sale/1999-01-01", "/legal/nothing", "/legal/notice/../privacy"])
def test_what_was_never_written_is_not_found(app: Flask, client: FlaskClient, path: str) -> None:
    furnish()
    assert client.get(path).status_code == 404


def test_an_older_version_stays_readable_and_says_that_it_holds_no_more(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish()
    document = replace(legal.DOCUMENTS["privacy"], versions=("2025-02-01", "2026-11-01"))
    monkeypatch.setitem(legal.DOCUMENTS, "privacy", document)
    monkeypatch.setattr(
        legal.Document, "template", lambda self, _version, locale: f"legal/privacy/2026-11-01.{locale}.html"
    )
    page = client.get("/legal/privacy/2025-02-01").text
    assert "Version du 1er février 2025, qui n’est plus en vigueur" in plain(page)
    assert '<meta name="robots" content="noindex">' in page
    assert hrefs(part(page, "main")).count("/legal/privacy") >= 1
    current = client.get("/legal/privacy").text
    assert "noindex" not in current
    assert [link for link in hrefs(current) if link.startswith("/legal/privacy/")] == [
        "/legal/privacy/2026-11-01",
        "/legal/privacy/2025-02-01",
    ]


def test_the_table_of_contents_leads_to_the_parts(app: Flask, client: FlaskClient) -> None:
    furnish()
    page = client.get("/legal/terms-of-sale").text
    named = [link for link in hrefs(part(page, "aside")) if link.startswith("#p")]
    assert len(named) == 12 and all(f'id="{link[1:]}"' in page for link in named)


def test_what_only_a_real_company_knows_is_marked(app: Flask, client: FlaskClient) -> None:
    furnish()
    for language, words in (("fr", "à compléter avant mise en ligne"), ("en", "to be filled in before going live")):
        page = speaking(client, language).get("/legal/notice").text
        assert part(page, "main").count('<mark class="todo">') >= 8
        assert plain(page).count(words) >= 7


def test_no_conformance_is_claimed_that_nobody_audited(app: Flask, client: FlaskClient) -> None:
    furnish()
    french = plain(client.get("/legal/accessibility").text)
    assert "État : non audité." in french and "Accessibilité : non auditée" in french
    english = plain(speaking(client, "en").get("/legal/accessibility").text)
    assert "Status: not audited." in english and "Accessibility: not audited" in english


# ---- cookies: the page and the code say the same ----


def test_the_page_names_every_cookie_that_the_code_sets(app: Flask, client: FlaskClient) -> None:
    furnish()
    with app.test_request_context():
        known = set(views._cookie_names().values())
    for language in LANGUAGES:
        page = speaking(client, language).get("/legal/cookies").text
        assert set(re.findall(r"<th scope=\"row\"[^>]*><div><code>([^<]+)</code>", page)) == known


def test_whatever_people_open_and_do_sets_no_other_cookie(app: Flask) -> None:
    house = furnish()
    with app.test_request_context():
        known = set(views._cookie_names().values())
    met = set()
    for who in ("anonymous", "trial", "manager", "admin"):
        client = app.test_client()
        reader = house.readers[who]
        if reader is not None:
            sign_in(client, reader)
        for path in pages(app, house.known):
            met |= _set_by(client.get(path))
        met |= _set_by(client.post("/preferences", data={"theme": "dark", "locale": "fr", "next": "/"}))
    stranger = app.test_client()
    met |= _set_by(submit(stranger, "/login", {"email": "personne@example.org", "password": "rien de tout cela"}))
    assert {"session", "theme", "locale"} <= met <= known


def test_cookies_are_set_in_known_places_only() -> None:
    """A new call of set_cookie is a new cookie: name it in views._cookie_names and in a new version of the page."""
    callers = [
        str(path.relative_to(ROOT / "portal"))
        for path in sorted((ROOT / "portal").rglob("*.py"))
        if "sandbox" not in path.parts and _sets_cookies(path)
    ]
    assert callers == ["accounts/browser.py", "accounts/views.py", "cookies.py", "trials/views.py"]


def _sets_cookies(path: Path) -> bool:
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return any(ast.unparse(call.func).endswith((".set_cookie", "cookies.keep")) for call in calls)


def _set_by(answer: object) -> set[str]:
    headers = answer.headers.getlist("Set-Cookie")  # type: ignore[attr-defined]
    return {header.partition("=")[0] for header in headers}

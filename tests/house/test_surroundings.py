"""Masthead and footer: what they lead to, and the way back they carry."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.house import plan
from portal.house.legal import DOCUMENTS
from portal.i18n import lazy_gettext
from portal.settings import SettingsError, load
from tests.builders import a_reader
from tests.content.helpers import saved
from tests.forms import sign_in, submit
from tests.guards.house import furnish
from tests.house.looking import LANGUAGES, hrefs, part, plain, speaking

ARTICLE = "/health/article/article-ferme"


def ways_in(page: str) -> list[tuple[str, str]]:
    """The masthead's links to sign-in and trial: (path, the page they come back to)."""
    found = [urlsplit(link) for link in hrefs(part(page, "header")) if link.startswith(("/login", "/trial"))]
    return [(link.path, parse_qs(link.query).get("next", [""])[0]) for link in found]


# ---- masthead ----


def test_the_masthead_has_the_entries_of_the_house_in_order(app: Flask, client: FlaskClient) -> None:
    furnish()
    text = plain(part(client.get("/").text, "header"))
    entries = ("Contenus gratuits", "Notre offre", "Ressources", "Infos", "Newsletters")
    places = [text.rindex(entry) for entry in entries]
    assert places == sorted(places)
    assert "Je teste 15 jours" in text and "Je me connecte" in text
    assert "Mon profil" not in text


def test_inside_a_title_the_entries_are_that_titles_own(app: Flask, client: FlaskClient) -> None:
    furnish()
    links = hrefs(part(client.get("/fintech/").text, "header"))
    assert {"/fintech/rubric/infos", "/fintech/resources"} <= set(links)
    assert "/resources" in hrefs(part(client.get("/").text, "header"))


def test_whoever_is_signed_in_finds_profile_and_the_way_out(app: Flask, client: FlaskClient) -> None:
    furnish()
    sign_in(client, a_reader())
    text = plain(part(client.get("/health/").text, "header"))
    assert "Mon profil" in text and "Je me déconnecte" in text
    assert "Je teste 15 jours" not in text and "Je me connecte" not in text


@pytest.mark.parametrize(
    "path", [ARTICLE, "/health/", "/search?q=a%26b&page=1", "/group/team", "/legal/notice", "/plans"]
)
def test_trial_and_sign_in_come_back_to_the_page_one_was_on(app: Flask, client: FlaskClient, path: str) -> None:
    furnish()
    found = ways_in(client.get(path).text)
    assert {place for place, _next in found} == {"/login", "/trial"}
    assert {back for _place, back in found} == {path}


def test_the_way_back_is_each_visitors_own_although_the_article_is_kept(app: Flask, client: FlaskClient) -> None:
    furnish()
    assert {back for _place, back in ways_in(client.get(ARTICLE).text)} == {ARTICLE}
    again = f"{ARTICLE}?from=newsletter"
    assert {back for _place, back in ways_in(client.get(again).text)} == {again}


@pytest.mark.parametrize("path", ["/", "/login", "/trial", "/register", "/nowhere/at/all"])
def test_no_page_leads_back_where_nobody_wants_to_go(app: Flask, client: FlaskClient, path: str) -> None:
    furnish()
    assert {back for _place, back in ways_in(client.get(path).text)} == {""}


def test_from_the_sign_in_page_the_trial_keeps_the_way_back(app: Flask, client: FlaskClient) -> None:
    furnish()
    found = ways_in(client.get(f"/login?next={ARTICLE}").text)
    assert {back for _place, back in found} == {ARTICLE}


@pytest.mark.parametrize("evil", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_no_way_back_leads_off_the_site(app: Flask, client: FlaskClient, evil: str) -> None:
    furnish()
    page = client.get("/login", query_string={"next": evil}).text
    assert {back for _place, back in ways_in(page)} == {""}


def test_the_trial_asked_for_on_an_article_has_its_title_ticked(app: Flask, client: FlaskClient) -> None:
    furnish()
    link = next(link for link in hrefs(client.get(ARTICLE).text) if link.startswith("/trial?next="))
    box = re.search(r'<input[^>]*value="health"[^>]*>', client.get(link).text)
    assert box and "checked" in box[0]


def test_signing_out_leads_to_the_same_page_as_a_stranger_sees_it(app: Flask, client: FlaskClient) -> None:
    furnish()
    sign_in(client, a_reader())
    assert "Je me déconnecte" in client.get(ARTICLE).text
    answer = submit(client, "/logout", {"next": ARTICLE}, page=ARTICLE)
    assert (answer.status_code, answer.location) == (303, ARTICLE)
    page = client.get(ARTICLE).text
    assert "Je me connecte" in page and "Je me déconnecte" not in page


# ---- footer ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_link_of_the_footer_is_dead(app: Flask, client: FlaskClient, language: str) -> None:
    furnish()
    links = hrefs(part(speaking(client, language).get("/").text, "footer"))
    assert len(links) >= 25
    statuses = {link: client.get(link).status_code for link in links}
    assert {link: status for link, status in statuses.items() if status >= 400} == {}
    wanted = {"/group/history", "/health/", "/services/rh", "/presentation", "/cancel", "/contact", "/newsletters"}
    assert wanted | {document.path() for document in DOCUMENTS.values()} <= set(links)


def test_a_page_that_is_not_built_is_not_linked(app: Flask) -> None:
    with app.test_request_context():
        assert plan.links([plan.Place(lazy_gettext("Contact"), "nowhere.at_all")]) == []


def test_nobody_is_sent_to_networks_unless_the_publisher_says_so(app: Flask, client: FlaskClient) -> None:
    furnish()
    assert "Nous suivre" not in client.get("/").text
    app.config["SOCIAL_LINKS"] = (("LinkedIn", "https://www.example.org/mind"),)
    try:
        saved("autre-article")  # forgets the footer that was kept
        app.extensions.pop("portal.furniture", None)
        footer = part(client.get("/").text, "footer")
    finally:
        app.config["SOCIAL_LINKS"] = ()
        app.extensions.pop("portal.furniture", None)
    assert "https://www.example.org/mind" in hrefs(footer) and "LinkedIn" in footer


def test_social_links_are_read_from_the_environment() -> None:
    links = "LinkedIn=https://www.example.org/a?b=c, Bluesky = https://example.org/mind"
    assert load({"SOCIAL_LINKS": links, "SECRET_KEY": "x" * 32}).social_links == (
        ("LinkedIn", "https://www.example.org/a?b=c"),
        ("Bluesky", "https://example.org/mind"),
    )
    assert load({"SECRET_KEY": "x" * 32}).social_links == ()


@pytest.mark.parametrize(
    "value", ["https://example.org", "LinkedIn=http://example.org", "X=javascript:alert(1)", "X=https://"]
)
def test_a_social_link_that_leads_nowhere_stops_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="SOCIAL_LINKS"):
        load({"SOCIAL_LINKS": value, "SECRET_KEY": "x" * 32})

"""The form of strangers, the page of readers and the link's page: what they keep, offer and lead to."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.vocabulary import Source
from portal.accounts import passwords
from portal.accounts.models import PendingRegistration, Reader
from portal.db import AnySession, end_reading, writing
from tests.builders import a_grant, a_reader, a_vertical
from tests.forms import csrf_token, sign_in, submit
from tests.trials.test_pages import ARTICLE, EN, PASSWORD, ask

ENDED: dict[str, Any] = {"source": Source.TRIAL, "starts_in": timedelta(days=-20), "ends_in": timedelta(days=-4)}


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    for place, slug in enumerate(("health", "fintech", "media")):
        a_vertical(slug, position=place, tagline=f"Lire {slug}", tagline_en=f"Read {slug}")


def pending(session: AnySession) -> PendingRegistration:
    end_reading()
    return session.scalars(select(PendingRegistration)).one()


def closed(slug: str) -> None:
    with writing():
        a_vertical(slug).trial_open = False


def test_what_was_typed_waits_for_its_link(client: FlaskClient, session: AnySession) -> None:
    typed = {"email": "ana@clinique.fr", "password": PASSWORD, "name": "Ana Morel", "company": "Clinique"}
    wished = {"verticals": ["health", "media"], "next": ARTICLE}
    submit(client, "/trial", {**typed, **wished}, page=f"/trial?next={ARTICLE}", headers=EN)
    row = pending(session)
    assert (row.email, row.name, row.company, row.locale) == ("ana@clinique.fr", "Ana Morel", "Clinique", "en")
    assert row.intent == wished and row.origin == {"article": ARTICLE}
    assert passwords.verify(row.password_hash, PASSWORD)
    again = "/trial?vertical=health&vertical=media&next=%2Fhealth%2Farticle%2Fun-article"
    assert begins_again(client) == again


def begins_again(client: FlaskClient) -> str | None:
    """Where this browser is led once its registration is forgotten and another address typed."""
    token = csrf_token(client, "/register/mailbox")
    with writing() as unit:
        unit.query(PendingRegistration).delete()
    data = {"email": "bea@clinique.fr", "csrf_token": token}
    return client.post("/register/address", data=data).location


def test_what_was_not_typed_is_empty(client: FlaskClient, session: AnySession) -> None:
    ask(client)
    row = pending(session)
    assert (row.name, row.company, row.intent) == ("", "", {"verticals": ["health"], "next": ""})
    assert begins_again(client) == "/trial?vertical=health"


def test_only_open_titles_have_a_box_and_a_closed_one_is_refused(client: FlaskClient, session: AnySession) -> None:
    closed("media")
    page = client.get("/trial?vertical=media&vertical=moon", headers=EN).text
    assert re.findall(r'type="checkbox"[^>]*value="(\w+)"', page) == ["health", "fintech"]
    assert "checked" not in page.split("<form", 2)[-1]
    data = {"email": "ana@clinique.fr", "password": PASSWORD, "verticals": ["health", "media"]}
    answer = submit(client, "/trial", data, headers=EN)
    assert answer.status_code == 422 and "This title cannot be tried at the moment." in answer.text


def test_the_form_speaks_of_each_title_in_the_reader_s_language(client: FlaskClient) -> None:
    french, english = client.get("/trial").text, client.get("/trial", headers=EN).text
    assert "Lire fintech" in french and "Read fintech" in english and "Lire" not in english.split("<form")[-1]


def test_who_has_an_account_signs_in_and_comes_back(client: FlaskClient) -> None:
    assert 'href="/login?next=%2Fhealth%2Farticle%2Fun-article"' in client.get(f"/trial?next={ARTICLE}").text
    plain = client.get("/trial").text
    assert re.search(r'href="/login">[^<]+</a></p>', plain)


@pytest.mark.parametrize(
    ("query", "coloured"),
    [("", ""), ("?vertical=media", "media"), ("?vertical=media&vertical=health", ""), (f"?next={ARTICLE}", "health")],
)
def test_the_page_wears_the_colour_of_the_one_title_that_is_ticked(
    client: FlaskClient, query: str, coloured: str
) -> None:
    page = client.get(f"/trial{query}").text
    body = re.findall(r"<body[^>]*>", page)[0]
    assert re.findall(r'data-v="(\w*)"', body) == ([coloured] if coloured else [])


def chips(client: FlaskClient) -> dict[str, str]:
    """{vertical: its state in words and what stands behind it} of the reader's own page."""
    page = client.get("/trial", headers=EN).text
    items = re.findall(r'<li data-v="(\w+)">(.*?)</li>', page, re.DOTALL)
    return {slug: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", item)).strip() for slug, item in items}


def test_each_title_of_a_reader_says_where_it_stands(client: FlaskClient) -> None:
    reader = a_reader()
    a_grant(reader, vertical="health", source=Source.TRIAL, ends_in=timedelta(days=6, hours=12))
    a_grant(reader, vertical="fintech")
    a_grant(reader, vertical="media", **ENDED)
    sign_in(client, reader)
    assert chips(client) == {
        "health": "mind Health On trial until Monday 16 March inclusive",
        "fintech": "mind Fintech Open to you",
        "media": "mind Media Tried Ask for more days",
    }
    page = client.get(f"/trial?next={ARTICLE}", headers=EN).text
    assert 'href="/trial/more/media?next=%2Fhealth%2Farticle%2Fun-article"' in page
    assert "Nothing is left to try" in page and 'action="/trial/start"' not in page


def test_a_trial_that_was_taken_back_is_tried_with_no_way_to_more(client: FlaskClient) -> None:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL, revoked_at=clock.now() - timedelta(hours=1))
    sign_in(client, reader)
    assert chips(client) == {"health": "mind Health Tried"}


def test_what_can_be_tried_is_one_click_that_leads_back(client: FlaskClient) -> None:
    closed("media")
    sign_in(client, a_reader())
    page = client.get(f"/trial?next={ARTICLE}", headers=EN).text
    assert re.findall(r'name="vertical" value="(\w+)"', page) == ["health", "fintech"]
    assert page.count(f'name="next" value="{ARTICLE}"') == 2
    assert "Read fintech" in page and chips(client) == {}
    assert "Lire fintech" in client.get("/trial").text


@pytest.mark.parametrize(
    ("sent", "location"),
    [
        ({"vertical": ["media", "health"]}, "/media/"),
        ({"vertical": ["moon"]}, "/trial"),
        ({}, "/trial"),
        ({"vertical": ["media"], "next": "//evil.example/"}, "/media/"),
    ],
)
def test_a_click_leads_to_the_first_title_when_nothing_else_is_said(
    client: FlaskClient, sent: dict[str, Any], location: str
) -> None:
    sign_in(client, a_reader())
    assert submit(client, "/trial/start", sent, page="/trial").location == location


def test_another_browser_may_not_choose_the_address_for_a_password(client: FlaskClient, session: AnySession) -> None:
    link = ask(client, email="anastasia.morel@clinique.fr", name="Anastasia Morel Dupont", company="Clinique du Parc")
    other = client.application.test_client()
    for password in ("anastasia.morel@clinique.fr", "anastasia morel dupont", "clinique du parc"):
        assert submit(other, link, {"password": password}).status_code == 422, password
    assert session.scalars(select(Reader)).all() == []


def test_the_link_s_page_names_what_begins_and_wears_the_colour_of_one(client: FlaskClient) -> None:
    link = ask(client)
    page = client.get(link, headers=EN).text
    assert "ana@clinique.fr: your trial of mind Health begins with this button." in page
    assert 'data-v="health"' in re.findall(r"<body[^>]*>", page)[0]
    both = ask(client, email="bea@clinique.fr", slugs=("health", "media"))
    page = client.get(both, headers=EN).text
    assert "your trial of mind Health and mind Media begins" in page
    assert "data-v" not in re.findall(r"<body[^>]*>", page)[0]


def test_a_wish_without_a_title_opens_the_account_alone(client: FlaskClient) -> None:
    from tests.trials.test_pages import link_of

    submit(client, "/register", {"email": "ana@clinique.fr", "password": PASSWORD})
    page = client.get(link_of("ana@clinique.fr"), headers=EN).text
    assert "your account is opened by this button" in page and 'class="trial-days"' not in page


def test_a_title_retired_meanwhile_is_not_named_any_more(client: FlaskClient, session: AnySession) -> None:
    link = ask(client, slugs=("health", "media"))
    with writing():
        a_vertical("media").retired_at = clock.now()
    from portal.verticals import forget_site_verticals

    forget_site_verticals()
    client.application.extensions.pop("portal.vertical_names", None)
    page = client.get(link, headers=EN).text
    assert "your trial of mind Health begins" in page and "mind Media" not in page.split("<h1>")[1].split("<form")[0]


def test_a_link_that_is_over_offers_a_new_one_and_an_invented_one_a_new_beginning(client: FlaskClient) -> None:
    link = ask(client)
    with clock.frozen(clock.now() + timedelta(hours=2)):
        page = client.get(link, headers=EN)
    assert page.status_code == 410 and "A confirmation link lasts one hour." in page.text
    invented = client.get("/confirm/invented", headers=EN)
    assert invented.status_code == 404 and "/renew" not in invented.text and "Start again" in invented.text


def test_a_link_used_twice_tells_who_is_signed_in_and_who_is_not_what_to_do(client: FlaskClient) -> None:
    link = ask(client)
    submit(client, link)
    client.set_cookie("locale", "en")
    assert "you are signed in" in client.get(link).text
    assert "log in to read" in client.application.test_client().get(link, headers=EN).text

"""“Mon profil” as its reader sees it."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession
from portal.organisations.models import Seat
from tests.builders import a_grant, a_reader, a_seat, an_article, an_organisation, canary
from tests.forms import sign_in, submit


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in."""
    person = a_reader(name="Camille Roussel")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def test_a_stranger_is_asked_to_sign_in_and_comes_back(client: FlaskClient) -> None:
    answer = client.get("/profile/")
    assert (answer.status_code, answer.location) == (303, "/login?next=/profile/")


def test_without_any_right_the_page_says_what_there_is_to_do(client: FlaskClient, reader: Reader) -> None:
    text = client.get("/profile/").text
    assert "Nothing is open at the moment" in text


def test_every_right_is_told_with_its_source_and_its_end(client: FlaskClient, reader: Reader) -> None:
    a_grant(reader, vertical="media")
    a_grant(reader, vertical="health", source=Source.TRIAL, ends_in=timedelta(days=9))
    firm = an_organisation(name="Clinique du Parc")
    a_seat(firm, reader)
    a_grant(organisation=firm, vertical="fintech", source=Source.SUBSCRIPTION)
    a_grant(reader, vertical="fintech", ends_in=timedelta(hours=-1))
    text = client.get("/profile/").text
    for words in ("mind Media", "Granted access", "15-day trial", "Clinique du Parc", "What I have had"):
        assert words in text
    assert client.get("/profile/").headers["Cache-Control"] == "private, no-store"


def test_somebody_else_s_rights_are_not_shown(client: FlaskClient, reader: Reader) -> None:
    a_grant(a_reader(), vertical="media")
    assert "mind Media</h3>" not in client.get("/profile/").text


def test_a_manager_takes_a_free_seat_and_reads(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    firm = an_organisation(reader, name="Clinique du Parc", seats=1)
    a_grant(organisation=firm, vertical="health", source=Source.SUBSCRIPTION)
    article = an_article(vertical="health")
    assert canary(article) not in client.get(f"/health/article/{article.slug}").text
    assert "Take a seat" in client.get("/profile/").text
    assert submit(client, "/profile/seat", {"organisation": firm.id}, page="/profile/").status_code == 303
    assert canary(article) in client.get(f"/health/article/{article.slug}").text
    assert "Take a seat" not in client.get("/profile/").text
    assert "seat.opened" in session.scalars(select(AuditEvent.act)).all()


def test_a_manager_who_asks_twice_holds_one_seat(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    firm = an_organisation(reader, seats=3)
    for _ in range(2):
        submit(client, "/profile/seat", {"organisation": firm.id}, page="/profile/identity")
    assert len(session.scalars(select(Seat)).all()) == 1


def test_there_is_no_seat_beyond_the_contract(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    firm = an_organisation(reader, seats=1)
    a_seat(firm, a_reader())
    answer = submit(client, "/profile/seat", {"organisation": firm.id}, page="/profile/identity", follow=True)
    assert "Every seat is taken" in answer.text
    assert len(session.scalars(select(Seat)).all()) == 1


@pytest.mark.parametrize("value", ["theirs", "0", "-1", "", "x", str(2**31), str(10**30)])
def test_a_foreign_organisation_s_seat_is_404(client: FlaskClient, reader: Reader, value: str) -> None:
    firm = an_organisation(a_reader())
    asked = firm.id if value == "theirs" else value
    answer = submit(client, "/profile/seat", {"organisation": asked}, page="/profile/identity")
    assert answer.status_code == 404


def test_one_s_details_are_kept(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    data = {"name": " Camille R. ", "company": "Parc", "locale": "en", "theme": "dark", "role": "admin"}
    assert submit(client, "/profile/identity", data).status_code == 303
    kept = session.get_one(Reader, reader.id, populate_existing=True)
    assert (kept.name, kept.company, kept.locale, kept.theme) == ("Camille R.", "Parc", "en", "dark")
    assert kept.role == "reader"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 121},
        {"company": "x" * 121},
        {"name": "a\r\nBcc: b"},
        {"locale": "de"},
        {"theme": "pink"},
        {"name": "\u202etxt"},
    ],
)
def test_details_in_error_answer_422_and_keep_what_was_typed(
    client: FlaskClient, reader: Reader, session: AnySession, wrong: dict[str, str]
) -> None:
    data = {"name": "Camille", "company": "Une entreprise rare", "locale": "fr", "theme": "auto", **wrong}
    answer = submit(client, "/profile/identity", data)
    assert answer.status_code == 422
    if "company" not in wrong:
        assert "Une entreprise rare" in answer.text
    assert session.get_one(Reader, reader.id, populate_existing=True).company == ""


def test_the_page_of_rights_costs_few_statements(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    from tests.access.counting import counted

    firm = an_organisation(reader)
    a_seat(firm, reader)
    for vertical in ("health", "fintech", "media"):
        a_grant(organisation=firm, vertical=vertical, source=Source.SUBSCRIPTION)
    client.get("/profile/")
    with counted(session) as statements:
        client.get("/profile/")
    assert len([one for one in statements if one.startswith(("SELECT", "INSERT", "UPDATE"))]) <= 7, statements

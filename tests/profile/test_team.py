"""“Mon équipe”: who sits on the licences, and why a colleague can or cannot read, told to their managers alone."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import ArticleState, Source
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from portal.organisations.models import Manager, ManagerRole, Organisation, OrganisationKind, Seat
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation, canary
from tests.forms import sign_in
from tests.profile.test_seats import an_invitation


@pytest.fixture
def boss(client: FlaskClient) -> Reader:
    """Somebody who looks after a company, signed in, in English."""
    person = a_reader("directrice@clinique.example.org")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


@pytest.fixture
def firm(boss: Reader) -> Organisation:
    """A company that pays for mind Health."""
    a_vertical("media")
    company = an_organisation(boss, seats=3, name="Clinique du Parc")
    a_grant(organisation=company, vertical="health", source=Source.SUBSCRIPTION)
    return company


def colleague(firm: Organisation, **more: object) -> tuple[Reader, Seat]:
    """Somebody on one of the company's licences."""
    person = a_reader("camille@clinique.example.org", name="Camille Orvault")
    return person, a_seat(firm, person, **more)


def page(firm: Organisation, seat: Seat | None = None) -> str:
    return f"/organisation/{firm.id}/" + (f"licences/{seat.id}" if seat else "")


def test_a_manager_sees_who_reads_who_is_invited_and_who_has_left(client: FlaskClient, firm: Organisation) -> None:
    colleague(firm)
    a_seat(firm, a_reader("parti@clinique.example.org"), closed_at=clock.now())
    an_invitation(firm, "invitee@clinique.example.org")
    told = client.get("/organisation/", follow_redirects=True)
    for words in ("Clinique du Parc", "in use: 1 of 3", "Camille Orvault", "invitee@", "Who has left", "parti@"):
        assert words in told.text, words
    assert "My team" in client.get("/profile/").text


def test_whoever_came_back_has_not_left(client: FlaskClient, firm: Organisation) -> None:
    person, _seat = colleague(firm, opened_at=clock.now() - timedelta(days=9), closed_at=clock.now())
    a_seat(firm, person)
    assert "Who has left" not in client.get(page(firm)).text


@pytest.mark.parametrize("who", ["seat", "manager of another", "buyer alone"])
def test_it_is_not_there_for_anybody_else(client: FlaskClient, firm: Organisation, who: str) -> None:
    person, seat = colleague(firm)
    if who == "manager of another":
        person = a_reader()
        an_organisation(person)
    elif who == "buyer alone":
        person = a_reader()
        an_organisation(person, kind=OrganisationKind.INDIVIDUAL, seats=1)
    sign_in(client, person)
    assert client.get(page(firm)).status_code == client.get(page(firm, seat)).status_code == 404
    if who != "manager of another":
        assert client.get("/organisation/").status_code == 404
        assert "My team" not in client.get("/profile/").text


def test_a_licence_of_another_organisation_is_not_there(client: FlaskClient, firm: Organisation) -> None:
    seat = a_seat(an_organisation(), a_reader())
    assert client.get(page(firm, seat)).status_code == 404
    assert client.get(f"{page(firm)}licences/{10**30}").status_code == 404


def test_one_who_left_the_office_sees_it_no_more(client: FlaskClient, firm: Organisation, session: AnySession) -> None:
    with writing() as unit:
        unit.scalars(select(Manager)).one().ended_at = clock.now()
    assert client.get(page(firm)).status_code == 404


def test_several_organisations_lead_to_each_other(client: FlaskClient, firm: Organisation, boss: Reader) -> None:
    other = an_organisation(name="Clinique des Ormes")
    with writing() as unit:
        unit.add(Manager(organisation_id=other.id, reader_id=boss.id, role=ManagerRole.MANAGER, since=clock.now()))
    assert f'href="/organisation/{other.id}/"' in client.get(page(firm)).text


def test_the_licences_open_their_titles_and_say_what_is_not_among_them(client: FlaskClient, firm: Organisation) -> None:
    _person, seat = colleague(firm)
    told = client.get(page(firm, seat)).text
    assert "A seat of an organisation covers it." in told
    assert "Your organisation has no right to this edition." in told


def test_what_a_colleague_has_of_their_own_is_not_told(client: FlaskClient, firm: Organisation) -> None:
    person, seat = colleague(firm)
    a_grant(person, vertical="media", source=Source.TRIAL)
    article = an_article(vertical="media")
    told = client.get(page(firm, seat), query_string={"article": article.slug}).text
    assert "Not among your licences" in told
    assert "trial" not in told.split("<main")[1].casefold()


def test_an_article_is_explained_rule_by_rule_without_its_text(client: FlaskClient, firm: Organisation) -> None:
    _person, seat = colleague(firm)
    article = an_article(vertical="health")
    told = client.get(page(firm, seat), query_string={"article": f"/health/article/{article.slug}"}).text
    assert "Reading allowed" in told and "A right that is open?" in told and canary(article) not in told


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("suspended", "The account is suspended"),
        ("unconfirmed", "The e-mail address was never confirmed."),
        ("left", "Giving a licence again would open it."),
        ("unpaid", "Your organisation has a payment to settle"),
    ],
)
def test_why_a_colleague_cannot_read_is_said(
    client: FlaskClient, firm: Organisation, session: AnySession, what: str, words: str
) -> None:
    person, seat = colleague(firm)
    with writing() as unit:
        if what == "suspended":
            unit.get_one(Reader, person.id).suspended_at = clock.now()
        elif what == "unconfirmed":
            unit.get_one(Reader, person.id).confirmed_at = None
        elif what == "left":
            unit.get_one(Seat, seat.id).closed_at = clock.now()
        else:
            grant = unit.scalars(select(Grant)).one()
            grant.ends_at = clock.now() - timedelta(hours=1)
            grant.grace_until = clock.now() + timedelta(days=3)
    assert words in client.get(page(firm, seat)).text


@pytest.mark.parametrize("state", [ArticleState.DRAFT, ArticleState.WITHDRAWN])
def test_what_is_not_there_for_readers_is_not_told_to_their_manager(
    client: FlaskClient, firm: Organisation, state: ArticleState
) -> None:
    _person, seat = colleague(firm)
    article = an_article(title="Un secret bien gardé", state=state)
    told = client.get(page(firm, seat), query_string={"article": article.slug})
    assert told.status_code == 404
    assert "Un secret" not in told.text and "No article under this address" in told.text

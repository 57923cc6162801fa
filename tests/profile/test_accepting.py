"""The link of an invitation: for its address alone, once, while it waits; whoever opens it is told where they stand."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts import tokens
from portal.accounts.models import Reader, TokenPurpose
from portal.audit import AuditEvent
from portal.db import AnySession, writing
from portal.organisations.models import Organisation
from tests.builders import a_grant, a_reader, a_seat, an_article, an_organisation, canary
from tests.forms import csrf_token, sign_in, submit
from tests.profile.inviting import invite, link, only, seated, sent

PASSWORD = "quatre chevaux violets dansent"
ADDRESS = "ines@x.example.org"


@pytest.fixture
def boss(app: Flask) -> Reader:
    return a_reader("directrice@clinique.example.org", name="Hélène Castaing", locale="en")


@pytest.fixture
def firm(boss: Reader) -> Organisation:
    """A company of two licences that pays for mind Health."""
    company = an_organisation(boss, seats=2, name="Clinique du Parc")
    a_grant(organisation=company, vertical="health")
    return company


@pytest.fixture
def offer(app: Flask, firm: Organisation, boss: Reader, session: AnySession) -> str:
    """The path in the mail to somebody new."""
    manager = app.test_client()
    sign_in(manager, boss)
    invite(manager, firm, ADDRESS)
    return link(session, ADDRESS)


@pytest.fixture(autouse=True)
def english(client: FlaskClient) -> None:
    client.set_cookie("locale", "en")


def by_address(session: AnySession, address: str = ADDRESS) -> Reader | None:
    return session.scalars(select(Reader).where(Reader.email_key == address)).one_or_none()


def test_somebody_new_chooses_a_password_and_reads(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession
) -> None:
    article = an_article(vertical="health")
    shown = client.get(offer)
    assert "Clinique du Parc offers you a licence" in shown.text and "Hélène Castaing" in shown.text
    assert shown.headers["Referrer-Policy"] == "no-referrer" and "no-store" in shown.headers["Cache-Control"]
    told = submit(client, offer, {"password": PASSWORD, "name": "Inès Garrigue"}, follow=True)
    assert "You hold a licence of Clinique du Parc" in told.text
    reader = by_address(session)
    assert reader and reader.confirmed_at and reader.name == "Inès Garrigue"
    assert seated(session, firm) == [reader.id] and sent(session, "confirm_address") == []
    assert canary(article) in client.get(f"/health/article/{article.slug}").text


@pytest.mark.parametrize("password", ["", "court", "ines@x.example.org", "motdepassemotdepasse"])
def test_a_password_that_will_not_do_makes_nothing(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession, password: str
) -> None:
    answer = submit(client, offer, {"password": password, "name": "Inès"})
    assert answer.status_code == 422 and 'value="Inès"' in answer.text
    assert by_address(session) is None and seated(session, firm) == []


def test_opening_the_link_accepts_nothing(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession
) -> None:
    for _scanner in range(3):
        client.get(offer)
        client.head(offer)
    assert only(session, firm).accepted_at is None and by_address(session) is None


def test_a_link_works_once(
    client: FlaskClient, app: Flask, firm: Organisation, offer: str, session: AnySession
) -> None:
    submit(client, offer, {"password": PASSWORD})
    other = app.test_client()
    other.set_cookie("locale", "en")
    answer = other.get(offer)
    assert answer.status_code == 410 and "accepted already" in answer.text
    token = csrf_token(other, "/login")
    assert other.post(offer, data={"password": PASSWORD, "csrf_token": token}).status_code == 410
    assert len(seated(session, firm)) == 1


@pytest.mark.parametrize(("days", "status"), [(13.99, 200), (14, 410)])
def test_it_is_good_for_fourteen_days(client: FlaskClient, offer: str, days: float, status: int) -> None:
    with clock.frozen(clock.now() + timedelta(days=days)):
        answer = client.get(offer)
    assert answer.status_code == status
    assert ("is over" in answer.text) is (status == 410)


def test_who_has_an_account_signs_in_and_comes_back(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession
) -> None:
    reader = a_reader(ADDRESS, password="trois chevaux bleus")
    shown = client.get(offer)
    assert "There is an account for this address" in shown.text and 'name="password"' not in shown.text
    refused = client.post(offer, data={"password": PASSWORD, "csrf_token": csrf_token(client, "/login")})
    assert refused.status_code == 409 and seated(session, firm) == []
    form = {"email": ADDRESS, "password": "trois chevaux bleus", "next": offer}
    assert submit(client, "/login", form).headers["Location"].endswith(offer)
    submit(client, offer)
    assert seated(session, firm) == [reader.id]


def test_opened_by_another_person_nothing_changes_and_it_says_so(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession
) -> None:
    stranger = a_reader("autre@x.example.org")
    sign_in(client, stranger)
    shown = client.get(offer)
    assert "You are logged in as autre@x.example.org" in shown.text and f'value="{offer}"' in shown.text
    answer = submit(client, offer, {"password": PASSWORD})
    assert answer.status_code == 409 and "Nothing has changed" in answer.text
    assert only(session, firm).accepted_at is None and seated(session, firm) == []
    left = submit(client, "/logout", {"next": offer}, page=offer)
    assert left.status_code == 303 and left.headers["Location"].endswith(offer)
    assert 'name="password"' in client.get(offer).text


def test_the_reader_of_another_proved_address_accepts_with_a_button(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession
) -> None:
    from portal.accounts.models import SecondAddress

    reader = a_reader("moi@x.example.org")
    with writing() as unit:
        unit.add(SecondAddress(reader_id=reader.id, email=ADDRESS, email_key=ADDRESS, proved_at=clock.now()))
    sign_in(client, reader)
    submit(client, offer)
    assert seated(session, firm) == [reader.id]


def test_the_link_confirms_an_account_that_never_was(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession
) -> None:
    reader = a_reader(ADDRESS, confirmed=False)
    sign_in(client, reader)
    submit(client, offer)
    assert seated(session, firm) == [reader.id]
    assert session.get_one(Reader, reader.id, populate_existing=True).confirmed_at is not None


def test_whoever_registered_the_address_before_its_owner_gains_nothing(
    client: FlaskClient, app: Flask, firm: Organisation, offer: str, session: AnySession
) -> None:
    thief = app.test_client()
    submit(thief, "/register", {"email": ADDRESS, "password": "le mot de passe du voleur"})
    submit(client, offer, {"password": PASSWORD})
    answer = submit(app.test_client(), "/login", {"email": ADDRESS, "password": "le mot de passe du voleur"})
    assert answer.status_code == 422


def test_a_token_of_another_purpose_opens_nothing_here_and_this_one_nothing_there(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession
) -> None:
    reader = a_reader()
    with writing() as unit:
        found = unit.get_one(Reader, reader.id)
        others = [tokens.issue(unit, found, purpose) for purpose in TokenPurpose]
    assert {client.get(f"/organisation/invitation/{one}").status_code for one in others} == {410}
    mine = offer.rsplit("/", 1)[1]
    doors = ("/reset/", "/confirm-address/", "/confirm/", "/confirm-address/leave/", "/confirm-address/take/")
    assert {client.get(f"{door}{mine}").status_code for door in doors} <= {404, 410}
    assert only(session, firm).token_hash == tokens.hash_of(mine), "only its hash is kept"


@pytest.mark.parametrize("junk", ["x", "%00", "é" * 50, "a" * 3000, "..%2f.."])
def test_junk_for_a_link_is_a_dead_link(client: FlaskClient, junk: str) -> None:
    assert client.get(f"/organisation/invitation/{junk}").status_code in (404, 410)


def test_the_eleventh_acceptance_on_ten_licences_is_told_and_its_manager_hears_once(
    app: Flask, client: FlaskClient, boss: Reader, session: AnySession
) -> None:
    company = an_organisation(boss, seats=10, name="Dix places")
    addresses = [f"a{n}@x.example.org" for n in range(11)]
    manager = app.test_client()
    sign_in(manager, boss)
    invite(manager, company, "\n".join(addresses))
    for address in addresses[:10]:
        a_seat(company, a_reader(address))
    path = link(session, addresses[10])
    for _try in range(2):
        answer = submit(client, path, {"password": PASSWORD})
        assert answer.status_code == 409 and "No licence is free at the moment" in answer.text
    assert sent(session, "licences_full") == [boss.email]
    assert by_address(session, addresses[10]) is None, "nothing was made"
    with writing() as unit:
        unit.get_one(Organisation, company.id).seats = 11
    assert submit(client, path, {"password": PASSWORD}).status_code == 303


def test_of_two_acceptances_at_once_on_the_last_licence_one_gets_it(
    app: Flask, boss: Reader, firm: Organisation, session: AnySession
) -> None:
    a_seat(firm, a_reader())
    manager = app.test_client()
    sign_in(manager, boss)
    people = [a_reader(f"b{n}@x.example.org") for n in range(2)]
    invite(manager, firm, "\n".join(one.email for one in people))
    browsers, paths = [app.test_client() for _ in people], [link(session, one.email) for one in people]
    for browser, person in zip(browsers, people, strict=True):
        sign_in(browser, person)
    forms = [csrf_token(browser, path) for browser, path in zip(browsers, paths, strict=True)]
    answers: list[int] = []

    def accept(browser: FlaskClient, path: str, token: str) -> None:
        answers.append(browser.post(path, data={"csrf_token": token}).status_code)

    threads = [threading.Thread(target=accept, args=one) for one in zip(browsers, paths, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 409]
    assert len(seated(session, firm)) == 2 and len(sent(session, "licences_full")) == 1


def test_the_same_link_in_two_tabs_at_once_gives_one_licence(
    app: Flask, firm: Organisation, offer: str, session: AnySession
) -> None:
    browsers = [app.test_client() for _ in range(2)]
    forms = [csrf_token(browser, offer) for browser in browsers]
    answers: list[int] = []

    def accept(browser: FlaskClient, token: str) -> None:
        answers.append(browser.post(offer, data={"csrf_token": token, "password": PASSWORD}).status_code)

    threads = [threading.Thread(target=accept, args=one) for one in zip(browsers, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 303 in answers and not [status for status in answers if status >= 500 and status != 503]
    assert len(seated(session, firm)) == 1


def test_the_lock_panel_accepts_in_place(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession
) -> None:
    article = an_article(vertical="health")
    path, reader = f"/health/article/{article.slug}", a_reader(ADDRESS)
    sign_in(client, reader)
    assert 'action="/profile/seat/accept"' in client.get(path).text
    told = submit(client, "/profile/seat/accept", {"vertical": "health", "next": path}, follow=True, page=path)
    assert canary(article) in told.text and seated(session, firm) == [reader.id]


def test_the_lock_panel_tells_when_none_is_left_and_the_manager_hears_once(
    client: FlaskClient, firm: Organisation, offer: str, boss: Reader, session: AnySession
) -> None:
    for _ in range(2):
        a_seat(firm, a_reader())
    article = an_article(vertical="health")
    path = f"/health/article/{article.slug}"
    sign_in(client, a_reader(ADDRESS))
    for _try in range(2):
        told = submit(client, "/profile/seat/accept", {"vertical": "health", "next": path}, follow=True, page=path)
        assert "No licence is free at the moment" in told.text and canary(article) not in told.text
    assert sent(session, "licences_full") == [boss.email]


@pytest.mark.parametrize("vertical", ["media", "nothing", "\0"])
def test_the_panel_of_another_title_accepts_nothing(
    client: FlaskClient, firm: Organisation, offer: str, session: AnySession, vertical: str
) -> None:
    sign_in(client, a_reader(ADDRESS))
    answer = submit(client, "/profile/seat/accept", {"vertical": vertical}, page="/profile/")
    assert answer.status_code == 404 and seated(session, firm) == []


def test_what_was_done_is_in_the_log(client: FlaskClient, firm: Organisation, offer: str, session: AnySession) -> None:
    submit(client, offer, {"password": PASSWORD})
    acts = set(session.scalars(select(AuditEvent.act)))
    assert {"seat.invited", "seat.opened", "account.confirmed"} <= acts

"""A company's domain, proved by a manager's own address: colleagues ask for a licence, strangers learn nothing."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Reader, SecondAddress
from portal.db import AnySession, end_reading, writing
from portal.organisations import invitations, joining
from portal.organisations.models import Organisation, OrganisationKind
from portal.organisations.models_team import Answer, JoinRequest, MailDomain
from tests.builders import a_grant, a_reader, a_seat, an_article, an_organisation, canary
from tests.forms import sign_in, submit
from tests.profile.inviting import seated, sent, team

DOMAIN = "clinique.example.org"


@pytest.fixture
def boss(app: Flask) -> Reader:
    return a_reader(f"directrice@{DOMAIN}", name="Hélène Castaing", locale="en")


@pytest.fixture
def firm(boss: Reader) -> Organisation:
    """A company of two licences that pays for mind Health."""
    company = an_organisation(boss, seats=2, name="Clinique du Parc")
    a_grant(organisation=company, vertical="health")
    return company


@pytest.fixture
def manager(app: Flask, boss: Reader) -> FlaskClient:
    browser = app.test_client()
    sign_in(browser, boss)
    browser.set_cookie("locale", "en")
    return browser


@pytest.fixture
def proved(firm: Organisation, boss: Reader) -> None:
    with writing() as unit:
        joining.prove(unit, firm.id, DOMAIN, actor_id=boss.id)


@pytest.fixture
def colleague(client: FlaskClient) -> Reader:
    """Somebody of the company, signed in, in English."""
    person = a_reader(f"camille@{DOMAIN}", name="Camille Orvault", locale="en")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def prove(browser: FlaskClient, firm: Organisation, domain: str):  # type: ignore[no-untyped-def]
    return submit(browser, f"{team(firm)}domains", {"domain": domain}, True, page=team(firm))


def ask(browser: FlaskClient, firm: Organisation):  # type: ignore[no-untyped-def]
    return submit(browser, "/organisation/join", {"organisation": firm.id}, page="/profile/identity")


def answer(browser: FlaskClient, firm: Organisation, wish: JoinRequest, act: str):  # type: ignore[no-untyped-def]
    return submit(browser, f"{team(firm)}wishes/{wish.id}/{act}", None, True, page=team(firm))


def domains(session: AnySession) -> list[str]:
    end_reading()
    return list(session.scalars(select(MailDomain.domain).where(MailDomain.ended_at.is_(None))))


def wish(session: AnySession) -> JoinRequest:
    end_reading()
    return session.scalars(select(JoinRequest).execution_options(populate_existing=True)).one()


def test_a_manager_proves_the_domain_of_their_own_address(
    manager: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    assert "This domain is ours" in manager.get(team(firm)).text
    assert "can ask you for a licence from now on" in prove(manager, firm, DOMAIN).text
    assert domains(session) == [DOMAIN]
    assert "yours already" in prove(manager, firm, DOMAIN).text


def test_a_proved_second_address_counts(manager: FlaskClient, firm: Organisation, boss: Reader) -> None:
    with writing() as unit:
        address = {"email": "h@groupe.example.com", "email_key": "h@groupe.example.com"}
        unit.add(SecondAddress(reader_id=boss.id, proved_at=clock.now(), **address))
    assert "@groupe.example.com" in manager.get(team(firm)).text
    assert "from now on" in prove(manager, firm, "groupe.example.com").text


@pytest.mark.parametrize(
    "domain", ["autre.example.org", "example.org", "gmail.com", "", "\0", "x" * 5000, "CLINIQUE.EXAMPLE.ORG", "%"]
)
def test_no_other_domain_is_proved(manager: FlaskClient, firm: Organisation, session: AnySession, domain: str) -> None:
    assert "only with a confirmed address of your own" in prove(manager, firm, domain).text
    assert domains(session) == []


@pytest.mark.parametrize("address", ["h@gmail.com", "h@orange.fr", "h@duck.com", "h@x.yopmail.com", "h@sfr.fr"])
def test_a_providers_domain_is_nobodys(address: str, session: AnySession) -> None:
    person = a_reader(address)
    company = an_organisation(person)
    assert joining.own_domains(session, person.id) == []
    with pytest.raises(joining.DomainRefused), writing() as unit:
        joining.prove(unit, company.id, address.partition("@")[2], actor_id=person.id)


def test_an_address_that_was_never_confirmed_proves_nothing(session: AnySession) -> None:
    assert joining.own_domains(session, a_reader(f"x@{DOMAIN}", confirmed=False).id) == []


def test_whoever_buys_alone_has_no_domain(boss: Reader, session: AnySession) -> None:
    alone = an_organisation(boss, kind=OrganisationKind.INDIVIDUAL)
    with pytest.raises(joining.DomainRefused, match="alone"), writing() as unit:
        joining.prove(unit, alone.id, DOMAIN, actor_id=boss.id)


def test_a_domain_has_one_organisation_at_a_time(
    app: Flask, firm: Organisation, proved: None, manager: FlaskClient, session: AnySession
) -> None:
    rival = a_reader(f"rival@{DOMAIN}")
    other, browser = an_organisation(rival), app.test_client()
    sign_in(browser, rival)
    browser.set_cookie("locale", "en")
    assert "Another organisation has this domain" in prove(browser, other, DOMAIN).text
    row = session.scalars(select(MailDomain.id)).one()
    foreign = submit(browser, f"{team(other)}domains/{row}/give-up", page=team(other))
    assert foreign.status_code == 404 and domains(session) == [DOMAIN]
    submit(manager, f"{team(firm)}domains/{row}/give-up", page=team(firm))
    assert domains(session) == [] and "from now on" in prove(browser, other, DOMAIN).text


def test_the_database_holds_it_too(firm: Organisation, proved: None) -> None:
    with pytest.raises(IntegrityError), writing() as unit:
        unit.add(MailDomain(organisation_id=firm.id, domain=DOMAIN, proved_at=clock.now()))


def test_a_colleague_asks_with_one_click_and_reads_when_a_manager_has_said_yes(
    client: FlaskClient,
    manager: FlaskClient,
    firm: Organisation,
    boss: Reader,
    proved: None,
    colleague: Reader,
    session: AnySession,
) -> None:
    article = an_article(vertical="health")
    path = f"/health/article/{article.slug}"
    assert 'href="/profile/#company"' in client.get(path).text
    shown = client.get("/profile/").text
    assert "Your company subscribes" in shown and "Hélène" not in shown and boss.email not in shown
    for _click in range(2):
        submit(client, "/organisation/join", {"organisation": firm.id}, page="/profile/")
    assert sent(session, "join_asked") == [boss.email]
    assert "You asked Clinique du Parc for a licence" in client.get("/profile/").text
    assert "You asked your company for a licence" in client.get(path).text
    assert canary(article) not in client.get(path).text, "asking opens nothing"
    assert "Camille Orvault" in manager.get(team(firm)).text
    assert "The licence is given" in answer(manager, firm, wish(session), "approve").text
    assert sent(session, "join_answered") == [colleague.email]
    assert canary(article) in client.get(path).text
    assert "Your company subscribes" not in client.get("/profile/").text
    assert "Nothing was done twice" in answer(manager, firm, wish(session), "decline").text


def test_a_declined_colleague_is_told_and_may_ask_again_in_a_month(
    client: FlaskClient, manager: FlaskClient, firm: Organisation, proved: None, colleague: Reader, session: AnySession
) -> None:
    ask(client, firm)
    answer(manager, firm, wish(session), "decline")
    assert sent(session, "join_answered") == [colleague.email] and seated(session, firm) == []
    shown = client.get("/profile/").text
    assert "has given you no licence for now" in shown and "/organisation/join" not in shown
    assert ask(client, firm).status_code == 404
    with clock.frozen(clock.now() + joining.AGAIN):
        sign_in(client, colleague)
        assert ask(client, firm).status_code == 303
    assert len(sent(session, "join_asked")) == 2


@pytest.mark.parametrize("who", ["elsewhere", "sub-domain", "unconfirmed", "suspended", "seated"])
def test_nobody_else_is_offered_to_ask_or_may(
    client: FlaskClient, firm: Organisation, proved: None, session: AnySession, who: str
) -> None:
    address = {"elsewhere": "x@autre.example.org", "sub-domain": f"x@sous.{DOMAIN}"}.get(who, f"x@{DOMAIN}")
    suspended_at = clock.now() if who == "suspended" else None
    person = a_reader(address, confirmed=who != "unconfirmed", suspended_at=suspended_at)
    if who == "seated":
        a_seat(firm, person)
    sign_in(client, person)
    shown = client.get("/profile/").text
    assert "/organisation/join" not in shown
    if who != "seated":
        assert "Clinique du Parc" not in shown
    assert ask(client, firm).status_code == 404
    assert session.scalars(select(JoinRequest)).all() == []


def test_a_stranger_learns_nothing_of_who_subscribes(app: Flask, firm: Organisation, proved: None) -> None:
    stranger = app.test_client()
    article = an_article(vertical="health")
    for path in ("/", "/register", "/login", "/help/access", f"/health/article/{article.slug}"):
        assert "Clinique du Parc" not in stranger.get(path).text


def test_when_all_are_taken_the_manager_is_told_and_the_wish_waits(
    client: FlaskClient, manager: FlaskClient, firm: Organisation, proved: None, colleague: Reader, session: AnySession
) -> None:
    for _ in range(2):
        a_seat(firm, a_reader())
    ask(client, firm)
    assert "All licences are taken" in answer(manager, firm, wish(session), "approve").text
    assert wish(session).answer is None and sent(session, "join_answered") == []


def test_whoever_is_invited_too_sits_once(
    client: FlaskClient, manager: FlaskClient, firm: Organisation, proved: None, colleague: Reader, session: AnySession
) -> None:
    with writing() as unit:
        invitations.invite(unit, firm.id, colleague.email, actor_id=None)
    ask(client, firm)
    answer(manager, firm, wish(session), "approve")
    assert seated(session, firm) == [colleague.id] and wish(session).answer is Answer.APPROVED
    assert invitations.waiting_for(session, firm.id, colleague.email) is None


@pytest.mark.parametrize("act", ["approve", "decline"])
def test_wishes_of_other_organisations_are_not_there(
    client: FlaskClient, app: Flask, firm: Organisation, proved: None, colleague: Reader, session: AnySession, act: str
) -> None:
    ask(client, firm)
    rival = a_reader()
    other, browser = an_organisation(rival), app.test_client()
    sign_in(browser, rival)
    for place, wish_id in ((firm, wish(session).id), (other, wish(session).id), (other, 10**30), (other, 0)):
        path = f"/organisation/{place.id}/wishes/{wish_id}/{act}"
        assert submit(browser, path, page=team(other)).status_code == 404
    assert wish(session).answer is None


def test_one_reader_asks_five_times_a_month_at_most(
    client: FlaskClient,
    firm: Organisation,
    proved: None,
    colleague: Reader,
    session: AnySession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(joining, "AGAIN", timedelta(days=1))
    monkeypatch.setattr(joining, "A_MONTH", 1)
    ask(client, firm)
    with writing() as unit:
        row = unit.get_one(JoinRequest, wish(session).id)
        row.answer, row.answered_at = Answer.WITHDRAWN, clock.now()
    told = submit(client, "/organisation/join", {"organisation": firm.id}, True, page="/profile/")
    assert "You have asked often this month" in told.text


@pytest.mark.parametrize("sent_id", ["", "0", "-1", "x", str(10**30)])
def test_junk_for_an_organisation_is_not_there(client: FlaskClient, colleague: Reader, sent_id: str) -> None:
    answer_ = submit(client, "/organisation/join", {"organisation": sent_id}, page="/profile/identity")
    assert answer_.status_code == 404

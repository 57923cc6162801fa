"""Who looks after a team: owners say so, with their password; there is always one; each change is told and noted."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession, end_reading, writing
from portal.organisations import founding
from portal.organisations.models import Manager, ManagerRole, Organisation
from tests.builders import a_reader, a_seat, an_organisation
from tests.forms import csrf_token, sign_in, submit
from tests.profile.inviting import sent, team


@pytest.fixture
def boss(client: FlaskClient) -> Reader:
    person = a_reader("directrice@clinique.example.org", name="Hélène", locale="en", password="trois chevaux bleus")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


@pytest.fixture
def firm(boss: Reader) -> Organisation:
    return an_organisation(boss, seats=3, name="Clinique du Parc")


@pytest.fixture
def camille(firm: Organisation) -> Reader:
    """A colleague on a licence."""
    person = a_reader("camille@x.example.org", name="Camille")
    a_seat(firm, person)
    return person


def offices(session: AnySession, firm: Organisation) -> dict[int, ManagerRole]:
    end_reading()
    return {one.reader_id: one.role for one in founding.managers_of(session, firm.id)}


def office(session: AnySession, reader: Reader) -> int:
    end_reading()
    return session.scalars(select(Manager.id).where(Manager.reader_id == reader.id, Manager.ended_at.is_(None))).one()


def manages(firm: Organisation, reader: Reader, role: ManagerRole = ManagerRole.MANAGER) -> None:
    with writing() as unit:
        founding.add_manager(unit, firm.id, reader.id, role, actor_id=None)


def page(firm: Organisation) -> str:
    return f"{team(firm)}managers"


def test_an_owner_adds_a_colleague_who_is_told(
    client: FlaskClient, firm: Organisation, boss: Reader, camille: Reader, session: AnySession
) -> None:
    shown = client.get(page(firm)).text
    assert "Nobody else manages this team" in shown and "Camille, camille@x.example.org" in shown
    for _click in range(2):
        submit(client, f"{page(firm)}/add", {"reader": camille.id}, page=page(firm))
    assert offices(session, firm) == {boss.id: ManagerRole.OWNER, camille.id: ManagerRole.MANAGER}
    assert sent(session, "manager_changed") == ["camille@x.example.org"]


@pytest.mark.parametrize("reader", ["0", "-1", "x", str(10**30), "stranger"])
def test_only_colleagues_on_a_licence_can_be_added(
    client: FlaskClient, firm: Organisation, boss: Reader, session: AnySession, reader: str
) -> None:
    a_seat(firm, a_reader())
    chosen = str(a_reader().id) if reader == "stranger" else reader
    assert submit(client, f"{page(firm)}/add", {"reader": chosen}, page=page(firm)).status_code == 404
    assert offices(session, firm) == {boss.id: ManagerRole.OWNER}


def test_the_last_owner_does_not_leave(
    client: FlaskClient, firm: Organisation, boss: Reader, camille: Reader, session: AnySession
) -> None:
    manages(firm, camille)
    told = submit(client, f"{page(firm)}/{office(session, boss)}/remove", follow=True, page=page(firm))
    assert "always has an owner" in told.text
    assert offices(session, firm)[boss.id] is ManagerRole.OWNER


def test_an_owner_removes_a_manager_who_is_told_and_sees_the_team_no_more(
    client: FlaskClient, app: Flask, firm: Organisation, camille: Reader, session: AnySession
) -> None:
    manages(firm, camille)
    theirs = app.test_client()
    sign_in(theirs, camille)
    assert theirs.get(team(firm)).status_code == 200
    submit(client, f"{page(firm)}/{office(session, camille)}/remove", page=page(firm))
    assert theirs.get(team(firm)).status_code == 404
    assert sent(session, "manager_changed") == ["camille@x.example.org"]


def test_a_manager_leaves_and_removes_nobody_else(
    client: FlaskClient, firm: Organisation, boss: Reader, camille: Reader, session: AnySession
) -> None:
    third = a_reader()
    a_seat(firm, third)
    for person in (camille, third):
        manages(firm, person)
    sign_in(client, camille)
    shown = client.get(page(firm)).text
    assert "Leave this office" in shown and "Make owner" not in shown and "Add as a manager" not in shown
    for path in (
        f"{office(session, third)}/remove",
        f"{office(session, boss)}/remove",
        f"{office(session, third)}/owner",
    ):
        assert submit(client, f"{page(firm)}/{path}", page=page(firm)).status_code == 404
    assert submit(client, f"{page(firm)}/add", {"reader": third.id}, page=page(firm)).status_code == 404
    answer = submit(client, f"{page(firm)}/{office(session, camille)}/remove", page=page(firm))
    assert answer.headers["Location"].endswith("/profile/")
    assert set(offices(session, firm)) == {boss.id, third.id} and sent(session, "manager_changed") == []


def test_the_ownership_is_handed_over_and_back_only_by_the_new_owner(
    client: FlaskClient, firm: Organisation, boss: Reader, camille: Reader, session: AnySession
) -> None:
    manages(firm, camille)
    path = f"{page(firm)}/{office(session, camille)}/owner"
    assert "can remove you" in client.get(path).text
    assert "You go on as a manager" in submit(client, path, follow=True).text
    assert offices(session, firm) == {camille.id: ManagerRole.OWNER, boss.id: ManagerRole.MANAGER}
    assert sent(session, "manager_changed") == ["camille@x.example.org"]
    assert submit(client, path, page=page(firm)).status_code == 404, "no owner any more"
    assert "manager.made-owner" in set(session.scalars(select(AuditEvent.act)))


def test_these_acts_ask_for_the_password_first(
    client: FlaskClient, firm: Organisation, boss: Reader, camille: Reader, session: AnySession
) -> None:
    manages(firm, camille)
    mine = office(session, camille)
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        for path, data in ((f"{mine}/remove", {}), (f"{mine}/owner", {}), ("add", {"reader": camille.id})):
            answer = submit(client, f"{page(firm)}/{path}", data, page=page(firm))
            assert "/again" in answer.headers["Location"], path
        assert "/again" in client.get(f"{page(firm)}/{mine}/owner").headers["Location"]
    assert offices(session, firm) == {boss.id: ManagerRole.OWNER, camille.id: ManagerRole.MANAGER}
    assert sent(session, "manager_changed") == []


def test_offices_of_other_organisations_are_not_there(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    other_boss = a_reader()
    other = an_organisation(other_boss)
    theirs = office(session, other_boss)
    assert client.get(page(other)).status_code == 404
    for place in (firm, other):
        for path in (f"{theirs}/remove", f"{theirs}/owner", f"{10**30}/remove"):
            assert submit(client, f"{page(place)}/{path}", page=page(firm)).status_code == 404
    assert founding.owns(session, other_boss.id, other.id)


def test_two_owners_who_remove_each_other_at_once_leave_one(
    app: Flask, firm: Organisation, boss: Reader, camille: Reader, session: AnySession
) -> None:
    manages(firm, camille, ManagerRole.OWNER)
    pairs = [(boss, office(session, camille)), (camille, office(session, boss))]
    browsers = [app.test_client() for _ in pairs]
    for browser, (person, _other) in zip(browsers, pairs, strict=True):
        sign_in(browser, person)
    here = page(firm)
    forms = [csrf_token(browser, here) for browser in browsers]
    answers: list[int] = []

    def remove(browser: FlaskClient, manager_id: int, token: str) -> None:
        answers.append(browser.post(f"{here}/{manager_id}/remove", data={"csrf_token": token}).status_code)

    threads = [
        threading.Thread(target=remove, args=(browser, pair[1], token))
        for browser, pair, token in zip(browsers, pairs, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2 and max(answers) < 500
    assert len(offices(session, firm)) == 1

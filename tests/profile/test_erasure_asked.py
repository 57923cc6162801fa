"""Erasing one's account in the browser: asked for in full knowledge, refused with a way out, final."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.access.models import AwaitedRight
from portal.accounts import suspension, tokens
from portal.accounts.models import PendingRegistration, Reader, TokenPurpose
from portal.audit import AuditEvent
from portal.billing.models import Subscription
from portal.db import AnySession, db, writing
from portal.organisations import founding
from portal.organisations.models import ManagerRole, Organisation, OrganisationKind
from portal.outbox import Mail
from portal.profile.erasure import EraseRefused
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_organisation
from tests.conftest import NOON
from tests.forms import sign_in, submit
from tests.profile.erasing import ADDRESS, PASSWORD, erase

PAGE = "/profile/data/erase"


# -- in the browser


def test_the_reader_types_their_address_and_is_signed_out_for_good(
    client: FlaskClient, zoe: Reader, session: AnySession
) -> None:
    other = client.application.test_client()
    sign_in(other, zoe)
    sign_in(client, zoe)
    page = client.get(PAGE).text
    assert "dix ans" in page and "empreinte" in page
    assert submit(client, PAGE, {"email": "x@example.org"}).status_code == 422
    assert submit(client, PAGE, {"email": ""}).status_code == 422
    answer = submit(client, PAGE, {"email": ADDRESS.upper()})
    assert (answer.status_code, answer.location) == (303, "/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/profile/").status_code == other.get("/profile/").status_code == 303
    assert session.query(AuditEvent).filter_by(act="session.ended").count() == 0


def test_looking_is_for_everybody_and_the_form_for_who_has_just_proved_it(client: FlaskClient, zoe: Reader) -> None:
    sign_in(client, zoe)
    with clock.frozen(NOON + timedelta(minutes=10)):
        page = client.get(PAGE).text
        assert 'href="/login/again?next=/profile/data/erase"' in page and 'name="email"' not in page
        answer = submit(client, PAGE, {"email": ADDRESS}, page="/profile/identity")
        assert answer.location.startswith("/login/again")
    assert db.session.get_one(Reader, zoe.id, populate_existing=True).erased_at is None


@pytest.mark.parametrize("address", [ADDRESS, "erased-{id}@erased.invalid"])
def test_signing_in_and_resetting_answer_as_for_an_unknown_address(
    app: Flask, zoe: Reader, session: AnySession, address: str
) -> None:
    erase(zoe)
    asked = address.format(id=zoe.id)
    wrong = {"email": asked, "password": PASSWORD}
    assert submit(app.test_client(), "/login", wrong).status_code == 422
    assert submit(app.test_client(), "/reset", {"email": asked}).status_code == 303
    assert session.query(Mail).filter_by(kind="reset_password").count() == 0
    assert session.query(Mail).filter_by(kind="no_account", to_address=asked).count() == 1


def test_links_sent_before_open_nothing(full: Reader, client: FlaskClient, session: AnySession) -> None:
    with writing() as unit:
        reader = unit.get_one(Reader, full.id)
        reset = tokens.issue(unit, reader, TokenPurpose.RESET_PASSWORD)
        leave = tokens.issue(unit, reader, TokenPurpose.LEAVE_ADDRESS)
    erase(full)
    assert client.get(f"/reset/{reset}").status_code == 410
    assert client.get(f"/confirm-address/leave/{leave}").status_code == 410
    assert session.query(PendingRegistration).count() == 0


def test_sent_twice_it_is_done_once(zoe: Reader, session: AnySession) -> None:
    erase(zoe)
    erase(zoe)
    assert session.query(Mail).filter_by(kind="account_erased").count() == 1


# -- refused, with a way out


def refused(reader: Reader) -> str:
    with pytest.raises(EraseRefused) as caught:
        erase(reader)
    assert db.session.get_one(Reader, reader.id, populate_existing=True).email == reader.email
    return caught.value.code


def subscribe(organisation: Organisation, **more: Any) -> None:
    about = {"status": "active", "currency": "eur", "collection_method": "charge_automatically", **more}
    with writing() as unit:
        unit.add(
            Subscription(stripe_id="sub_1", organisation_id=organisation.id, started_at=NOON, synced_at=NOON, **about)
        )


def test_a_running_subscription_is_cancelled_first(zoe: Reader, client: FlaskClient) -> None:
    subscribe(an_organisation(zoe, kind=OrganisationKind.INDIVIDUAL, seats=1))
    assert refused(zoe) == "subscription"
    sign_in(client, zoe)
    page = client.get(PAGE).text
    assert 'href="/billing/"' in page and 'name="email"' not in page
    assert submit(client, PAGE, {"email": ADDRESS}, page="/profile/identity").status_code == 409


@pytest.mark.parametrize("more", [{"ending_at": NOON + timedelta(days=300)}, {"status": "canceled"}])
def test_one_that_is_cancelled_holds_nobody_back(zoe: Reader, more: dict[str, Any]) -> None:
    subscribe(an_organisation(zoe, kind=OrganisationKind.INDIVIDUAL, seats=1), **more)
    erase(zoe)


def test_a_payment_under_way_is_waited_for(zoe: Reader) -> None:
    own = an_organisation(zoe, kind=OrganisationKind.INDIVIDUAL)
    vertical = a_vertical("health")
    with writing() as unit:
        until = NOON + timedelta(hours=1)
        unit.add(AwaitedRight(organisation_id=own.id, vertical_id=vertical.id, reference="x", since=NOON, until=until))
    assert refused(zoe) == "payment"
    with clock.frozen(NOON + timedelta(hours=1)):
        erase(zoe)


@pytest.mark.parametrize("left", ["seat", "contract"])
def test_the_last_manager_of_others_says_first_who_takes_over(zoe: Reader, client: FlaskClient, left: str) -> None:
    company = an_organisation(zoe)
    if left == "seat":
        a_seat(company, a_reader())
    else:
        a_grant(organisation=company)
    assert refused(zoe) == "organisation"
    sign_in(client, zoe)
    assert 'href="/contact"' in client.get(PAGE).text


def test_with_another_manager_there_is_nothing_to_wait_for(zoe: Reader, session: AnySession) -> None:
    company = an_organisation(zoe, name="Clinique du Parc")
    subscribe(company)
    deputy = a_reader()
    a_seat(company, deputy)
    with writing() as unit:
        founding.add_manager(unit, company.id, deputy.id, ManagerRole.MANAGER, actor_id=None)
    erase(zoe)
    assert [one.reader_id for one in founding.managers_of(session, company.id)] == [deputy.id]
    assert session.get_one(Organisation, company.id, populate_existing=True).name == "Clinique du Parc"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.READER])
def test_staff_lose_their_role_first(app: Flask, role: Role) -> None:
    assert refused(a_reader(role=role)) == "staff"


def test_a_suspension_is_not_left_behind_by_a_click(zoe: Reader) -> None:
    with writing() as unit:
        suspension.suspend(unit, unit.get_one(Reader, zoe.id), "Abuse", actor_id=None)
    assert refused(zoe) == "suspended"
    erase(zoe, actor_id=None)

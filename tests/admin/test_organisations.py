"""Organisations in the back office: found, shown whole, given rights that reach every seat at once."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import EndCause, Source
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.clock import paris_midnight
from portal.db import AnySession, writing
from portal.organisations import invitations
from portal.organisations.models import Organisation
from portal.organisations.models_team import MailDomain
from portal.outbox import Mail
from portal.roles import Permission, Role, may
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation, canary
from tests.forms import csrf_token, sign_in, submit

STAFF = [role for role in Role if role is not Role.READER]


@pytest.fixture
def firm(session: AnySession) -> Organisation:
    """A company with its manager."""
    return an_organisation(a_reader("direction@example.org", name="Hélène Castaing"), name="Clinique du Parc")


def give(client: FlaskClient, firm: Organisation, **data: Any) -> Any:
    page = f"/admin/organisations/{firm.id}"
    filled = {"verticals": [a_vertical("health").id], "until": "2026-03-31", "reason": "Contrat", **data}
    return submit(client, f"{page}/grants", filled, page=page)


def reading(app: Flask, reader: Reader) -> FlaskClient:
    browser = app.test_client()
    sign_in(browser, reader)
    return browser


def test_what_is_given_reaches_every_seat_at_the_next_click_and_nobody_else(
    app: Flask, client: FlaskClient, admin: Reader, firm: Organisation
) -> None:
    article = an_article()
    address = f"/health/article/{article.slug}"
    seated, former = [a_reader(), a_reader()], a_reader()
    for reader in seated:
        a_seat(firm, reader)
    a_seat(firm, former, closed_at=clock.now())
    readers = [reading(app, reader) for reader in (*seated, former)]
    assert all(canary(article) not in browser.get(address).text for browser in readers)
    assert give(client, firm).status_code == 303
    assert [canary(article) in browser.get(address).text for browser in readers] == [True, True, False]


def test_a_revoked_and_a_shortened_right_close_for_every_seat(
    app: Flask, client: FlaskClient, admin: Reader, firm: Organisation, session: AnySession
) -> None:
    article, reader = an_article(), a_reader()
    a_seat(firm, reader)
    theirs, address = reading(app, reader), f"/health/article/{article.slug}"
    grant = a_grant(organisation=firm)
    assert submit(client, f"/admin/grants/{grant.id}/end", {"until": "2026-03-12", "reason": "Fin"}).status_code == 303
    assert session.get_one(Grant, grant.id, populate_existing=True).ends_at == paris_midnight(date(2026, 3, 13))
    assert canary(article) in theirs.get(address).text
    answer = submit(client, f"/admin/grants/{grant.id}/revoke", {"reason": "Fin", "sure": "y"})
    assert answer.location == f"/admin/organisations/{firm.id}"
    assert canary(article) not in theirs.get(address).text
    targets = session.execute(select(AuditEvent.act, AuditEvent.target_kind, AuditEvent.target_id)).all()
    assert ("grant.shortened", "organisation", firm.id) in targets and ("grant.revoked", *targets[-1][1:]) in targets


def test_the_act_is_audited_and_told_to_who_looks_after_it(
    client: FlaskClient, admin: Reader, firm: Organisation, session: AnySession
) -> None:
    a_seat(firm, a_reader())
    answer = give(client, firm)
    grant = session.scalars(select(Grant)).one()
    assert (grant.organisation_id, grant.reader_id, grant.source) == (firm.id, None, Source.ADMIN)
    event = session.scalars(select(AuditEvent).where(AuditEvent.act == "grant.given")).one()
    assert (event.target_kind, event.target_id, event.actor_id) == ("organisation", firm.id, admin.id)
    mail = session.scalars(select(Mail)).one()
    assert mail.to_address == "direction@example.org" and "Contrat" not in mail.text
    assert "1 manager is told by e-mail" in client.get(answer.location).text


def test_without_a_manager_it_is_said_that_nobody_is_told(client: FlaskClient, admin: Reader) -> None:
    answer = give(client, an_organisation())
    assert "nobody looks after this organisation" in client.get(answer.location).text


def test_a_form_in_error_says_what_to_do_and_keeps_what_was_typed(
    client: FlaskClient, admin: Reader, firm: Organisation, session: AnySession
) -> None:
    answer = give(client, firm, until="2026-03-01")
    assert answer.status_code == 422 and "This day is over" in answer.text and "Contrat" in answer.text
    assert session.scalars(select(Grant)).all() == []


def test_its_page_shows_identity_rights_seats_invitations_managers_and_the_log(
    client: FlaskClient, admin: Reader, firm: Organisation
) -> None:
    with writing() as unit:
        one = unit.get_one(Organisation, firm.id)
        one.siren, one.street, one.city = "732829320", "1 rue du Parc", "Valmère"
        invitations.invite(unit, firm.id, "bientot@example.org", actor_id=None)
    a_seat(firm, a_reader(name="Camille Roussel"))
    a_grant(organisation=firm, vertical="media", source=Source.SUBSCRIPTION)
    a_grant(organisation=firm, reason="Congrès", actor_id=admin.id)
    text = client.get(f"/admin/organisations/{firm.id}").text
    for words in ("Clinique du Parc", "732829320", "1 rue du Parc", "Hélène Castaing", "Camille Roussel"):
        assert words in text
    assert "bientot@example.org" in text and "Invitation waiting" in text and "Seat offered to an address" in text
    assert "by Nadia Faure, Congrès" in text and "Subscription" in text and "1 seat of 5 taken" in text


def test_a_subscription_is_not_changed_here(client: FlaskClient, admin: Reader, firm: Organisation) -> None:
    paid = a_grant(organisation=firm, source=Source.SUBSCRIPTION)
    assert f"/admin/grants/{paid.id}" not in client.get(f"/admin/organisations/{firm.id}").text
    assert client.get(f"/admin/grants/{paid.id}/end").status_code == 404


def test_a_reader_s_page_leads_to_their_organisations(client: FlaskClient, admin: Reader, firm: Organisation) -> None:
    reader, former = a_reader(), an_organisation(name="Ancienne maison")
    a_seat(firm, reader)
    a_seat(former, reader, closed_at=clock.now())
    a_grant(organisation=firm)
    text = client.get(f"/admin/readers/{reader.id}").text
    assert text.count(f'href="/admin/organisations/{firm.id}"') == 2, "beside the right it brings, and in the list"
    assert "holds a seat since" in text and "held a seat until" in text and "Ancienne maison" in text


@pytest.mark.parametrize("asked", ["clinique parc", "CASTAING", "direction@", "7328", "sits@example.org"])
def test_an_organisation_is_found_by_name_number_manager_or_seat(
    client: FlaskClient, admin: Reader, firm: Organisation, asked: str
) -> None:
    an_organisation(name="Une autre")
    a_seat(firm, a_reader("sits@example.org"))
    with writing() as unit:
        unit.get_one(Organisation, firm.id).siren = "732829320"
    text = client.get("/admin/organisations", query_string={"q": asked}).text
    assert "Clinique du Parc" in text and "Une autre" not in text


def test_the_list_tells_who_looks_after_it_what_is_open_and_how_many_sit(
    client: FlaskClient, admin: Reader, firm: Organisation
) -> None:
    a_seat(firm, a_reader())
    a_grant(organisation=firm, vertical="media")
    a_grant(organisation=firm, vertical="media", source=Source.SUBSCRIPTION)
    a_grant(organisation=firm, vertical="fintech", revoked_at=clock.now(), end_cause=EndCause.REVOKED)
    a_grant(organisation=firm, vertical="health", starts_in=timedelta(days=1))
    text = client.get("/admin/organisations").text
    assert "Hélène Castaing" in text and "1 of 5" in text
    assert ">mind Media<" in text and "mind Fintech" not in text and "mind Health" not in text


def test_a_long_list_has_a_next_page(client: FlaskClient, admin: Reader) -> None:
    with writing():
        for number in range(26):
            an_organisation(name=f"Maison {number:02}")
    first = client.get("/admin/organisations").text
    assert "Maison 25" in first and "Maison 00" not in first and "before=" in first
    following = re.search(r'href="(/admin/organisations\?before=\d+)"', first)
    assert following and "Maison 00" in client.get(following[1]).text


@pytest.mark.parametrize("role", list(Role))
def test_it_is_seen_and_changed_by_the_roles_of_the_table_only(
    client: FlaskClient, firm: Organisation, role: Role
) -> None:
    with writing() as unit:
        unit.get_one(Organisation, firm.id).siren = "732829320"
    sign_in(client, a_reader(role=role))
    sees, page = may(role, Permission.SEE_READERS), f"/admin/organisations/{firm.id}"
    for path in ("/admin/organisations", page):
        assert client.get(path).status_code == (200 if sees else 403)
    if sees:
        text = client.get(page).text
        assert ("/grants" in text) is may(role, Permission.CHANGE_GRANTS)
        assert ("732829320" in text) is may(role, Permission.SEE_BILLING)
        assert ("/admin/audit?organisation=" in text) is may(role, Permission.SEE_AUDIT)
    if not may(role, Permission.CHANGE_GRANTS):
        token = csrf_token(client, "/profile/identity")
        assert client.post(f"{page}/grants", data={"csrf_token": token}).status_code == 403


@pytest.mark.parametrize("id_", ["0", "999999", str(2**31), str(10**30)])
def test_ids_that_do_not_exist_are_404(client: FlaskClient, admin: Reader, id_: str) -> None:
    assert client.get(f"/admin/organisations/{id_}").status_code == 404


def test_the_mail_domains_it_proved_are_shown(client: FlaskClient, firm: Organisation) -> None:
    sign_in(client, a_reader(role=Role.SUPPORT))
    assert "clinique-du-parc.example" not in client.get(f"/admin/organisations/{firm.id}").text
    with writing() as unit:
        proved = {"domain": "clinique-du-parc.example", "proved_at": clock.now()}
        unit.add(MailDomain(organisation_id=firm.id, **proved))
    assert "@clinique-du-parc.example" in client.get(f"/admin/organisations/{firm.id}").text

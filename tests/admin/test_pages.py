"""The back office as its people see it."""

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.billing.models import Subscription
from portal.db import AnySession, writing
from portal.organisations.models import Organisation
from portal.roles import Role
from tests.access.counting import counted
from tests.builders import a_grant, a_reader, a_seat, an_article, an_organisation
from tests.forms import sign_in


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_page_of_the_back_office_is_shown_to_an_administrator(client: FlaskClient, locale: str) -> None:
    sign_in(client, a_reader(role=Role.ADMIN))
    client.set_cookie("locale", locale)
    article = an_article()
    person = a_reader(name="Camille Roussel", company="Clinique du Parc")
    grant = a_grant(person)
    firm = an_organisation(person)
    a_seat(firm, person)
    a_grant(organisation=firm, vertical="media")
    for path in (
        "/admin/",
        "/admin/readers",
        f"/admin/readers/{person.id}",
        f"/admin/readers/{person.id}?article={article.slug}",
        f"/admin/readers/{person.id}?article=health&at=2026-03-10T11:00",
        f"/admin/grants/{grant.id}/end",
        f"/admin/grants/{grant.id}/revoke",
        f"/admin/readers/{person.id}/suspend",
        "/admin/audit",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_however_much_a_reader_pays_for_is_asked_for_and_explained_in_fifteen_statements(
    client: FlaskClient, session: AnySession
) -> None:
    sign_in(client, a_reader(role=Role.ADMIN))
    person, article = a_reader(), an_article()
    for number in range(3):
        firm = an_organisation(person)
        a_seat(firm, person)
        a_grant(organisation=firm)
        subscribe(firm, f"sub_{number}")
    address = f"/admin/readers/{person.id}?article={article.slug}"
    assert client.get(address).status_code == 200  # verticals are kept for a few seconds
    with counted(session) as asked:
        assert client.get(address).text.count("Visa •••• 4242") == 3
    assert len([statement for statement in asked if statement != "BEGIN"]) <= 15


def subscribe(firm: Organisation, stripe_id: str) -> None:
    kind = {"status": "active", "currency": "eur", "collection_method": "charge_automatically"}
    with writing() as unit:
        unit.add(
            Subscription(
                stripe_id=stripe_id,
                organisation_id=firm.id,
                started_at=clock.now(),
                card_brand="visa",
                card_last4="4242",
                synced_at=clock.now(),
                **kind,
            )
        )

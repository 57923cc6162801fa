"""The back office as its people see it."""

import pytest
from flask.testing import FlaskClient

from portal.roles import Role
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

"""Who sees and may do what in the back office: buttons that may not be used are absent, and the act answers 403."""

import pytest
from flask.testing import FlaskClient

from portal.access.vocabulary import Source
from portal.roles import Permission, Role, may
from tests.builders import a_grant, a_reader
from tests.forms import sign_in

STAFF = [role for role in Role if role is not Role.READER]


@pytest.mark.parametrize("role", list(Role))
def test_pages_open_to_the_roles_of_the_table_only(client: FlaskClient, role: Role) -> None:
    sign_in(client, a_reader(role=role))
    person = a_reader()
    pages = {
        "/admin/": Permission.BACK_OFFICE,
        "/admin/readers": Permission.SEE_READERS,
        f"/admin/readers/{person.id}": Permission.SEE_READERS,
        "/admin/audit": Permission.SEE_AUDIT,
        f"/admin/readers/{person.id}/suspend": Permission.CHANGE_GRANTS,
    }
    for page, permission in pages.items():
        assert client.get(page).status_code == (200 if may(role, permission) else 403), page


@pytest.mark.parametrize("role", [role for role in STAFF if may(role, Permission.SEE_READERS)])
def test_buttons_are_there_for_those_who_may_use_them(client: FlaskClient, role: Role) -> None:
    sign_in(client, a_reader(role=role))
    person = a_reader()
    trial = a_grant(person, source=Source.TRIAL)
    text = client.get(f"/admin/readers/{person.id}").text
    shown = {
        Permission.CHANGE_GRANTS: f"/admin/grants/{trial.id}/revoke",
        Permission.EXTEND_TRIALS: f"/admin/grants/{trial.id}/extend",
        Permission.EXPLAIN_ACCESS: 'id="why"',
        Permission.SEE_AUDIT: "/admin/audit?reader=",
    }
    for permission, sign in shown.items():
        assert (sign in text) is may(role, permission), permission
    assert (f"/admin/readers/{person.id}/grants" in text) is may(role, Permission.CHANGE_GRANTS)


@pytest.mark.parametrize("role", [role for role in Role if not may(role, Permission.CHANGE_GRANTS)])
def test_the_act_itself_is_refused(client: FlaskClient, role: Role) -> None:
    from tests.forms import csrf_token

    sign_in(client, a_reader(role=role))
    person = a_reader()
    grant = a_grant(person)
    token = csrf_token(client, "/profile/identity")
    for path in (f"readers/{person.id}/grants", f"grants/{grant.id}/revoke", f"grants/{grant.id}/end"):
        answer = client.post(f"/admin/{path}", data={"csrf_token": token, "reason": "x", "sure": "y"})
        assert answer.status_code == 403, path


def test_without_a_token_nothing_happens(client: FlaskClient) -> None:
    sign_in(client, a_reader(role=Role.ADMIN))
    grant = a_grant(a_reader())
    assert client.post(f"/admin/grants/{grant.id}/revoke", data={"reason": "x", "sure": "y"}).status_code == 400


def test_a_stranger_is_asked_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/admin/readers?q=x")
    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=")

"""Guards of every request: own paths, origins, hosts, headers, declared rules."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal.roles import Permission, Role
from portal.web import PUBLIC, READER, leave_for, own_path, rule_of, staff

ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/%09/evil.example\t",
    "/\tevil",
    "/a\nb",
    "",
    None,
    "relative",
    " /health/",
    "/health/" + "x" * 2_000,
]


@pytest.mark.parametrize("value", ELSEWHERE)
def test_a_return_address_never_leaves_the_site(value: str | None) -> None:
    assert own_path(value, "/home") == "/home"


@pytest.mark.parametrize("value", ["/", "/health/article/x?page=2#bas", "/search?q=%C3%A9t%C3%A9"])
def test_a_path_of_the_site_is_kept(value: str) -> None:
    assert own_path(value) == value


@given(st.text(max_size=40))
def test_whatever_is_typed_the_return_address_stays_a_path(value: str) -> None:
    path = own_path(value)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))


def test_visitors_are_sent_off_the_site_to_the_payment_service_alone(app: Flask) -> None:
    with app.test_request_context():
        assert leave_for("http://127.0.0.1:9/pay/cs_1?a=b").location == "http://127.0.0.1:9/pay/cs_1?a=b"
        for other in (
            "https://evil.example/pay",
            "http://127.0.0.1:9@evil.example/",
            "//evil.example",
            "/here",
            "http://[",
        ):
            with pytest.raises(LookupError):
                leave_for(other)


def test_rules_let_in_exactly_whom_they_name() -> None:
    assert PUBLIC.lets(None) and PUBLIC.lets(Role.READER)
    assert not READER.lets(None) and READER.lets(Role.READER)
    grants = staff(Permission.CHANGE_GRANTS)
    assert {role for role in Role if grants.lets(role)} == {Role.ADMIN}
    assert not grants.lets(None)


def test_every_view_declares_its_rule(app: Flask) -> None:
    for endpoint in app.view_functions:
        assert rule_of(app, endpoint)


def test_an_unknown_host_is_refused(client: FlaskClient) -> None:
    assert client.get("/-/live", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Referer": "http://[::"},
    ],
)
def test_a_form_of_another_site_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/preferences", data={"theme": "dark"}, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/-/live", "/nothing-here", "/static/favicon.svg"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_ready_tells_that_database_and_migrations_are_there(client: FlaskClient) -> None:
    answer = client.get("/-/ready")
    assert answer.status_code == 200
    assert answer.json is not None and answer.json["migrated"] is True

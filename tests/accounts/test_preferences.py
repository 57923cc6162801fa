"""Language and appearance: a cookie for everybody, and the account for who has one."""

import pytest
from flask.testing import FlaskClient

from portal.accounts.models import Reader
from portal.db import AnySession
from tests.builders import a_reader
from tests.forms import sign_in


def test_a_visitor_chooses_a_language_without_a_token(client: FlaskClient) -> None:
    answer = client.post("/preferences", data={"locale": "en", "next": "/login?next=/health/"})
    assert (answer.status_code, answer.location) == (303, "/login?next=/health/")
    assert 'lang="en"' in client.get("/login").text


def test_a_visitor_chooses_an_appearance(client: FlaskClient) -> None:
    client.post("/preferences", data={"theme": "dark"})
    assert 'data-theme="dark"' in client.get("/login").text


def test_the_cookie_lasts_a_year_and_stays_here(client: FlaskClient) -> None:
    cookie = client.post("/preferences", data={"theme": "light"}).headers["Set-Cookie"]
    for part in ("theme=light", "Max-Age=31536000", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_secure_and_this_hosts_own_where_the_site_is(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client.application.config, "SESSION_COOKIE_SECURE", True)
    answer = client.post("/preferences", data={"theme": "dark"}, base_url="https://localhost")
    assert answer.headers["Set-Cookie"].startswith("__Host-theme=dark;")
    assert "Secure" in answer.headers["Set-Cookie"] and "Domain" not in answer.headers["Set-Cookie"]
    assert 'data-theme="dark"' in client.get("/login", base_url="https://localhost").text


def test_the_account_remembers_what_a_reader_chose(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader()
    sign_in(client, reader)
    client.post("/preferences", data={"theme": "dark", "locale": "en"})
    session.refresh(reader)
    assert (reader.theme, reader.locale) == ("dark", "en")
    client.post("/preferences", data={"theme": "auto"})
    session.refresh(reader)
    assert (reader.theme, reader.locale) == ("auto", "en")


@pytest.mark.parametrize("sent", [{"theme": "pink"}, {"locale": "de"}, {"locale": "en\r\nX: y"}, {"role": "admin"}, {}])
def test_anything_else_is_ignored(client: FlaskClient, session: AnySession, sent: dict[str, str]) -> None:
    reader = a_reader()
    sign_in(client, reader)
    answer = client.post("/preferences", data=sent)
    assert answer.status_code == 303
    assert not [cookie for cookie in answer.headers.getlist("Set-Cookie") if not cookie.startswith("session=")]
    after = session.get_one(Reader, reader.id)
    assert (after.theme, after.locale, after.role.value) == (None, None, "reader")


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "javascript:alert(1)", "https://evil.example"])
def test_a_preference_never_leads_off_the_site(client: FlaskClient, target: str) -> None:
    assert client.post("/preferences", data={"theme": "dark", "next": target}).location == "/"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Referer": "https://evil.example/"}],
)
def test_another_site_cannot_choose_for_the_visitor(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/preferences", data={"theme": "dark"}, headers=headers)
    assert answer.status_code == 403 and "Set-Cookie" not in answer.headers

"""Every answer carries the headers, errors and static files included; unsafe requests come from our own pages.

They are what MDN's HTTP Observatory gives points for: with what test_over_tls… adds, it reads A+.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.db import db
from portal.factory import create_app
from tests.conftest import test_settings
from tests.databases import PostgreSQL, SQLite
from tests.forms import Browser, sign_in
from tests.guards.house import furnish, pages

WANTED = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "tdm-reservation": "1",
}
STAND_IN = "http://127.0.0.1:9"  # Stripe's own pages outside of tests
LOOSE = ("unsafe", "http:", "https: ", "data:", "*")
REFERRERS = ("strict-origin-when-cross-origin", "no-referrer")


@pytest.mark.parametrize("who", ["anonymous", "trial", "admin"])
def test_every_answer_carries_the_headers(app: Flask, who: str) -> None:
    house = furnish()
    client = app.test_client()
    if house.readers[who] is not None:
        sign_in(client, house.readers[who])
    faults = []
    for path in [*pages(app, house.known), "/nowhere/at/all", "/static/none.css", "/health/article/none"]:
        answer = client.get(path)
        policy = answer.headers.get("Content-Security-Policy", "")
        if not policy.startswith("default-src 'none'") or "frame-ancestors 'none'" not in policy:
            faults.append((path, policy))
        if any(word in policy.replace(STAND_IN, "") for word in LOOSE):
            faults.append((path, policy))
        if any(answer.headers.get(name) != value for name, value in WANTED.items()):
            faults.append((path, "a header is missing"))
        if answer.headers.get("Referrer-Policy") not in REFERRERS or "Cache-Control" not in answer.headers:
            faults.append((path, "referrer or cache"))
        if "Access-Control-Allow-Origin" in answer.headers:
            faults.append((path, "other sites may read it"))
    assert faults == []


@pytest.fixture
def behind_tls(app: Flask, database: SQLite | PostgreSQL, tmp_path: Path) -> Iterator[Flask]:
    """The app as it stands behind a TLS proxy."""
    made = create_app(test_settings(database.url, tmp_path, site_url="https://localhost"))
    made.test_client_class = Browser
    yield made
    with made.app_context():
        db.engine.dispose()


def test_over_tls_every_answer_says_so_for_two_years(behind_tls: Flask) -> None:
    for path in ("/", "/login", "/nowhere", "/static/favicon.svg"):
        told = behind_tls.test_client().get(path, base_url="https://localhost").headers["Strict-Transport-Security"]
        assert told == "max-age=63072000; includeSubDomains"


def test_over_tls_no_cookie_leaves_it_or_this_host(behind_tls: Flask) -> None:
    client, at = behind_tls.test_client(), {"base_url": "https://localhost"}
    answers = client.get("/login", **at), client.post("/preferences", data={"theme": "dark", "locale": "en"}, **at)
    cookies = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]
    assert len(cookies) == 3
    for cookie in cookies:
        assert cookie.startswith("__Host-") and "Domain" not in cookie
        assert all(word in cookie for word in ("; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/")), cookie


def test_no_other_site_is_told_that_it_may_read(app: Flask) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for method, path in (("GET", "/"), ("OPTIONS", "/"), ("OPTIONS", "/login"), ("GET", "/static/favicon.svg")):
        answer = app.test_client().open(path, method=method, headers=asked)
        assert not [name for name, _value in answer.headers if name.startswith("Access-Control-")]


def test_what_a_person_sees_is_stored_nowhere(app: Flask) -> None:
    house = furnish()
    client = app.test_client()
    assert house.readers["trial"]
    sign_in(client, house.readers["trial"])
    loose = [
        path
        for path in pages(app, house.known)
        if not path.startswith(("/static/", "/assets/"))
        and client.get(path).headers["Cache-Control"] != "private, no-store"
    ]
    assert loose == []


def test_what_caches_may_share_sets_no_cookie(app: Flask) -> None:
    house = furnish()
    for path in pages(app, house.known):
        answer = app.test_client().get(path)
        if "public" in answer.headers["Cache-Control"]:
            assert "Set-Cookie" not in answer.headers, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/page"},
    ],
)
def test_an_act_asked_for_by_another_site_is_refused(app: Flask, headers: dict[str, str]) -> None:
    house = furnish()
    client = app.test_client()
    assert house.readers["admin"]
    sign_in(client, house.readers["admin"])
    let_through = []
    for path in acts(app, house.known):
        status = client.post(path, headers=headers).status_code
        if status not in (400, 403):
            let_through.append((path, status))
    assert let_through == []


def acts(app: Flask, known: dict[str, str]) -> list[str]:
    """Every address that takes POST, but those machines call."""
    from portal.web import rule_of
    from tests.guards.house import address

    return [
        address(app, route, known)
        for route in app.url_map.iter_rules()
        if "POST" in (route.methods or set()) and rule_of(app, route.endpoint).checks_origin
    ]


def test_an_act_without_a_token_is_refused(app: Flask) -> None:
    """Switches on public pages carry no token, by design: the origin check above is theirs."""
    house = furnish()
    client = app.test_client()
    assert house.readers["admin"]
    sign_in(client, house.readers["admin"])
    open_acts = {path for path in acts(app, house.known) if client.post(path).status_code not in (400, 403)}
    assert open_acts <= {"/preferences"}


def test_a_host_that_is_not_ours_gets_nothing(client: Browser) -> None:
    for path in ("/", "/login", "/static/favicon.svg", "/nowhere"):
        assert client.get(path, headers={"Host": "evil.example"}).status_code == 400

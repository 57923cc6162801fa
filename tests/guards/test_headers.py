"""Every answer carries the headers, errors and static files included; unsafe requests come from our own pages."""

import pytest
from flask import Flask

from tests.forms import Browser, sign_in
from tests.guards.house import furnish, pages

WANTED = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "tdm-reservation": "1",
}


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
        if not policy.startswith("default-src 'none'") or "unsafe" in policy or "frame-ancestors 'none'" not in policy:
            faults.append((path, policy))
        if any(answer.headers.get(name) != value for name, value in WANTED.items()):
            faults.append((path, "a header is missing"))
        if "Referrer-Policy" not in answer.headers or "Cache-Control" not in answer.headers:
            faults.append((path, "referrer or cache"))
    assert faults == []


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

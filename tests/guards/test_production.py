"""What stands at the edge of a site in production: cookies, headers, addresses that must lead nowhere, and its log."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.http import parse_options_header

from portal import clock, factory, logs
from portal.db import db
from portal.settings import Environment
from portal.trials import mails as trial_mails
from portal.web import MACHINE, rule_of
from tests.builders import a_reader
from tests.forms import Browser, sign_in
from tests.guards.house import furnish, pages

SITE = "https://mind.example.org"
PASSWORD = "trois chevaux bleus courent"
HERE = {"base_url": SITE, "headers": {"Referer": f"{SITE}/"}}


@pytest.fixture
def production(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The app as it runs for readers, on the database of the test; its log can be read."""
    monkeypatch.setattr(factory, "collect_rarely", lambda: None)
    monkeypatch.setattr(logs._HANDLER, "stream", io.StringIO())
    settings = replace(
        app.extensions["portal.settings"],
        env=Environment.PRODUCTION,
        site_url=SITE,
        mail_url="smtp://127.0.0.1:9",
        instance=tmp_path,
    )
    made = factory.create_app(settings)
    made.test_client_class = Browser
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()
    logging.getLogger("portal").propagate = True
    clock.share(None)


def lines() -> list[dict[str, object]]:
    """What was logged, each line read as JSON."""
    written = logs._HANDLER.stream.getvalue()
    return [json.loads(line) for line in written.splitlines()]


def test_every_cookie_is_tied_to_this_host_and_hidden_from_scripts(production: Flask) -> None:
    a_reader("claire@example.org", password=PASSWORD)
    client = production.test_client()
    client.post("/preferences", data={"theme": "dark", "locale": "fr"}, **HERE)
    answer = submit_here(client, "/login", {"email": "claire@example.org", "password": PASSWORD})
    chosen = client.post("/preferences", data={"theme": "dark", "locale": "fr"}, **HERE)
    cookies = [*answer.headers.getlist("Set-Cookie"), *chosen.headers.getlist("Set-Cookie")]
    names = {cookie.partition("=")[0] for cookie in cookies}
    assert names == {"__Host-session", "__Host-device", "__Host-theme", "__Host-locale"}
    for cookie in cookies:
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert not any(one.lower().startswith("domain") for one in attributes)


def test_what_is_signed_is_signed_with_sha_256(production: Flask) -> None:
    reader = a_reader("claire@example.org", password=PASSWORD)
    client = production.test_client()
    submit_here(client, "/login", {"email": "claire@example.org", "password": PASSWORD})
    signed = [client.get_cookie(f"__Host-{name}", domain="mind.example.org") for name in ("session", "device")]
    values = [cookie.value for cookie in signed if cookie] + [trial_mails.unsubscribe_url(reader.id)]
    assert [len(value.rpartition(".")[2]) for value in values] == [43, 43, 43]  # 256 bits, six to a sign


def test_what_was_signed_for_one_purpose_is_worth_nothing_for_another(production: Flask) -> None:
    reader = a_reader("claire@example.org", password=PASSWORD)
    client = production.test_client()
    submit_here(client, "/login", {"email": "claire@example.org", "password": PASSWORD})
    names = ("__Host-session", "__Host-device")
    session, device = (client.get_cookie(name, domain="mind.example.org").value for name in names)  # type: ignore[union-attr]
    offers = trial_mails.unsubscribe_url(reader.id).rpartition("/")[2]
    for forged in (device, offers, session[:-1], f"{session}x"):
        stranger = production.test_client()
        stranger.set_cookie("__Host-session", forged, domain="mind.example.org", secure=True)
        assert stranger.get("/profile/", base_url=SITE).status_code == 303
    with production.test_request_context(base_url=SITE):
        assert [trial_mails.reader_of(token) for token in (offers, device, session)] == [reader.id, None, None]


def submit_here(client: Browser, path: str, data: dict[str, str]) -> object:
    page = client.get(path, **HERE)
    token = page.text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    return client.post(path, data={**data, "csrf_token": token}, **HERE)


def test_tls_is_asked_for_on_every_answer_and_no_other_origin_may_read_one(production: Flask) -> None:
    furnish()
    client = production.test_client()
    for path in ("/", "/login", "/nowhere", "/static/favicon.svg", "/-/live", "/health/rss", "/stripe/webhook"):
        answer = client.get(path, base_url=SITE, headers={"Origin": "https://evil.example"})
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains", path
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'self'"} <= set(
            policy
        ), path
        assert not [name for name, _value in answer.headers if name.lower().startswith("access-control")], path
    asked = client.options("/login", base_url=SITE, headers={"Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in asked.headers


def test_every_answer_says_what_it_is_and_in_which_encoding(app: Flask) -> None:
    house = furnish()
    client = app.test_client()
    assert house.readers["admin"]
    sign_in(client, house.readers["admin"])
    for path in [*pages(app, house.known), "/nowhere", "/static/favicon.svg"]:
        answer = client.get(path)
        kind, options = parse_options_header(answer.headers.get("Content-Type"))
        assert kind or not answer.data, path
        if kind.startswith("text/") or kind.endswith(("+xml", "/xml")):
            assert options.get("charset", "").lower() == "utf-8", (path, kind)


NOWHERE = (
    *("/.git/config", "/.env", "/static/../.env.example", "/static/%2e%2e/portal/settings.py", "/static/..%2fapp.py"),
    *("/static/", "/static/css/", "/static/css", "/assets/", "/instance/", "/instance/secret-key"),
    *("/dev", "/dev/", "/dev/mailbox", "/metrics", "/console", "/docs", "/openapi.json", "/graphql", "/debug"),
)


def test_every_page_offers_the_way_out_but_those_around_paying(app: Flask) -> None:
    house = furnish()
    client = app.test_client()
    assert house.readers["admin"]
    sign_in(client, house.readers["admin"])
    answers = {
        path: client.get(path) for path in pages(app, house.known) if not path.startswith(("/static", "/assets"))
    }
    shown = {path: one.text for path, one in answers.items() if one.status_code == 200 and one.mimetype == "text/html"}
    assert len(shown) > 40
    assert {path for path, text in shown.items() if 'action="/logout"' not in text} <= {"/billing/cancelled"}


def test_addresses_that_must_lead_nowhere_lead_nowhere(production: Flask) -> None:
    client = production.test_client()
    found = {path: client.get(path, base_url=SITE, follow_redirects=True).status_code for path in NOWHERE}
    assert set(found.values()) == {404}, found


def test_there_is_no_debugging_no_trace_and_no_hub(production: Flask) -> None:
    assert not production.debug and not production.testing and "werkzeug.debug" not in repr(production.wsgi_app)
    assert not [rule.rule for rule in production.url_map.iter_rules() if rule.rule.startswith("/dev")]
    answer = production.test_client().open("/login", method="TRACE", base_url=SITE, headers={"X-Told": "back"})
    assert answer.status_code == 405 and "back" not in answer.text.split("<main")[0]


def test_machines_find_two_probes_a_webhook_and_one_click(production: Flask) -> None:
    open_to_machines = {
        rule.rule for rule in production.url_map.iter_rules() if rule_of(production, rule.endpoint) is MACHINE
    }
    assert open_to_machines == {"/-/live", "/-/ready", "/stripe/webhook", "/trial/offers/<token>"}
    told = production.test_client().get("/-/ready", base_url=SITE).get_json()
    assert set(told) == {"database", "migrated", "worker_age"}


def test_the_log_is_one_line_of_json_for_each_request_and_tells_no_secret(production: Flask) -> None:
    reader = a_reader("claire@example.org", password=PASSWORD)
    client = production.test_client()
    submit_here(client, "/login", {"email": "claire@example.org", "password": PASSWORD})
    cookie = client.get_cookie("__Host-session", domain="mind.example.org")
    assert cookie is not None
    client.get("/search?q=cancer%0aforged", base_url=SITE, headers={"User-Agent": '{"level": "forged"}'})
    client.get("/reset/a-token-of-a-mail", base_url=SITE)
    submit_here(client, "/login/again", {"password": "quelque chose d'autre"})
    requests = [line for line in lines() if line["logger"] == "portal.access_log"]
    assert [line["message"] for line in requests[2:4]] == ["GET content.search", "GET accounts.new_password"]
    for line in requests:
        assert str(line["at"]).endswith("+00:00") and line["request_id"] and line["level"] == "info"
        assert {"status", "reader_id", "ms"} <= set(line)
    assert {line["reader_id"] for line in requests[2:]} == {reader.id}
    written = logs._HANDLER.stream.getvalue()
    for secret in (
        cookie.value,
        "a-token-of-a-mail",
        "cancer",
        "forged",
        "claire@",
        PASSWORD,
        "quelque chose",
        "127.0.0.1",
    ):
        assert secret not in written


def test_a_line_of_the_log_cannot_be_forged(production: Flask) -> None:
    logging.getLogger("portal.test").warning("named %s", 'x\n{"level": "forged"}\u2028', extra={"note": "a\r\nb"})
    (line,) = lines()
    ours = [one for one in logging.getLogger("portal").handlers if not type(one).__module__.startswith("_pytest")]
    assert ours == [logs._HANDLER]
    assert line["level"] == "warning" and line["note"] == "a\r\nb"


@pytest.mark.parametrize(("hops", "seen"), [(0, "127.0.0.1"), (1, "198.51.100.7")])
def test_where_a_request_comes_from_is_believed_of_trusted_proxies_only(
    app: Flask, tmp_path: Path, hops: int, seen: str
) -> None:
    settings = replace(app.extensions["portal.settings"], trusted_proxies=hops, instance=tmp_path)
    made = factory.create_app(settings)
    found: list[str | None] = []
    made.before_request(lambda: found.append(factory.web.client_address()))
    forged = {
        "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
        "X-Real-IP": "203.0.113.9",
        "Forwarded": "for=203.0.113.9",
    }
    with made.app_context():
        made.test_client().get("/-/live", headers=forged)
        db.engine.dispose()
    assert found == [seen]

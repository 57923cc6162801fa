"""The addresses that programs look for."""

from datetime import datetime, timedelta

from flask.testing import FlaskClient

from tests.conftest import NOON


def test_security_txt_says_whom_to_tell_and_until_when_that_holds(client: FlaskClient) -> None:
    answer = client.get("/.well-known/security.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "http://localhost/contact"
    assert fields["Canonical"] == "http://localhost/.well-known/security.txt"
    until = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=170) < until - NOON < timedelta(days=365)
    assert client.get("/contact").status_code == 200


def test_a_password_manager_finds_the_page_that_changes_the_password(client: FlaskClient) -> None:
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer.location) == (302, "/profile/security/password")
    assert client.get(answer.location).location == "/login?next=/profile/security/password"


def test_robots_are_told_what_to_leave_alone_and_where_the_rest_is(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /admin/", "Disallow: /profile/", "Disallow: /search"} <= set(lines)
    assert {"Disallow: /login", "Disallow: /trial?"} <= set(lines), "there are as many as ways back"
    sitemaps = [line.removeprefix("Sitemap: http://localhost") for line in lines if line.startswith("Sitemap: ")]
    assert sitemaps == ["/sitemap.xml", "/sitemap-news.xml"]
    assert all(client.get(path).status_code == 200 for path in sitemaps)


def test_mining_is_reserved_everywhere_and_the_terms_say_so(client: FlaskClient) -> None:
    answer = client.get("/.well-known/tdmrep.json")
    assert answer.mimetype == "application/json"
    [rule] = answer.json
    assert (rule["location"], rule["tdm-reservation"]) == ("/", 1)
    terms = client.get(rule["tdm-policy"].removeprefix("http://localhost"))
    assert terms.mimetype == "text/html" and "fouille" in terms.text

"""Awkward input in every field of every address: refused in plain words, never a 500, and nothing opened by it.

The field that says where to go next gets addresses of other sites instead: no answer leads there.
"""

from collections.abc import Iterator
from itertools import product
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.db import end_reading
from tests.builders import a_reader
from tests.forms import sign_in, submit
from tests.guards.house import House, address, furnish

NAMES = (
    *("q", "page", "before", "next", "article", "at", "state", "source", "vertical", "verticals", "plan", "period"),
    *("price", "as", "kind", "from", "session_id", "email", "name", "company", "locale", "theme", "flow", "act"),
    *("reason", "until", "start", "days", "sure", "quantity", "step", "totals", "who", "country", "siren", "reader"),
    *("message", "subject", "topic", "phone", "seats", "text"),
    *("vat_number", "street", "postal_code", "city", "purchase_reference", "immediate", "terms", "organisation_id"),
    *("code", "mailed", "password", "letters", "saved", "quiet", "invitation", "organisation", "known", "addresses"),
    *("seen", "change", "recipient", "public_body", "titles", "interval", "terms_days", "grace_days", "valid_until"),
    *("note", "service_code", "commitment_number", "billing_email", "buyer_reads", "reference", "enquiry"),
)
ELSEWHERE = (
    *("//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"),
    *("https://evil.example", "\\\\evil.example", "///evil.example"),
)
JUNK = {
    "nul": "a\0b",
    "surrogate": "\ud800",
    "huge number": "-" + "9" * 31,
    "foreign figures": "٣²",
    "first instant": "0001-01-01T00:00+23:59",
    "long": "x" * 5_000,  # in every field: still under the limit of a body, so that each field meets its own
    "markup": "\"'><script>alert(1)</script>{{7*7}}%s%(x)s\u202e\ufffe",
}
SENT = {
    junk: {**dict.fromkeys(NAMES, text.encode("utf-8", "surrogatepass")), "next": elsewhere.encode()}
    for (junk, text), elsewhere in zip(JUNK.items(), ELSEWHERE, strict=True)
}


@pytest.mark.parametrize("who", ["manager", "admin"])
def test_junk_in_every_field_is_never_an_error_of_the_server(unguarded: Flask, who: str) -> None:
    house = furnish()
    assert list(_faults(unguarded, house, who)) == []


def _faults(app: Flask, house: House, who: str) -> Iterator[str]:
    """Every address that answered 500 or above or led to another site, with the junk that did it."""
    client, reader = app.test_client(), house.readers[who]
    routes = [(method, route) for route in app.url_map.iter_rules() for method in ("GET", "POST")]
    for junk, (method, route) in product(JUNK, routes):
        if method not in (route.methods or set()) or route.endpoint == "static":
            continue
        if reader is not None and "_user_id" not in _cookie(client):
            sign_in(client, reader)
        answer = _sent(client, method, address(app, route, house.known), SENT[junk])
        if answer.status_code >= 500 or _leads_off(answer):
            yield f"{method} {route.rule} with {junk}: {answer.status_code} {answer.location or ''}"


def _leads_off(answer: TestResponse) -> bool:
    parts = urlsplit(answer.location or "/")
    return parts.netloc not in ("", "localhost") or not parts.path.startswith("/") or parts.path.startswith("/\\")


def _cookie(client: FlaskClient) -> dict[str, str]:
    with client.session_transaction() as cookie:
        return dict(cookie)


def _sent(client: FlaskClient, method: str, path: str, fields: dict[str, bytes]) -> TestResponse:
    end_reading()
    return client.get(path, query_string=fields) if method == "GET" else client.post(path, data=fields)


def test_a_zero_byte_is_refused_like_any_control_character(client: FlaskClient) -> None:
    sign_in(client, a_reader())
    answer = submit(client, "/profile/identity", {"name": "Inès\0Garrigue"})
    assert answer.status_code == 422
    assert client.get("/search?q=a%00b").status_code == 200


def test_a_form_of_more_than_a_thousand_fields_is_refused(client: FlaskClient) -> None:
    assert client.post("/preferences", data={f"field{number}": "1" for number in range(1_001)}).status_code == 413
    assert client.post("/preferences", data={"locale": ["fr"] * 1_001}).status_code == 413
    assert client.post("/preferences", data={f"field{number}": "1" for number in range(1_000)}).status_code == 303

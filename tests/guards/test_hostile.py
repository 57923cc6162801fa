"""Hostile requests and what becomes of each: cookies, tokens, numbers, languages, methods, fields nobody asked for.

Texts that people type are in test_hostile_texts.py, what only a socket can send in test_wire.py; replayed cookies,
fixed sessions and links used twice are where signing in is tested, in tests/accounts.
"""

import re
from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import IntegerConverter

from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts import tokens
from portal.accounts.models import AccountToken, Reader, TokenPurpose
from portal.db import AnySession, writing
from portal.organisations.models import Manager, Seat
from portal.outbox import Mail
from portal.trials.dates import end_of_trial
from tests.builders import a_grant, a_reader, a_vertical
from tests.conftest import NOON
from tests.forms import sign_in, submit
from tests.guards.house import address, furnish

PASSWORD, OTHER = "quatre mots sans rapport", "trois chevaux bleus courent"
ADDRESS = "claire@clinique.example.org"


def is_signed_in(client: FlaskClient, cookies: str) -> bool:
    return client.get("/profile/", headers={"Cookie": cookies}).status_code == 200


@pytest.mark.parametrize("planted", ["session=planted", "session=", "session={}"])
def test_two_cookies_of_the_session_s_name_are_nobodys(app: Flask, client: FlaskClient, planted: str) -> None:
    sign_in(client, a_reader())
    own, stranger = f"session={client.get_cookie('session').value}", app.test_client(use_cookies=False)  # type: ignore[union-attr]
    planted = planted.replace("{}", own.removeprefix("session="))
    assert is_signed_in(stranger, own)
    assert not is_signed_in(stranger, f"{own}; {planted}")
    assert not is_signed_in(stranger, f"{planted}; {own}")


COOKIES = [
    "session",
    "=; ;;=;",
    "session=" + "x" * 4096,
    'session="\\000\\"; device="; theme=\\; locale=%00',
    "session=é\xff; device=\xfe; locale=en\xad; theme=\x80",
    "device=WyJhIiwiYiJd.x; session=.eJwrSS0uUS.x.y",
    "; ".join(f"c{number}={number}" for number in range(500)),
]


@pytest.mark.parametrize("cookies", COOKIES)
def test_cookies_of_any_shape_are_a_strangers(app: Flask, cookies: str) -> None:
    stranger = app.test_client(use_cookies=False)
    assert not is_signed_in(stranger, cookies)
    answer = stranger.get("/login", headers={"Cookie": cookies})
    assert answer.status_code == 200 and 'lang="fr"' in answer.text


PAGES = {
    TokenPurpose.CONFIRM_ADDRESS: "/confirm-address/",
    TokenPurpose.RESET_PASSWORD: "/reset/",
    TokenPurpose.LEAVE_ADDRESS: "/confirm-address/leave/",
    TokenPurpose.TAKE_ADDRESS: "/confirm-address/take/",
    TokenPurpose.SECOND_STEP: "",
    "register": "/confirm/",
    "offers": "/trial/offers/",
}


@pytest.mark.parametrize("purpose", TokenPurpose)
def test_a_token_opens_no_page_of_another_purpose(
    client: FlaskClient, session: AnySession, purpose: TokenPurpose
) -> None:
    reader = a_reader(confirmed=False)
    with writing() as unit:
        token = tokens.issue(unit, reader, purpose)
    for page in {page for other, page in PAGES.items() if page and other is not purpose}:
        assert client.get(page + token).status_code in (404, 410), page
        sent = {"password": PASSWORD}
        assert submit(client, page + token, sent, page="/login").status_code in (404, 410), page
    session.rollback()
    assert session.scalars(select(AccountToken)).one().used_at is None
    assert (reader.confirmed_at, reader.password_hash) == (None, None)


def test_a_link_of_a_registration_opens_no_page_of_an_account(client: FlaskClient, session: AnySession) -> None:
    submit(client, "/register", {"email": ADDRESS, "password": PASSWORD})
    token = _token_of_mail(session)
    for page in {page for other, page in PAGES.items() if page and other != "register"}:
        assert client.get(page + token).status_code in (404, 410), page
    assert client.get(f"/confirm/{token}").status_code == 200


def _token_of_mail(session: AnySession) -> str:
    found = re.search(r"/confirm/([\w-]+)", session.scalars(select(Mail.text).order_by(Mail.id.desc())).first() or "")
    assert found
    return found[1]


# What no form asks for, in the names it has here, in the database, and elsewhere.
YES = ("is_admin", "admin", "staff", "verified", "is_active", "confirmed", "email_confirmed", "second_factor", "sure")
LATE = ("trial_end", "ends_at", "grace_until", "confirmed_at", "created_at", "expires_at")
OTHERS = (
    "id",
    "reader_id",
    "organisation_id",
    "email_key",
    "person_key",
    "company_key",
    "password_hash",
    "suspended_at",
)
WISHES = dict.fromkeys(YES, "1") | dict.fromkeys(LATE, "2099-01-01T00:00:00") | dict.fromkeys(OTHERS, "1")
WISHES |= {
    "role": "admin",
    "roles": "admin",
    "permissions": "change-grants",
    "plan": "all",
    "seats": "99",
    "price": "0",
}
WHO = {"name": "Claire Dubreuil", "email": ADDRESS, "company": "Clinique"}
FORMS: list[tuple[str, str, dict[str, Any]]] = [
    ("/profile/identity", "", {"name": "Claire", "company": "", "locale": "fr", "theme": "auto"}),
    ("/profile/newsletters", "", {}),
    ("/profile/address", "", {"email": "claire@perso.example.org"}),
    ("/profile/security/password", "", {"password": OTHER}),
    ("/profile/data", "", {}),
    ("/preferences", "/profile/identity", {"locale": "en", "theme": "dark"}),
    ("/login/again", "", {"password": PASSWORD}),
    ("/contact", "", WHO | {"topic": "newsroom", "message": "Une date est fausse."}),
    ("/research", "", WHO | {"message": "Un panorama."}),
    ("/help/access/address", "/help/access", {"email": "claire@perso.example.org"}),
]


@pytest.mark.parametrize(("act", "page", "form"), FORMS)
def test_rights_sent_along_with_a_form_are_ignored(
    client: FlaskClient, session: AnySession, act: str, page: str, form: dict[str, Any]
) -> None:
    reader = a_reader(ADDRESS, password=PASSWORD)
    a_grant(reader, source=Source.TRIAL)
    sign_in(client, reader)
    before = _standing(session, reader.id)
    assert submit(client, act, {**WISHES, **form}, page=page or act).status_code == 303
    assert _standing(session, reader.id) == before


def _standing(session: AnySession, reader_id: int) -> dict[str, Any]:
    """Everything that decides about a reader, and everything they hold."""
    session.rollback()
    reader = session.get_one(Reader, reader_id, populate_existing=True)
    keys = ("id", "email", "email_key", "person_key", "company_key")
    state = ("role", "created_at", "confirmed_at", "suspended_at")
    rights = select(Grant.id, Grant.source, Grant.ends_at, Grant.grace_until, Grant.revoked_at)
    held = [list(map(tuple, session.execute(rows))) for rows in (rights, select(Seat.id), select(Manager.id))]
    return {name: getattr(reader, name) for name in (*keys, *state)} | {"held": held}


def test_a_trial_is_as_long_as_every_other_whatever_is_sent_along(client: FlaskClient, session: AnySession) -> None:
    a_vertical()
    wanted = {**WISHES, "email": ADDRESS, "password": PASSWORD, "verticals": ["health"]}
    assert submit(client, "/trial", wanted).status_code == 303
    token = _token_of_mail(session)
    assert submit(client, f"/confirm/{token}", WISHES).status_code == 303
    grant = session.scalars(select(Grant)).one()
    assert (grant.source, grant.ends_at, grant.grace_until) == ("trial", end_of_trial(NOON), None)
    reader = session.get_one(Reader, grant.reader_id)
    assert (reader.role, reader.email, reader.confirmed_at, reader.created_at) == ("reader", ADDRESS, NOON, NOON)


def test_a_number_that_is_no_id_is_not_found(unguarded: Flask) -> None:
    house, client = furnish(), unguarded.test_client()
    assert house.readers["admin"]
    sign_in(client, house.readers["admin"])
    answers = {}
    for route, number in product(unguarded.url_map.iter_rules(), ("0", str(2**31), str(2**63), str(10**30))):
        if any(isinstance(part, IntegerConverter) for part in route._converters.values()):
            path = re.sub(r"<int:\w+>", number, route.rule)
            for method in {"GET", "POST"} & (route.methods or set()):
                answers[method, path] = client.open(path, method=method).status_code
    assert len(answers) > 60 and set(answers.values()) == {404}, answers
    assert client.get("/admin/readers/" + "9" * 5_000).status_code == 404  # Python reads no number that long


LANGUAGES = [
    *("*", ";;;,,,", "fr;q=nan", "en;q=inf", "en;q=-1", "en;q=1e999", "fr;q=٣", "q=1", "-", "en-" + "x" * 200),
    *("x" * 100_000, ",".join(["en"] * 5_000), "\xff\xfe", "en\xad", "../../etc/passwd", "{{7*7}}", "fr\x00"),
]


def test_a_language_nobody_speaks_gets_one_that_we_do(client: FlaskClient) -> None:
    for wish in LANGUAGES:
        answer = client.get("/login", headers={"Accept-Language": wish})
        assert answer.status_code == 200, wish
        assert re.search(r'<html lang="(fr|en)"', answer.text), wish


METHODS = ("TRACE", "TRACK", "PROPFIND", "CONNECT", "PATCH", "DELETE", "BREW")


def test_methods_nobody_offers_are_refused_at_every_address(app: Flask) -> None:
    house, addresses = furnish(), app.url_map.bind("localhost")
    for route, method in product(app.url_map.iter_rules(), METHODS):
        with pytest.raises(MethodNotAllowed):
            addresses.match(address(app, route, house.known), method=method)


@pytest.mark.parametrize("method", METHODS)
def test_a_refused_method_echoes_nothing(client: FlaskClient, method: str) -> None:
    answer = client.open("/login", method=method, headers={"X-Secret": "a word of mine", "Cookie": "x=another word"})
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]
    assert "a word of mine" not in answer.text and "another word" not in answer.text


FIELD = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
TOO_MUCH = {
    "ten megabytes": ("application/x-www-form-urlencoded", b"a=" + b"x" * 10_000_000),
    "ten megabytes in a part": ("multipart/form-data; boundary=x", FIELD[:-3] + b"x" * 10_000_000 + b"\r\n--x--\r\n"),
    "twenty thousand fields": ("application/x-www-form-urlencoded", b"a=1&" * 20_000),
    "twenty thousand parts": ("multipart/form-data; boundary=x", FIELD * 20_000 + b"--x--\r\n"),
}


@pytest.mark.parametrize("page", ["/login", "/register", "/trial", "/contact", "/preferences"])
def test_a_form_that_is_far_too_large_is_refused_before_anything_reads_it(unguarded: Flask, page: str) -> None:
    client = unguarded.test_client()
    answers = {what: client.post(page, data=body, content_type=kind) for what, (kind, body) in TOO_MUCH.items()}
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(TOO_MUCH, 413)


def test_a_webhook_that_is_far_too_large_is_refused(client: FlaskClient) -> None:
    assert client.post("/stripe/webhook", data=b"x" * 10_000_000).status_code == 413

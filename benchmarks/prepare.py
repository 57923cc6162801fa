"""A database with the demo articles and one signed-in reader on trial; prints what the load needs, as JSON."""

import contextvars
import json
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from portal import clock
from portal.access import grants
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts import sessions
from portal.accounts.identity import email_key, person_key
from portal.accounts.models import Reader
from portal.content import demo
from portal.db import AnySession, writing
from portal.factory import create_app
from portal.settings import ROOT
from portal.verticals import Vertical

ARTICLE = "/health/article/donnees-de-sante-guichet-unique-trente-jours"
EMAIL = "lectrice@example.org"
HOUSE = "https://127.0.0.1"


def prepare(app: Flask) -> dict[str, str]:
    """Fill the database; returns the article's address and the Cookie header of a reader who may read it."""
    upgrade(directory=str(ROOT / "migrations"))
    with writing() as unit:
        demo.load(unit, ROOT / "demo", clock.now())
        token = sessions.open_session(unit, _on_trial(unit), "Benchmark")
    known = {"article": ARTICLE, "cookie": cookie(app, token)}
    check(app, known)
    return known


def cookie(app: Flask, token: str) -> str:
    """The Cookie header of a session, signed as the portal signs its own."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    value = signer.dumps({"_user_id": token, "_fresh": True, "csrf_token": "0" * 40})
    return f"{app.config['SESSION_COOKIE_NAME']}={value}"


def check(app: Flask, known: dict[str, str]) -> None:
    """Raise SystemExit when the cookie opens nothing: a preview would be measured, and nobody would notice."""
    client = signed_in(app, known["cookie"])
    answer = contextvars.Context().run(client.get, known["article"], base_url=HOUSE)
    if "private" not in answer.headers["Cache-Control"]:
        raise SystemExit("The reader of the benchmark is not let in.")


def signed_in(app: Flask, cookie: str) -> FlaskClient:
    """A browser that sends this cookie. Ask for pages with `base_url=HOUSE`: the cookie is for TLS only."""
    name, _, value = cookie.partition("=")
    client = app.test_client()
    client.set_cookie(name, value, domain=HOUSE.rpartition("/")[2], secure=True)
    return client


def reader(unit: AnySession, email: str) -> Reader:
    """An account with a confirmed address and no right."""
    now = clock.now()
    made = Reader(
        email=email,
        email_key=email_key(email),
        person_key=person_key(email, "benchmark"),
        name="Anne Lectrice",
        created_at=now,
        confirmed_at=now,
    )
    unit.add(made)
    unit.flush()
    return made


def _on_trial(unit: AnySession) -> Reader:
    now, tries = clock.now(), reader(unit, EMAIL)
    vertical = unit.query(Vertical).filter_by(slug="health").one()
    unit.add(
        Grant(
            act_id=grants.new_act(),
            reader_id=tries.id,
            vertical_id=vertical.id,
            source=Source.TRIAL,
            starts_at=now,
            ends_at=now + timedelta(days=10),
            created_at=now,
        )
    )
    return tries


if __name__ == "__main__":
    application = create_app()
    with application.app_context():
        print(json.dumps(prepare(application)))

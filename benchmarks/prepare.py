"""A database with the demo articles and one signed-in reader on trial; prints what the load needs, as JSON."""

import json
from datetime import timedelta

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
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


def prepare(app: Flask) -> dict[str, str]:
    """Fill the database; returns the article's address and the Cookie header of a reader who may read it."""
    upgrade(directory=str(ROOT / "migrations"))
    with writing() as unit:
        demo.load(unit, ROOT / "demo", clock.now())
        token = sessions.open_session(unit, _reader(unit), "Benchmark")
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    value = signer.dumps({"_user_id": token, "_fresh": True, "csrf_token": "0" * 40})
    return {"article": ARTICLE, "cookie": f"{app.config['SESSION_COOKIE_NAME']}={value}"}


def _reader(unit: AnySession) -> Reader:
    now = clock.now()
    reader = Reader(
        email=EMAIL,
        email_key=email_key(EMAIL),
        person_key=person_key(EMAIL, "benchmark"),
        name="Anne Lectrice",
        created_at=now,
        confirmed_at=now,
    )
    unit.add(reader)
    unit.flush()
    vertical = unit.query(Vertical).filter_by(slug="health").one()
    unit.add(
        Grant(
            act_id=grants.new_act(),
            reader_id=reader.id,
            vertical_id=vertical.id,
            source=Source.TRIAL,
            starts_at=now,
            ends_at=now + timedelta(days=10),
            created_at=now,
        )
    )
    return reader


if __name__ == "__main__":
    application = create_app()
    with application.app_context():
        print(json.dumps(prepare(application)))

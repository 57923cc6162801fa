"""The stand-in as a WSGI application: the API, the pages, the controls."""

from __future__ import annotations

from flask import Flask, Response

from portal.sandbox import control, pages, wire
from portal.sandbox.desk import Desk
from portal.sandbox.wirelog import WireLog

LARGEST_BODY = 1_048_576


def create_app(desk: Desk, log: WireLog) -> Flask:
    """Wire the three parts around one desk."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.register_blueprint(wire.blueprint(desk, log))
    app.register_blueprint(control.blueprint(desk))
    app.register_blueprint(pages.blueprint(desk))
    app.after_request(_harden)
    return app


def _harden(response: Response) -> Response:
    """Headers of every answer; pages bring their own policy, which names where they may lead."""
    response.headers.setdefault("Content-Security-Policy", BARE_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


BARE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

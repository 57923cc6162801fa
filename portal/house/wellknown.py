"""Addresses that programs look for: whom to tell about a weakness (RFC 9116), where a password is changed, what robots
should leave alone (RFC 9309), and that text and data mining is reserved (W3C's TDM Reservation Protocol)."""

from datetime import timedelta

from flask import Blueprint, Response, jsonify, redirect
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.web import PUBLIC, absolute, allow

blueprint = Blueprint("wellknown", __name__)
_HOLDS = timedelta(days=180)
CLOSED = ("/admin/", "/profile/", "/billing/", "/organisation/", "/dev/", "/search", "/login", "/register", "/trial?")
"""Nothing here is a secret: these pages are one person's, or have as many addresses as there are ways to them."""


@blueprint.get("/.well-known/security.txt")
@allow(PUBLIC)
def security_txt() -> Response:
    """Who wants to hear about weaknesses; it says until when it holds, so that an abandoned site stops claiming it."""
    until = clock.paris_midnight(clock.paris_date(clock.now()) + _HOLDS)
    lines = (
        f"Contact: {absolute('/contact')}",
        f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {absolute('/.well-known/security.txt')}",
    )
    return _text(*lines)


def _text(*lines: str) -> Response:
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/.well-known/change-password")
@allow(PUBLIC)
def change_password() -> BaseResponse:
    """Password managers come here; the page itself asks to sign in."""
    return redirect("/profile/security/password", 302)


@blueprint.get("/robots.txt")
@allow(PUBLIC)
def robots_txt() -> Response:
    """What search engines should leave alone, and where they find everything else."""
    closed = [f"Disallow: {path}" for path in CLOSED]
    sitemaps = [f"Sitemap: {absolute(path)}" for path in ("/sitemap.xml", "/sitemap-news.xml")]
    reserved = f"# Text and data mining is reserved: {absolute('/.well-known/tdmrep.json')}"
    return _text("User-agent: *", *closed, "", *sitemaps, "", reserved)


@blueprint.get("/.well-known/tdmrep.json")
@allow(PUBLIC)
def tdmrep() -> Response:
    """Everything here is reserved; the terms of use say so in words, and that one may ask."""
    rule = {"location": "/", "tdm-reservation": 1, "tdm-policy": absolute("/legal/terms-of-use")}
    return jsonify([rule])

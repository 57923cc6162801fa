"""What cookies are called and how they are set: behind TLS each is tied to this very host, and none is for scripts."""

from flask import Response, current_app, request
from werkzeug.wrappers import Response as BaseResponse

PREFIX = "__Host-"
"""Browsers take such a cookie only over TLS, for this host and its root: no sub-domain and no plain page can set it."""
YEAR = 365 * 24 * 3600  # seconds


def named(name: str, *, secure: bool) -> str:
    """The name of a cookie where the site is served over TLS, and where it is not."""
    return PREFIX + name if secure else name


def called(name: str) -> str:
    """The name of a cookie here."""
    return named(name, secure=bool(current_app.config["SESSION_COOKIE_SECURE"]))


def read(name: str) -> str | None:
    """What the visitor's browser sent; a missing one costs no exception."""
    cookies, full = request.cookies, called(name)
    return cookies[full] if full in cookies else None  # noqa: SIM401 - .get raises and catches inside


def keep(response: Response | BaseResponse, name: str, value: str, *, seconds: int = YEAR) -> None:
    """Set a cookie, sent to this site only and hidden from scripts."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(called(name), value, max_age=seconds, secure=secure, httponly=True, samesite="Lax")

"""Flask without what it repeats at every request here: the same answers, found with less work.

A signed-in page costs mostly bookkeeping: wrapping functions that are not asynchronous, checking the signature of a
cookie checked a second ago, parsing `Vary` to add a word, looking up one person a dozen times. Nothing here decides.
"""

import gc
import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, g
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import current_user
from werkzeug.datastructures import Headers

from portal.moulds import Shelf

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SECONDS = 60.0  # how long a cookie's checked signature is remembered
_MOST = 10_000
_PLAIN = (str, bool, int, type(None))

StartResponse = Callable[..., Any]


class KnownCookies(SecureCookieSessionInterface):
    """Sessions in signed cookies; a cookie whose signature was checked within the minute is not checked again."""

    digest_method = staticmethod(hashlib.sha256)

    def __init__(self) -> None:
        self._known: Shelf[dict[str, Any]] = Shelf(_MOST, _SECONDS)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie says, when its signature holds.

        Two cookies of its name are nobody's: one of them may have been planted beside the other.
        """
        values = request.cookies.getlist(self.get_cookie_name(app)) if request.cookies else []
        value = values[0] if len(values) == 1 else None
        if not value:
            return self.session_class()
        known = self._known.get((app.secret_key, value))
        if known is not None:
            return self.session_class(known)
        opened = super().open_session(app, request)
        if opened and all(isinstance(item, _PLAIN) for item in opened.values()):
            self._known.put((app.secret_key, value), dict(opened))
        return opened

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie when something in it changed."""
        if session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            vary(response, "Cookie")


class LeanResponse(Response):
    """A response whose headers are sent as they are: one that moves nobody and is whole needs none corrected."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """The headers, copied and corrected only where Werkzeug would change something."""
        headers = self.headers
        if self.status_code < 200 or self.status_code in (204, 304) or "Content-Length" not in headers:
            return super().get_wsgi_headers(environ)
        if "Location" in headers or "Content-Location" in headers:
            return super().get_wsgi_headers(environ)
        return headers


class LeanFlask(Flask):
    """Flask for an application whose views are all synchronous."""

    response_class = LeanResponse
    session_interface = KnownCookies()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: no view here is asynchronous."""
        return func


class FixedHeaders:
    """Puts the same headers on every answer, unless the answer says otherwise; errors and static files included."""

    def __init__(self, inner: Callable[..., Any], headers: Callable[[], dict[str, str]]) -> None:
        self.inner, self.headers = inner, headers
        self._made: list[tuple[str, str, str]] | None = None

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, told: list[tuple[str, str]], *more: Any) -> Any:
            present = {name.lower() for name, _value in told}
            fixed = [(name, value) for lower, name, value in self._fixed() if lower not in present]
            return start_response(status, [*told, *fixed], *more)

        answer: Iterable[bytes] = self.inner(environ, start)
        return answer

    def _fixed(self) -> list[tuple[str, str, str]]:
        if self._made is None:
            self._made = [(name.lower(), name, value) for name, value in self.headers().items()]
        return self._made


def collect_rarely() -> None:
    """Leave what was made at the start out of garbage collection, and look for garbage less often.

    Templates, statements and rules live as long as the process; looking through them at every few requests found
    nothing and cost a tenth of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def vary(response: Response, name: str) -> None:
    """Add a name to Vary without parsing what is there."""
    present = response.headers.get("Vary")
    if present is None:
        response.headers["Vary"] = name
    elif name.lower() not in present.lower():
        response.headers["Vary"] = f"{present}, {name}"


def visitor() -> Any:
    """Whoever asks (Flask-Login's current user), found once per request."""
    found = getattr(g._get_current_object(), "_login_user", None)
    return found if found is not None else current_user._get_current_object()

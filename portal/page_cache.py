"""Public pages kept for a few seconds, for visitors without a session: answered before the application is woken.

Only what a view offers (`may_keep`) is kept, only as a plain 200 that sets no cookie, and never longer than until the
instant at which the answer would change. A request that carries a session's cookie never meets this cache. What
belongs to the key is all that such a page depends on: host, path, query, language, theme and encoding.
"""

import hashlib
import secrets
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, request
from werkzeug.http import parse_cookie

from portal import clock, cookies
from portal.i18n import COOKIE as LOCALE_COOKIE
from portal.i18n import LOCALES, LONGEST_WISH, spoken
from portal.moulds import Shelf

KEPT_FOR = timedelta(seconds=5)
MOST_PAGES = 512
MOST_BYTES = 300_000
_LONGEST_ADDRESS = 300
_THEMES = ("light", "dark")
_OFFER = "portal.public_until"
_OWN_HEADERS = frozenset({"x-request-id", "date"})

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
WSGI = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def may_keep(until: datetime | None = None) -> None:
    """Offer the answer of this request, given to somebody who is not signed in, until this instant at most."""
    request.environ[_OFFER] = until or datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Page:
    """A kept answer."""

    body: bytes
    headers: Headers
    tag: str
    since: datetime
    until: datetime


class PageCache:
    """The door before the application."""

    def __init__(self, inner: WSGI, *, secure: bool, enabled: bool) -> None:
        self.inner, self.enabled = inner, enabled
        self.session, self.locale, self.theme = (
            cookies.named(name, secure=secure) for name in ("session", LOCALE_COOKIE, "theme")
        )
        self.pages: Shelf[_Page] = Shelf(MOST_PAGES, KEPT_FOR.total_seconds())

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        key = self._key(environ) if self.enabled else None
        if key is None:
            return self.inner(environ, start_response)
        page = self.pages.get(key)
        if page is not None and page.since <= clock.now() < page.until:
            return _answer(page, environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            return self.inner(environ, start_response)
        return self._asked(key, environ, start_response)

    def _key(self, environ: dict[str, Any]) -> Hashable | None:
        """What the page depends on; None for requests that are none of this cache's business."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or "HTTP_RANGE" in environ:
            return None
        sent = environ.get("HTTP_COOKIE", "")
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        if self.session in sent or len(path) + len(query) > _LONGEST_ADDRESS:
            return None
        chosen = parse_cookie(sent) if sent else {}
        locale, theme = chosen.get(self.locale), chosen.get(self.theme)
        if locale not in LOCALES:
            locale = spoken(environ.get("HTTP_ACCEPT_LANGUAGE", "")[:LONGEST_WISH])
        packed = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
        place = (environ.get("wsgi.url_scheme"), environ.get("HTTP_HOST"), path, query)
        return (*place, locale, theme if theme in _THEMES else "auto", packed)

    def _asked(self, key: Hashable, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        told: list[Any] = []

        def listen(status: str, headers: Headers, *more: Any) -> Any:
            told[:] = [status, headers]
            return start_response(status, headers, *more)

        answer = self.inner(environ, listen)
        until = environ.get(_OFFER)
        if until is None or not _keepable(*told):
            return answer
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        if len(body) <= MOST_BYTES:
            self._keep(key, body, told[1], until)
        return [body]

    def _keep(self, key: Hashable, body: bytes, headers: Headers, until: datetime) -> None:
        now = clock.now()
        tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        kept = [(name, value) for name, value in headers if name.lower() not in _OWN_HEADERS]
        self.pages.put(key, _Page(body, [*kept, ("ETag", tag)], tag, now, min(until, now + KEPT_FOR)))


def _keepable(status: str, headers: Headers) -> bool:
    """A plain answer that may be shared and sets no cookie."""
    known = {name.lower(): value for name, value in headers}
    shared = known.get("cache-control", "").startswith("public")
    return status.startswith("200") and shared and "set-cookie" not in known and "etag" not in known


def _answer(page: _Page, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    own = ("X-Request-Id", secrets.token_hex(6))
    if page.tag in environ.get("HTTP_IF_NONE_MATCH", ""):
        headers = [(name, value) for name, value in page.headers if name not in ("Content-Length", "Content-Type")]
        start_response("304 NOT MODIFIED", [*headers, own])
        return []
    start_response("200 OK", [*page.headers, own])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]


def init_app(app: Flask) -> None:
    """Stand before the application; call last. Tests switch it on by themselves."""
    cache = PageCache(app.wsgi_app, secure=app.config["SESSION_COOKIE_SECURE"], enabled=not app.config["TESTING"])
    app.extensions["portal.page_cache"] = cache
    app.wsgi_app = cache  # type: ignore[method-assign]

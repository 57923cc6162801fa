"""Every error as a page that says what to do next; a static one when even the database is gone."""

import logging
import sqlite3
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, make_response, render_template, request
from markupsafe import escape
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import HTTPException, SecurityError

from portal import refusals
from portal.assets import STATIC
from portal.content import lists
from portal.db import db
from portal.throttle import Throttled
from portal.web import UNSAFE, own_path, request_id

log = logging.getLogger(__name__)
_PAGES = {403, 404, 410, 422, 429, 500, 503}
_WORTH_COMING_BACK = {422, 429, 503}
MOST_FIELDS = 1000
RECENT = 4
_TOLD = {400, 403, 413, 429}  # refusals that somebody who looks for holes meets
_BUSY = ("database is locked", "lock timeout", "could not serialize", "deadlock detected")
_GONE = ("unable to open database file", "disk I/O error")
_DATABASE = (OperationalError, sqlite3.OperationalError)  # portal.prepared reads SQLite through its own driver
_SOON, _LATER = 5, 30  # seconds: a lock is short, a database that does not answer is not


def init_app(app: Flask) -> None:
    """Bind the handlers, and put in order what was sent before a view reads it."""
    app.before_request(_tidy)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Throttled, _throttled)
    for failure in _DATABASE:
        app.register_error_handler(failure, _database_error)
    app.register_error_handler(Exception, _unforeseen)


def _tidy() -> None:
    """Zero bytes, which PostgreSQL keeps in no text, become U+0001, which forms refuse like any control character."""
    if b"%00" in request.query_string:
        request.args = _without_zero(request.args)
    if request.method in UNSAFE and request.form:
        if sum(len(values) for values in request.form.listvalues()) > MOST_FIELDS:
            abort(413)
        request.form = _without_zero(request.form)


def _without_zero(sent: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    pairs = sent.items(multi=True)
    return ImmutableMultiDict((name.replace("\0", "\x01"), text.replace("\0", "\x01")) for name, text in pairs)


def _http_error(error: HTTPException) -> Response:
    if error.code in _TOLD:
        _note_refusal(error.code, error)
    if isinstance(error, SecurityError):
        # The host is not ours: no page can be built for it, since none of its addresses would be.
        g.private = True
        return Response("This host is not served here.\n", 400, mimetype="text/plain")
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())
    wait = getattr(error, "retry_after", None)
    context: dict[str, Any] = {"retry_after": wait if isinstance(wait, int) else None}
    if error.code == 404:
        context["recent"] = _recent()
    elif error.code == 403:
        context["refusal"] = refusals.of(error)
    else:
        context["reason"] = refusals.reason(error.code)
    return page(error.code, headers=dict(error.get_headers()), **context)


def _recent() -> list[lists.Headline]:
    """The latest articles, for whoever looked for a page; none for missing files, and none when they cannot be read."""
    if request.path.startswith(("/static/", "/assets/")):
        return []
    try:
        return lists.latest(RECENT)
    except (DBAPIError, sqlite3.Error):
        _let_go()
        return []


def _note_refusal(status: int, error: Exception) -> None:
    """A line for the log: what was refused is in the line of the request, under the same id."""
    why = {"request_id": request_id(), "status": status, "why": type(error).__name__}
    log.info("request refused", extra=why)


def _throttled(error: Throttled) -> Response:
    _note_refusal(429, error)
    return page(429, retry_after=error.retry_after, headers={"Retry-After": str(error.retry_after)})


def _database_error(error: OperationalError | sqlite3.OperationalError) -> Response:
    _let_go()
    if any(word in str(error) for word in _BUSY):
        log.warning("database busy", extra={"request_id": request_id()})
        return _back_soon(_SOON)
    if _unreachable(error):
        log.error("database unreachable", extra={"request_id": request_id()}, exc_info=error)
        return _back_soon(_LATER)
    return _unforeseen(error)


def _unreachable(error: OperationalError | sqlite3.OperationalError) -> bool:
    """True when it is the database that is missing, not a statement that is wrong."""
    if isinstance(error, OperationalError) and (error.statement is None or error.connection_invalidated):
        return True
    return any(word in str(error) for word in _GONE)


def _back_soon(seconds: int) -> Response:
    return page(503, retry_after=seconds, headers={"Retry-After": str(seconds)})


def _unforeseen(error: Exception) -> Response:
    log.exception("unforeseen error", extra={"request_id": request_id()}, exc_info=error)
    _let_go()
    return page(500, reference=request_id())


def _let_go() -> None:
    """Give the transaction up; a connection that is gone cannot be asked to."""
    with suppress(DBAPIError):
        db.session.rollback()


def page(status: int, headers: dict[str, str] | None = None, **context: object) -> Response:
    """The page of an error status; the static one when rendering fails too."""
    template = status if status in _PAGES else (422 if status < 500 else 500)
    g.no_way_back = status not in _WORTH_COMING_BACK
    g.pop("ui", None)
    context = {"request_id": request_id(), "status": status, "back_url": _back(), **context}
    try:
        response = make_response(render_template(f"errors/{template}.html", **context), status)
    except Exception as error:
        log.exception("error page failed", extra={"request_id": request_id()})
        _let_go()
        response = _plain(503 if isinstance(error, _DATABASE) else max(status, 500))
    for name in ("Retry-After", "Allow", "Location"):
        if headers and name in headers:
            response.headers[name] = headers[name]
    g.private = request.method != "GET" or response.status_code >= 500
    return response


def _plain(status: int) -> Response:
    """The page that needs nothing: no database, no template, no language to choose."""
    reference = f'<p class="reference">Référence · Reference: <code>{escape(request_id())}</code></p>'
    response = Response(_static_page().replace("<!-- reference -->", reference), status, mimetype="text/html")
    if status == 503:
        response.headers["Retry-After"] = str(_LATER)
    return response


@cache
def _static_page() -> str:
    return (STATIC / "errors" / "500.html").read_text(encoding="utf-8")


def _back() -> str:
    """Where to try again: this page, or the page its form stood on; nothing when neither can be opened."""
    if request.method in ("GET", "HEAD"):
        return own_path(request.full_path.rstrip("?"), "")
    with suppress(ValueError):
        source = urlsplit(request.referrer or "")
        if source.netloc == request.host:
            return own_path(source._replace(scheme="", netloc="", fragment="").geturl(), "")
    rule = request.url_rule
    return own_path(request.path, "") if rule and "GET" in (rule.methods or set()) else ""

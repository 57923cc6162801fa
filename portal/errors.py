"""Every error as a page that says what to do next; a static one when even the database is gone."""

import logging

from flask import Flask, Response, abort, g, make_response, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import HTTPException, SecurityError

from portal.assets import STATIC
from portal.db import db
from portal.throttle import Throttled
from portal.web import UNSAFE, request_id

log = logging.getLogger(__name__)
_PAGES = {403, 404, 410, 422, 429, 500, 503}
MOST_FIELDS = 1000
_BUSY = ("database is locked", "lock timeout", "could not serialize", "deadlock detected")


def init_app(app: Flask) -> None:
    """Bind the handlers, and put in order what was sent before a view reads it."""
    app.before_request(_tidy)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Throttled, _throttled)
    app.register_error_handler(OperationalError, _database_error)
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
    if isinstance(error, SecurityError):
        # The host is not ours: no page can be built for it, since none of its addresses would be.
        g.private = True
        return Response("This host is not served here.\n", 400, mimetype="text/plain")
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())
    wait = getattr(error, "retry_after", None)
    return page(error.code, retry_after=wait if isinstance(wait, int) else None, headers=dict(error.get_headers()))


def _throttled(error: Throttled) -> Response:
    return page(429, retry_after=error.retry_after, headers={"Retry-After": str(error.retry_after)})


def _database_error(error: DBAPIError) -> Response:
    db.session.rollback()
    if any(word in str(error.orig) for word in _BUSY):
        log.warning("database busy", extra={"request_id": request_id()})
        return page(503, retry_after=5, headers={"Retry-After": "5"})
    return _unforeseen(error)


def _unforeseen(error: Exception) -> Response:
    log.exception("unforeseen error", extra={"request_id": request_id()}, exc_info=error)
    db.session.rollback()
    return page(500, reference=request_id())


def page(status: int, headers: dict[str, str] | None = None, **context: object) -> Response:
    """The page of an error status; the static one when rendering fails too."""
    template = status if status in _PAGES else (422 if status < 500 else 500)
    context = {"request_id": request_id(), "status": status, **context}
    try:
        response = make_response(render_template(f"errors/{template}.html", **context), status)
    except Exception:
        log.exception("error page failed", extra={"request_id": request_id()})
        response = make_response((STATIC / "errors" / "500.html").read_bytes(), max(status, 500))
        response.mimetype = "text/html"
    for name in ("Retry-After", "Allow", "Location"):
        if headers and name in headers:
            response.headers[name] = headers[name]
    g.private = request.method != "GET" or status >= 500
    return response

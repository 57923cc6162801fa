"""Logs as JSON lines in UTC: a request id, a reader's id, never a password, token, cookie or address."""

import json
import logging
from typing import Any

from flask import Flask, Response, g, request

from portal import clock
from portal.lean import visitor

_ENCODE = json.JSONEncoder(default=str).encode  # in ASCII: no sign that any reader takes for the end of a line
_HANDLER = logging.StreamHandler()
_PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One line of JSON per record; what a caller gave in `extra` stands beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": clock.wall().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in record.__dict__.items() if key not in _PLAIN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _ENCODE(line)


def init_app(app: Flask) -> None:
    """Write this app's logs as JSON lines, and one line per request in production."""
    _HANDLER.setFormatter(JsonLines())
    root = logging.getLogger("portal")
    root.handlers = [_HANDLER]
    root.setLevel(logging.INFO)
    root.propagate = app.testing
    if app.extensions["portal.settings"].production:
        app.before_request(_start)
        app.after_request(_access_line)


def _start() -> None:
    g.started = clock.monotonic()


def _access_line(response: Response) -> Response:
    """One line per request, written straight to the log: the logging machinery cost a fifth of a page."""
    from portal.web import request_id

    asked, person = request, visitor()
    line = {
        "at": clock.wall().isoformat(timespec="milliseconds"),
        "level": "info",
        "logger": "portal.access_log",
        "message": f"{asked.method} {asked.endpoint or 'unknown'}",
        "request_id": request_id(),
        "status": response.status_code,
        "reader_id": person.id if person.is_authenticated else None,
        "ms": round((clock.monotonic() - g.started) * 1000, 1) if "started" in g else None,
    }
    _HANDLER.stream.write(f"{_ENCODE(line)}\n")
    return response

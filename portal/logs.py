"""Logs as JSON lines in UTC: a request id, a reader's id, never a password, token, cookie or address."""

import json
import logging
from typing import Any

from flask import Flask, Response, g, request

from portal import clock
from portal.lean import visitor

_ACCESS = logging.getLogger("portal.access_log")
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
        return json.dumps(line, ensure_ascii=False, default=str)


def init_app(app: Flask) -> None:
    """Write this app's logs as JSON lines, and one line per request in production."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger("portal")
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    root.propagate = app.testing
    if app.extensions["portal.settings"].production:
        _collect_less()
        app.before_request(_start)
        app.after_request(_access_line)


def _collect_less() -> None:
    """Records without threads, processes and callers, which no line tells; logging's manual offers these ways."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


def _start() -> None:
    g.started = clock.monotonic()


def _access_line(response: Response) -> Response:
    from portal.web import request_id

    person = visitor()
    reader = person.id if person.is_authenticated else None
    _ACCESS.info(
        "%s %s",
        request.method,
        request.endpoint or "unknown",
        extra={
            "request_id": request_id(),
            "status": response.status_code,
            "reader_id": reader,
            "ms": round((clock.monotonic() - g.get("started", clock.monotonic())) * 1000, 1),
        },
    )
    return response

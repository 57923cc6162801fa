"""Answers compressed at a cheap level: text only, and only when the client asks for it."""

import gzip

from flask import Flask, Response, request

from portal.lean import vary

_WORTH_IT = 1024
_LEVEL = 1


def init_app(app: Flask) -> None:
    """Bind the compression to every answer."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    kind = response.mimetype or ""
    text = kind.startswith("text/") or kind == "application/json" or kind.endswith(("/xml", "+xml"))
    if not text:
        return response
    vary(response, "Accept-Encoding")
    if response.status_code != 200 or response.is_streamed or response.direct_passthrough:
        return response
    if "Content-Encoding" in response.headers or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return response
    body = response.get_data()
    if len(body) >= _WORTH_IT:
        response.set_data(gzip.compress(body, _LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response

"""Misbehaviour of the API on demand: 500, 429, no answer at all, or an answer lost after the work was done."""

from __future__ import annotations

import contextlib
import socket

from flask import request

from portal.sandbox.desk import Desk
from portal.sandbox.errors import ApiError
from portal.sandbox.store import Document

KINDS = ("500", "429", "nothing", "lost")
NAME = "fault"


def ask_for(desk: Desk, kind: str, times: int) -> None:
    """Have the next so many requests misbehave; none ends it."""
    desk.store.set(NAME, {"kind": kind, "times": times} if times else None)


def asked(desk: Desk) -> Document:
    """What is asked for: {kind, times}, empty when nothing is."""
    return dict(desk.store.setting(NAME, {}))


def before(desk: Desk) -> None:
    """Misbehave instead of working: ApiError, or a closed connection."""
    kind = _take(desk, ("500", "429", "nothing"))
    if kind == "429":
        raise ApiError("Too many requests hit the API too quickly.", status=429, code="rate_limit")
    if kind == "500":
        raise ApiError("An unknown error occurred (it was asked for).", status=500, kind="api_error")
    if kind == "nothing":
        hang_up()
        raise ApiError("Nobody reads this: the connection is closed.", status=500, kind="api_error")


def after(desk: Desk) -> None:
    """Lose the answer to what was written; reading loses nothing."""
    if request.method in ("POST", "DELETE") and _take(desk, ("lost",)):
        hang_up()


def _take(desk: Desk, kinds: tuple[str, ...]) -> str | None:
    with desk.store.turn():
        fault = asked(desk)
        if fault.get("kind") not in kinds:
            return None
        ask_for(desk, fault["kind"], fault["times"] - 1)
        return str(fault["kind"])


def hang_up() -> None:
    """Close the connection under the answer that is being made."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

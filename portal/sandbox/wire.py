"""Stripe's HTTP: keys, versions, form bodies, idempotency, errors and request ids around every endpoint."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import sqlite3
from typing import Any, NamedTuple

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from portal.sandbox import expand, faults, ids, resources
from portal.sandbox.bracket import read_form
from portal.sandbox.config import API_VERSION
from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import ENDPOINTS, Endpoint
from portal.sandbox.engine import duties
from portal.sandbox.errors import ApiError, reused_idempotency_key, unauthenticated
from portal.sandbox.params import read_fields
from portal.sandbox.store import Document
from portal.sandbox.wirelog import WireLog

trouble = logging.getLogger(__name__)
KEPT = 86_400
"""Seconds that an answer is kept under its idempotency key."""
MOUNTED = resources.__all__  # importing the package is what fills ENDPOINTS


class Answer(NamedTuple):
    """A status and body on their way out; `replayed` names the request that first got them."""

    status: int
    body: str
    replayed: str | None = None


def blueprint(desk: Desk, log: WireLog) -> Blueprint:
    """The API under /v1/."""
    api = Blueprint("api", __name__)
    for endpoint in ENDPOINTS:
        name = f"{endpoint.method} {endpoint.path}".replace(".", "_")
        view = _view(desk, log, endpoint)
        api.add_url_rule(endpoint.path, name, view, methods=[endpoint.method], provide_automatic_options=False)
    api.add_url_rule("/v1/<path:rest>", "unknown", _unknown(log), methods=["GET", "POST", "DELETE", "PUT"])
    return api


def _view(desk: Desk, log: WireLog, endpoint: Endpoint) -> Any:
    def view(**names: str) -> Response:
        request_id = ids.new_id("request")
        try:
            _check_key()
            _check_version()
            _check_outage(desk)
            faults.before(desk)
            parameters = read_fields(read_form(_sent()), endpoint.fields, endpoint.required)
            answer = _answer(desk, endpoint, parameters, names, request_id)
            faults.after(desk)
        except ApiError as fault:
            answer = _failed(fault)
        except Exception:
            trouble.exception("%s %s failed", endpoint.method, request.path)
            answer = _failed(ApiError("The stand-in failed; its log says why.", status=500, kind="api_error"))
        return _response(log, answer, request_id)

    return view


def _unknown(log: WireLog) -> Any:
    def view(rest: str) -> Response:
        message = f"Unrecognized request URL ({request.method}: /v1/{rest}). This stand-in may not have it."
        return _response(log, _failed(ApiError(message, status=404)), ids.new_id("request"))

    return view


def _sent() -> str:
    if request.method == "POST":
        try:
            return request.get_data(cache=True).decode()
        except UnicodeDecodeError as fault:
            raise ApiError("Invalid request body: it is not UTF-8.") from fault
        except RequestEntityTooLarge as fault:
            raise ApiError("Invalid request body: it is too large.", status=413) from fault
    return request.query_string.decode("ascii", "replace")


def _check_key() -> None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    key = value.strip()
    if scheme.lower() == "basic":
        key = base64.b64decode(key + "==", validate=False).decode("latin-1").partition(":")[0]
    elif scheme.lower() != "bearer" or not key:
        raise unauthenticated("You did not provide an API key.")
    if not key.startswith(("sk_test_", "rk_test_")):
        raise unauthenticated(f"Invalid API Key provided: {key[:8]}****. This stand-in takes test keys only.")


def _check_version() -> None:
    asked = request.headers.get("Stripe-Version", API_VERSION)
    if asked != API_VERSION:
        raise ApiError(f"Invalid Stripe API version: {asked}. This stand-in speaks {API_VERSION} only.")


def _check_outage(desk: Desk) -> None:
    """The lever `outage`: nothing is done and the answer is 500 until that real instant."""
    with desk.store.lock:
        until = desk.store.setting("outage_until", 0.0)
    if desk.clock.real() < until:
        raise ApiError("An unknown error occurred (an outage was asked for).", status=500, kind="api_error")


def _answer(
    desk: Desk, endpoint: Endpoint, parameters: dict[str, Any], names: dict[str, str], request_id: str
) -> Answer:
    duties.run_due(desk)
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    with desk.store.turn():
        kept = _kept(desk, key) if key else None
        if kept is not None:
            return kept
        desk.request = {"id": request_id, "idempotency_key": key}
        try:
            answer = _done(desk, endpoint, parameters, names)
        finally:
            desk.request = {"id": None, "idempotency_key": None}
        if key:
            _keep(desk, key, answer, request_id)
    return answer


def _done(desk: Desk, endpoint: Endpoint, parameters: dict[str, Any], names: dict[str, str]) -> Answer:
    paths = parameters.pop("expand", [])
    desk.store.db.execute("SAVEPOINT request")
    try:
        result = _shown(desk, endpoint(desk, parameters, **names))
        result = expand.expanded(desk, result, paths)
    except ApiError as fault:
        if not fault.kept:
            desk.store.db.execute("ROLLBACK TO request")
        return _failed(fault)
    finally:
        desk.store.db.execute("RELEASE request")
    return Answer(200, json.dumps(result, ensure_ascii=False))


def _shown(desk: Desk, result: Document) -> Document:
    stored = result["object"] not in ("list", "search_result") and "secret" not in result
    return desk.show(result) if stored else result


def _fingerprint() -> str:
    text = f"{request.method} {request.path}\n".encode() + request.get_data(cache=True)
    return hashlib.sha256(text).hexdigest()


def _kept(desk: Desk, key: str) -> Answer | None:
    db = desk.store.db
    db.execute("DELETE FROM replies WHERE kept < ?", (desk.now() - KEPT,))
    row: sqlite3.Row | None = db.execute("SELECT * FROM replies WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row["request"] != _fingerprint():
        return _failed(reused_idempotency_key(key))
    return Answer(row["status"], row["body"], row["request_id"])


def _keep(desk: Desk, key: str, answer: Answer, request_id: str) -> None:
    row = (key, _fingerprint(), desk.now(), request_id, answer.status, answer.body)
    desk.store.db.execute("INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?)", row)


def _failed(fault: ApiError) -> Answer:
    return Answer(fault.status, json.dumps(fault.envelope(), ensure_ascii=False))


def _response(log: WireLog, answer: Answer, request_id: str) -> Response:
    response = Response(answer.body + "\n", answer.status, content_type="application/json")
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = API_VERSION
    if "Idempotency-Key" in request.headers:
        response.headers["Idempotency-Key"] = request.headers["Idempotency-Key"]
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = answer.replayed
    body = request.get_data(cache=True, as_text=True) if request.method == "POST" and answer.status != 413 else ""
    log.request(request.method, request.full_path.rstrip("?"), body, answer.status, answer.body)
    return response

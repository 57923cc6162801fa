"""What Stripe does not have: the levers of the stand-in, under /_control/, for this machine only."""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, abort, jsonify, redirect, request

from portal.sandbox import faults
from portal.sandbox.desk import Desk
from portal.sandbox.engine import duties, waiting
from portal.sandbox.engine.collecting import AFTER, SLOW
from portal.sandbox.errors import ApiError
from portal.sandbox.levers import LEVERS, Given
from portal.sandbox.pages import layout, levers
from portal.sandbox.setup import furnish, listen
from portal.sandbox.webhooks.queue import MODES, Mode

LONGEST_SETTLE = 20.0
BANK = ("at-once", "later")
LOOPBACK = ("127.0.0.1", "::1", "localhost", "[::1]")
CATALOGUE = ("product", "price", "tax_rate")


def blueprint(desk: Desk) -> Blueprint:
    """The control endpoints; each takes JSON or a form and answers JSON, or leads back to the page."""
    control = Blueprint("control", __name__, url_prefix="/_control")
    control.before_request(_only_from_here)
    control.add_url_rule("/", "page", lambda: levers.page(desk, _state(desk), request.args.get("done", "")))
    control.add_url_rule("/state", "state", lambda: jsonify(_state(desk)))
    for name, act in ACTS.items():
        control.post(f"/{name}", endpoint=name)(_acting(desk, name, act))
    return control


def _acting(desk: Desk, name: str, act: Any) -> Any:
    """JSON is answered with JSON, a form with the page: led back to, or with what was wrong."""

    def view() -> Any:
        given = (request.get_json(silent=True) if request.is_json else request.form.to_dict()) or {}
        on_page = bool(request.form) and not request.is_json
        try:
            answer = act(desk, given)
        except ApiError as fault:
            if on_page:
                return levers.page(desk, _state(desk), wrong=fault.message, given=given)
            return jsonify(error=fault.message), 400
        if on_page:
            return redirect(f"/_control/?{urlencode({'done': name, 'lang': layout.language()})}", 303)
        return jsonify(answer)

    return view


def _only_from_here() -> None:
    """Refuse other machines, other names for this one, and pages of other origins."""
    host = urlsplit(f"//{request.host}").hostname
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if request.remote_addr not in ("127.0.0.1", "::1", None) or host not in LOOPBACK or foreign:
        abort(403)


def _state(desk: Desk) -> dict[str, Any]:
    with desk.store.turn():
        mode = desk.queue.mode
        failing = desk.store.db.execute("SELECT name FROM settings WHERE name LIKE 'fail_next:%'")
        return {
            "now": desk.clock.now(),
            "offset": desk.clock.offset(),
            "objects": desk.store.counts(),
            "deliveries": desk.queue.summary(),
            "webhooks": {"mode": mode.name, "seed": mode.seed, "seconds": mode.seconds},
            "checkout_wait": desk.store.setting("checkout_wait", desk.config.checkout_wait),
            "failing": [row["name"].partition(":")[2] for row in failing],
            "bank": "later" if desk.store.setting(SLOW) else "at-once",
            "after_retries": desk.store.setting(AFTER, desk.config.after_retries),
            "fault": faults.asked(desk),
            "outage": max(0.0, desk.store.setting("outage_until", 0.0) - desk.clock.real()),
        }


def _settle(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """Do what is due and wait until no delivery is left, or until `seconds` are over."""
    seconds = min(_number(given.get("seconds", LONGEST_SETTLE)), LONGEST_SETTLE)
    while not duties.run_due(desk):
        pass
    with desk.store.lock:
        held = desk.queue.mode.name == "hold"
        drained = held or desk.store.wait(lambda: not desk.queue.waiting(), seconds)
        waiting = desk.queue.waiting()
        return {
            "drained": drained and not waiting,
            "pending": 0 if held else waiting,
            "held": waiting if held else 0,
            "troubles": desk.queue.troubles(),
        }


def _reset(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """Forget everything but the address of the webhooks and, with `catalogue`, what is for sale."""
    desk.store.empty(*(CATALOGUE if given.get("catalogue") else ()))
    furnish(desk)
    return {"reset": True}


def _webhooks(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """Set how deliveries behave: mode, `seed` for shuffle, `seconds` of delay, or how long any other mode lasts."""
    name = given.get("mode", "normal")
    if name not in MODES:
        _refuse(f"mode must be one of {', '.join(MODES)}")
    seconds = _number(given.get("seconds") or 0)
    until = desk.clock.real() + seconds if seconds and name not in ("delay", "normal") else None
    mode = Mode(str(name), int(_number(given.get("seed") or 0)), seconds, until)
    with desk.store.turn():
        desk.queue.mode = mode
        if name != "delay":
            desk.queue.wake()
    return {"mode": mode.name, "seed": mode.seed, "seconds": mode.seconds}


def _listen(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """Send webhooks to `url`, signed with `secret`; to nobody when there is no url."""
    url, secret = given.get("url"), str(given.get("secret") or desk.config.webhook_secret)
    if url is not None and urlsplit(str(url)).scheme not in ("http", "https"):
        _refuse("url must begin with http:// or https://")
    with desk.store.turn():
        listen(desk, url, secret)
    return {"url": url}


def _fail_next(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """Have the bank refuse the next charge of a subscription, or its next `times` charges."""
    times = int(_number(given.get("times") or 0 if "times" in given else 1))
    with desk.store.turn():
        found = desk.store.get(str(given.get("subscription", "")).strip())
        if found is None or found["object"] != "subscription":
            _refuse("subscription must be the id of a subscription")
        desk.store.set(f"fail_next:{found['id']}", times or None)
        return {"subscription": found["id"], "failing": bool(times)}


def _checkout(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """Set how long (real seconds) the payment page waits for its webhook before it redirects."""
    seconds = _number(given.get("wait_seconds", desk.config.checkout_wait))
    with desk.store.turn():
        desk.store.set("checkout_wait", seconds)
    return {"wait_seconds": seconds}


def _bank(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """Whether the bank answers to first payments at Checkout at once, or thinks about them until `bank-answers`."""
    answers = given.get("answers", "at-once")
    if answers not in BANK:
        _refuse(f"answers must be one of {', '.join(BANK)}")
    with desk.store.turn():
        desk.store.set(SLOW, answers == "later" or None)
    return {"answers": answers}


def _bank_answers(desk: Desk, _given: dict[str, Any]) -> dict[str, Any]:
    """The bank says yes to every payment it is thinking about."""
    with desk.store.turn():
        return {"answered": waiting.answer(desk)}


def _outage(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """The API answers 500 for so many real seconds; 0 ends it."""
    seconds = _number(given.get("seconds", 60))
    with desk.store.turn():
        desk.store.set("outage_until", desk.clock.real() + seconds if seconds else None)
    return {"seconds": seconds}


def _fault(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    """The next `times` requests to the API misbehave; 0 ends it."""
    kind, times = str(given.get("kind", "500")), int(_number(given.get("times") or 0))
    if kind not in faults.KINDS:
        _refuse(f"kind must be one of {', '.join(faults.KINDS)}")
    with desk.store.turn():
        faults.ask_for(desk, kind, times)
    return {"kind": kind, "times": times}


def _number(raw: Any) -> float:
    try:
        value = float(raw)
    except (TypeError, ValueError):
        value = -1.0
    if not 0 <= value < 1e9:
        _refuse(f"not a number that makes sense here: {raw}")
    return value


def _in_one_turn(lever: Any) -> Any:
    def act(desk: Desk, given: Given) -> dict[str, Any]:
        duties.run_due(desk)
        with desk.store.turn():
            return dict(lever(desk, given))

    return act


def _refuse(sentence: str) -> NoReturn:
    raise ApiError(sentence)


ACTS = {
    "settle": _settle,
    "reset": _reset,
    "webhooks": _webhooks,
    "listen": _listen,
    "fail-next-renewal": _fail_next,
    "checkout": _checkout,
    "bank": _bank,
    "bank-answers": _bank_answers,
    "outage": _outage,
    "fault": _fault,
    **{name: _in_one_turn(lever) for name, lever in LEVERS.items()},
}

"""The police: holds a wire log of the stand-in against Stripe's contract.

A test gives the stand-in a wire log, works through it, and ends with `assert_lawful(log)`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.stripe_contract import spec
from tests.stripe_contract.spec import Offence


def read(log: Path) -> list[dict[str, Any]]:
    """The lines of a wire log."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def offences(line: dict[str, Any], strict: bool = True) -> list[Offence]:
    """What is unlawful in one line: the request's shape, the answer's shape, the event's shape.

    A request that Stripe would refuse is an offence, unless the caller is not strict (it tests refusals) and it
    was indeed refused. A request that only the stand-in refuses for a parameter is one too: it lacks something.
    """
    if line["kind"] == "webhook":
        return _event(line["body"])
    asked = spec.check_request(line["method"], line["url"], line["body"])
    refused = line["status"] != 200
    found = asked if strict or not refused else []
    if refused:
        return found + _refusal(line["answer"], lawful=not asked)
    return found + spec.check_answer(line["method"], line["url"], line["answer"]) + _events_in(line["answer"])


def assert_lawful(log: Path, strict: bool = True) -> int:
    """Assert that a whole log is lawful; returns how many lines were held against the contract."""
    lines = read(log)
    assert lines, f"the wire log {log} is empty: nothing was checked"
    found = [(line, offence) for line in lines for offence in offences(line, strict)]
    assert not found, "\n".join(_say(line, offence) for line, offence in found[:20])
    return len(lines)


def _say(line: dict[str, Any], offence: Offence) -> str:
    what = line.get("body", {}).get("type") if line["kind"] == "webhook" else f"{line['method']} {line['url']}"
    return f"{what}: {offence.code} at {offence.where or 'the top'}: {offence.message}"


def _refusal(answer: Any, lawful: bool) -> list[Offence]:
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str) or error.get("type") not in TYPES:
        return [Offence("answer_invalid", "error", f"not Stripe's error envelope: {str(answer)[:200]}")]
    if lawful and error.get("code") == "parameter_unknown":
        return [Offence("stand_in_lacks", str(error.get("param")), "the stand-in does not take this parameter yet")]
    return []


TYPES = ("api_error", "card_error", "idempotency_error", "invalid_request_error")


def _event(event: dict[str, Any]) -> list[Offence]:
    return spec.check_object(event) + spec.check_object(event["data"]["object"])


def _events_in(answer: dict[str, Any]) -> list[Offence]:
    if answer.get("object") == "event":
        return spec.check_object(answer["data"]["object"])
    listed = answer.get("data") if answer.get("object") == "list" else None
    return [offence for entry in listed or [] if entry.get("object") == "event" for offence in _events_in(entry)]

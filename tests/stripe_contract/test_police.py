"""The police must catch what is unlawful and let pass what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import stripe

from tests.stripe_contract import openapi, spec
from tests.stripe_contract.fitting import fits
from tests.stripe_contract.police import assert_lawful, offences

TESTS = Path(__file__).resolve().parents[1]
CUSTOMER = {"id": "cus_1", "object": "customer", "created": 1, "livemode": False, "email": None}


def line(**other: Any) -> dict[str, Any]:
    """A lawful line of a wire log, but for what is changed."""
    made = {"kind": "request", "method": "POST", "url": "/v1/customers", "body": "email=a%40example.org"}
    return {**made, "status": 200, "answer": CUSTOMER, **other}


def codes(**other: Any) -> list[str]:
    """The offences of a line."""
    return [offence.code for offence in offences(line(**other))]


def test_the_document_is_of_the_installed_version_and_has_no_loose_ends() -> None:
    document = openapi.document()
    assert document["info"]["version"] == stripe.api_version
    assert len(document["paths"]) > 100
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split(f"{openapi_root()}/")[1:]}
    assert names <= document["components"]["schemas"].keys()


def openapi_root() -> str:
    """Where components are referred to."""
    return "urn:stripe#/components/schemas"


def test_a_lawful_exchange_passes() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", "/v1/subscriptions/sub_1", "cancel_at="),
        ("POST", "/v1/subscriptions/sub_1", "cancel_at=max_period_end"),
        ("POST", "/v1/subscriptions/sub_1", "items[0][id]=si_1&items[0][quantity]=2&proration_behavior=none"),
        ("POST", "/v1/customers/cus_1", "metadata[a]=&metadata[b]=2"),
        ("POST", "/v1/checkout/sessions", "mode=subscription&line_items[0][price]=p&line_items[0][tax_rates][]=t"),
        ("POST", "/v1/invoices/create_preview", "subscription=sub_1"),
        ("GET", "/v1/prices?lookup_keys[0]=a&lookup_keys[1]=b&active=true&limit=3", ""),
        ("GET", "/v1/events?created[gt]=5&types[]=invoice.paid", ""),
        ("DELETE", "/v1/subscriptions/sub_1?prorate=false", ""),
    ],
)
def test_requests_that_stripe_documents_pass(method: str, url: str, body: str) -> None:
    assert spec.check_request(method, url, body) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("planet=Mars", "parameter_unknown"),
        ("address[planet]=Mars", "parameter_unknown"),
        ("tax_exempt=maybe", "parameter_invalid"),
        ("address=Mars", "parameter_invalid"),
    ],
)
def test_a_request_that_stripe_would_refuse_is_caught(body: str, code: str) -> None:
    assert codes(body=body) == [code]


def test_a_missing_parameter_is_caught() -> None:
    assert spec.check_request("POST", "/v1/prices", "unit_amount=1")[0].code == "parameter_missing"


def test_an_address_that_stripe_does_not_have_is_caught() -> None:
    assert codes(url="/v1/customer") == ["url_invalid"]


@pytest.mark.parametrize("change", [{"current_period_end": 1}, {"email": 3}, {"livemode": "no"}, {"id": None}])
def test_an_answer_that_stripe_could_not_give_is_caught(change: dict[str, Any]) -> None:
    assert codes(answer=CUSTOMER | change) == ["answer_invalid"]


def test_an_answer_that_lacks_a_field_is_caught() -> None:
    assert codes(answer={k: v for k, v in CUSTOMER.items() if k != "created"}) == ["answer_invalid"]


def test_a_tombstone_is_lawful_only_when_it_holds_nothing_else() -> None:
    gone = {"id": "cus_1", "object": "customer", "deleted": True}
    assert codes(answer=gone) == []
    assert codes(answer=gone | {"email": "a@example.org"}) == ["answer_invalid"]


def test_a_wrong_object_inside_an_event_is_caught() -> None:
    event = {
        "id": "evt_1",
        "object": "event",
        "api_version": "x",
        "created": 1,
        "data": {"object": CUSTOMER | {"planet": "Mars"}},
        "livemode": False,
        "pending_webhooks": 0,
        "request": None,
        "type": "customer.created",
    }
    hook = {"kind": "webhook", "method": "POST", "url": "http://x", "body": event, "status": 200}
    assert [offence.code for offence in offences(hook)] == ["answer_invalid"]


def test_a_refusal_must_come_in_stripes_envelope() -> None:
    envelope = {"error": {"message": "No such customer", "type": "invalid_request_error"}}
    assert codes(status=404, answer=envelope) == []
    assert codes(status=404, answer={"detail": "no"}) == ["answer_invalid"]


def test_a_lawful_parameter_that_only_the_stand_in_refuses_is_told_apart() -> None:
    error = {"message": "…", "type": "invalid_request_error", "code": "parameter_unknown", "param": "email"}
    assert codes(status=400, answer={"error": error}) == ["stand_in_lacks"]


def test_who_tests_refusals_may_send_what_is_refused() -> None:
    error = {"error": {"message": "…", "type": "invalid_request_error"}}
    refused = line(body="planet=Mars", status=400, answer=error)
    assert offences(refused, strict=False) == []
    assert offences(refused) != []


def test_the_fast_answer_is_that_of_the_library_for_whatever_is_broken() -> None:
    schema = {"$ref": f"{openapi_root()}/customer"}
    slow = jsonschema.Draft7Validator(schema, registry=spec._registry())
    spoils: tuple[Any, ...] = (None, 0, 1.5, True, "", "x", [], [1], {}, {"a": 1}, {"deleted": True})
    whole = CUSTOMER | {"address": {"city": "Lyon"}, "tax_exempt": "none", "preferred_locales": ["fr"], "metadata": {}}
    for name in [*whole, "planet", "deleted", "currency", "subscriptions", "default_source", "invoice_settings"]:
        for spoil in spoils:
            broken = whole | {name: spoil}
            assert fits(schema, broken) == slow.is_valid(broken), broken
    assert fits(schema, whole)


def test_an_empty_log_is_no_proof(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nothing was checked"):
        assert_lawful(tmp_path / "none.jsonl")


def test_a_whole_log_is_held_to_account(tmp_path: Path) -> None:
    log = tmp_path / "wire.jsonl"
    log.write_text(json.dumps(line()) + "\n", encoding="utf-8")
    assert assert_lawful(log) == 1
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line(answer=CUSTOMER | {"planet": 1})) + "\n")
    with pytest.raises(AssertionError, match="planet"):
        assert_lawful(log)


def test_whoever_starts_a_stand_in_has_its_wire_policed() -> None:
    starts = ('"portal.sandbox"', '"portal.cli", "run"', "Server(Config(")
    texts = {str(path.relative_to(TESTS)): path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py")}
    texts["journeys/house.py"] += texts["journeys/conftest.py"]  # which ends the houses
    found = {name for name, text in texts.items() if any(start in text for start in starts)}
    policed = {name for name in found if "assert_lawful(" in texts[name]}
    assert found - policed == {"cli/test_sandbox.py"}, "which only looks at the words of a command"
    assert len(policed) >= 4

"""The protocol around every endpoint: keys, versions, forms, idempotency, errors, lists, expansion."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe

from portal.sandbox.config import API_VERSION
from portal.sandbox.endpoints import ENDPOINTS
from tests.sandbox.shop import Page, Shop, client, visit
from tests.stripe_contract import spec

KEY = {"Authorization": "Bearer sk_test_shop"}


def raw(shop: Shop, path: str, form: dict[str, str] | None = None, **headers: str) -> Page:
    """A request as a program without the library would send it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return visit(f"{shop.sandbox.url}/v1/{path}", form, KEY | named)


def test_the_stand_in_speaks_the_version_of_the_installed_library() -> None:
    assert stripe.api_version == API_VERSION


def test_every_parameter_it_takes_is_one_that_stripe_knows() -> None:
    unknown = [
        f"{endpoint.method} {endpoint.path}: {name}"
        for endpoint in ENDPOINTS
        for name in endpoint.fields
        if name not in _known(endpoint.method, endpoint.path)
    ]
    assert unknown == []


def _known(method: str, path: str) -> Any:
    operation = spec.find(method, path.replace("<", "").replace(">", ""))
    assert operation is not None, f"Stripe has no {method} {path}"
    return operation.asked["properties"]


@pytest.mark.parametrize("key", ["", "Bearer ", "Bearer sk_live_123", "Bearer pk_test_1", "Token sk_test_1"])
def test_a_request_without_a_test_key_is_refused(shop: Shop, key: str) -> None:
    assert raw(shop, "customers", Authorization=key).status == 401


def test_a_restricted_test_key_and_a_key_as_user_name_are_taken(shop: Shop) -> None:
    assert client(shop.sandbox.url, "rk_test_1").v1.customers.list().data == []
    assert raw(shop, "customers", Authorization="Basic c2tfdGVzdF94Og==").status == 200


def test_another_api_version_is_refused(shop: Shop) -> None:
    assert raw(shop, "customers", Stripe_Version="2020-08-27").status == 400


def test_every_answer_has_a_request_id_and_the_version(shop: Shop) -> None:
    answer = raw(shop, "customers")
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == API_VERSION


def test_an_unknown_address_answers_in_the_error_envelope(shop: Shop) -> None:
    answer = raw(shop, "nothing/here")
    assert answer.status == 404
    assert json.loads(answer.text)["error"]["type"] == "invalid_request_error"


def test_an_unknown_parameter_is_named_in_full(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.customer(address={"planet": "Mars"})
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "address[planet]")


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"currency": "eur", "unit_amount": 1}, "product", "parameter_missing"),
        ({"currency": "eur", "unit_amount": "many", "product": "p"}, "unit_amount", "parameter_invalid_integer"),
        ({"currency": "eur", "unit_amount": -1, "product": "p"}, "unit_amount", "parameter_invalid_integer"),
        ({"currency": "", "unit_amount": 1, "product": "p"}, "currency", "parameter_invalid_empty"),
        ({"currency": "eur", "unit_amount": 1, "product": "p", "active": "yes"}, "active", None),
        ({"currency": "eur", "unit_amount": 1, "product": "prod_none"}, "product", "resource_missing"),
    ],
)
def test_a_bad_parameter_is_named(shop: Shop, fields: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.stripe.v1.prices.create(fields)
    assert (refused.value.param, refused.value.code, refused.value.http_status) == (param, code, 400)


@pytest.mark.parametrize("query", ["a[b=1", "a]=1", "[a]=1", "a" + "[x]" * 40 + "=1", "email=a&email[x]=1", "%ff=%fe"])
def test_a_malformed_form_is_a_plain_refusal(shop: Shop, query: str) -> None:
    assert raw(shop, f"customers?{query}").status == 400


def test_a_missing_object_is_404_when_it_is_the_address(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.stripe.v1.customers.retrieve("cus_none")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_the_same_key_gets_the_same_answer_once(shop: Shop) -> None:
    first = shop.stripe.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "k1"})
    second = shop.stripe.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "k1"})
    assert first.id == second.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"  # type: ignore[union-attr]
    assert len(shop.stripe.v1.customers.list().data) == 1


def test_the_same_key_with_other_parameters_is_refused(shop: Shop) -> None:
    shop.stripe.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "k2"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        shop.stripe.v1.customers.create({"email": "b@example.org"}, {"idempotency_key": "k2"})
    assert refused.value.http_status == 400


def test_a_key_is_forgotten_after_a_day(shop: Shop) -> None:
    first = shop.stripe.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "k3"})
    shop.pass_time(86_400 + 60)
    assert shop.stripe.v1.customers.create({"email": "a@example.org"}, {"idempotency_key": "k3"}).id != first.id


def test_a_refused_shape_is_not_kept_under_its_key(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.customers.create({"planet": "Mars"}, {"idempotency_key": "k4"})  # type: ignore[arg-type, typeddict-unknown-key]
    assert shop.stripe.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k4"}).name == "Ada"


def test_metadata_is_merged_key_by_key_and_unset_by_emptiness(shop: Shop) -> None:
    customer = shop.customer(metadata={"a": "1", "b": "2"})
    update = shop.stripe.v1.customers.update
    assert update(customer.id, {"metadata": {"b": "", "c": "3"}}).metadata.to_dict() == {"a": "1", "c": "3"}  # type: ignore[union-attr]
    assert update(customer.id, {"metadata": ""}).metadata.to_dict() == {}  # type: ignore[union-attr]


def test_an_empty_string_unsets_a_field(shop: Shop) -> None:
    customer = shop.customer(description="x")
    assert shop.stripe.v1.customers.update(customer.id, {"description": ""}).description is None


def test_lists_are_newest_first_and_paged_from_either_end(shop: Shop) -> None:
    made = [shop.customer(email=f"{n}@example.org").id for n in range(5)][::-1]
    page = shop.stripe.v1.customers.list({"limit": 2})
    assert ([one.id for one in page.data], page.has_more) == (made[:2], True)
    after = shop.stripe.v1.customers.list({"limit": 2, "starting_after": made[3]})
    assert ([one.id for one in after.data], after.has_more) == (made[4:], False)
    before = shop.stripe.v1.customers.list({"limit": 2, "ending_before": made[3]})
    assert ([one.id for one in before.data], before.has_more) == (made[1:3], True)
    assert [one.id for one in page.auto_paging_iter()] == made


def test_lists_longer_than_a_hundred_are_paged_through(shop: Shop) -> None:
    product = shop.stripe.v1.products.create({"name": "mind Media"}).id
    for _ in range(105):
        shop.stripe.v1.prices.create({"currency": "eur", "unit_amount": 1, "product": product})
    assert len(list(shop.stripe.v1.prices.list({"limit": 100}).auto_paging_iter())) == 105


def test_a_limit_out_of_bounds_is_refused(shop: Shop) -> None:
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError):
            shop.stripe.v1.customers.list({"limit": limit})


def test_a_list_can_be_bounded_by_time(shop: Shop) -> None:
    made = shop.customer()
    assert shop.stripe.v1.customers.list({"created": {"gt": made.created}}).data == []
    assert len(shop.stripe.v1.customers.list({"created": {"gte": made.created}}).data) == 1


def test_ids_expand_to_the_objects_they_name(shop: Shop) -> None:
    found = shop.subscription()
    deep = shop.stripe.v1.subscriptions.retrieve(
        found.id, {"expand": ["latest_invoice.payments", "items.data.price.product"]}
    )
    assert deep.latest_invoice.payments.data[0].status == "paid"  # type: ignore[union-attr]
    assert deep["items"]["data"][0].price.product.name == "mind Health"
    invoice = shop.stripe.v1.invoices.retrieve(
        deep.latest_invoice.id, {"expand": ["payments.data.payment.payment_intent"]}
    )  # type: ignore[union-attr]
    assert invoice.payments.data[0].payment.payment_intent.status == "succeeded"  # type: ignore[union-attr]
    listed = shop.stripe.v1.subscriptions.list({"expand": ["data.customer"]})
    assert listed.data[0].customer.email == "achats@example.org"  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["planet", "email", "a.b.c.d.e"])
def test_what_cannot_be_expanded_is_refused(shop: Shop, path: str) -> None:
    customer = shop.customer()
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.customers.retrieve(customer.id, {"expand": [path]})


def test_a_deleted_customer_leaves_a_tombstone(shop: Shop) -> None:
    found = shop.subscription()
    shop.stripe.v1.customers.delete(str(found.customer))
    gone = shop.stripe.v1.customers.retrieve(str(found.customer))
    assert gone.deleted is True
    assert shop.stripe.v1.customers.list().data == []
    assert shop.again(found).status == "canceled"


def test_a_customers_tax_numbers_are_kept_apart(shop: Shop) -> None:
    customer = shop.customer(tax_id_data=[{"type": "eu_vat", "value": "BE0123456789"}], tax_exempt="reverse")
    assert [one.value for one in shop.stripe.v1.customers.tax_ids.list(customer.id).data] == ["BE0123456789"]
    expanded = shop.stripe.v1.customers.retrieve(customer.id, {"expand": ["tax_ids"]})
    assert expanded.tax_ids.data[0].country == "BE"  # type: ignore[union-attr]


def test_a_body_too_large_is_refused(shop: Shop) -> None:
    answer = raw(shop, "customers", {"description": "x" * 1_100_000})
    assert answer.status == 413
    assert json.loads(answer.text)["error"]["type"] == "invalid_request_error"

"""Rules that the shape of a request cannot say: what may be sold, to whom, in what company."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop


def refused(shop: Shop, **fields: Any) -> stripe.InvalidRequestError:
    """The refusal of a checkout session."""
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.session(**fields)
    assert refusal.value.http_status == 400
    return refusal.value


def test_a_lookup_key_names_one_price(shop: Shop) -> None:
    first = shop.price(lookup_key="health_month")
    with pytest.raises(stripe.InvalidRequestError):
        shop.price(lookup_key="health_month")
    second = shop.price(9_900, lookup_key="health_month", transfer_lookup_key=True)
    found = shop.stripe.v1.prices.list({"lookup_keys": ["health_month", "none"]})
    assert [price.id for price in found.data] == [second.id]
    assert shop.stripe.v1.prices.retrieve(first.id).lookup_key is None


def test_a_price_cannot_change_its_amount(shop: Shop) -> None:
    price = shop.price()
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.prices.update(price.id, {"unit_amount": 1})  # type: ignore[typeddict-unknown-key]


def test_a_product_may_have_an_id_of_the_shops_choice_once(shop: Shop) -> None:
    shop.stripe.v1.products.create({"id": "mind_health", "name": "mind Health"})
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.products.create({"id": "mind_health", "name": "again"})
    assert shop.stripe.v1.products.update("mind_health", {"active": False}).active is False
    assert shop.stripe.v1.products.list({"active": True}).data == []


def test_customer_and_customer_email_exclude_each_other(shop: Shop) -> None:
    assert refused(shop, customer=shop.customer().id, customer_email="a@example.org").param == "customer_email"


def test_promotion_codes_and_discounts_exclude_each_other(shop: Shop) -> None:
    assert refused(shop, allow_promotion_codes=True, discounts=[{"coupon": "x"}]).param == "discounts"


def test_an_unknown_coupon_is_missing(shop: Shop) -> None:
    assert refused(shop, discounts=[{"coupon": "nope"}]).code == "resource_missing"


@pytest.mark.parametrize("ahead", [60, 1_700, DAY + 60])
def test_a_session_lasts_from_half_an_hour_to_a_day(shop: Shop, ahead: int) -> None:
    assert refused(shop, expires_at=shop.now() + ahead).param == "expires_at"


def test_a_session_lasts_a_day_unless_told_otherwise(shop: Shop) -> None:
    session = shop.session()
    assert session.expires_at - session.created == DAY


def test_a_subscription_needs_something_recurring(shop: Shop) -> None:
    product = shop.stripe.v1.products.create({"name": "Étude"}).id
    once = shop.stripe.v1.prices.create({"currency": "eur", "unit_amount": 100, "product": product})
    assert "recurring" in str(refused(shop, line_items=[{"price": once.id, "quantity": 1}]))


def test_intervals_cannot_be_mixed(shop: Shop) -> None:
    lines = [{"price": shop.price().id}, {"price": shop.price(interval="year").id}]
    assert "interval" in str(refused(shop, line_items=lines))


def test_an_archived_price_cannot_be_sold(shop: Shop) -> None:
    price = shop.price()
    shop.stripe.v1.prices.update(price.id, {"active": False})
    assert refused(shop, line_items=[{"price": price.id}]).param == "line_items[0][price]"


@pytest.mark.parametrize("quantity", [0, -1, 10**9])
def test_a_quantity_out_of_bounds_is_refused(shop: Shop, quantity: int) -> None:
    lines = [{"price": shop.price().id, "quantity": quantity}]
    assert refused(shop, line_items=lines).param == "line_items[0][quantity]"


def test_a_customer_keeps_to_one_currency(shop: Shop) -> None:
    found = shop.subscription()
    dollars = shop.price(currency="usd")
    refusal = refused(shop, customer=str(found.customer), line_items=[{"price": dollars.id}])
    assert "currency eur" in str(refusal)


def test_even_an_open_session_pins_the_currency(shop: Shop) -> None:
    customer = shop.customer().id
    shop.session(customer=customer)
    dollars = shop.price(currency="usd")
    assert "currency eur" in str(refused(shop, customer=customer, line_items=[{"price": dollars.id}]))


def test_a_portal_session_needs_a_customer(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.v1.billing_portal.sessions.create({"return_url": "http://127.0.0.1:9/"})
    assert (refusal.value.code, refusal.value.param) == ("parameter_missing", "customer")


def test_only_an_open_session_can_be_expired(shop: Shop) -> None:
    session = shop.session()
    assert shop.stripe.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.checkout.sessions.expire(session.id)


def test_sessions_are_listed_by_customer_and_state(shop: Shop) -> None:
    session = shop.session()
    open_ones = shop.stripe.v1.checkout.sessions.list({"customer": str(session.customer), "status": "open"})
    assert [one.id for one in open_ones.data] == [session.id]
    lines = shop.stripe.v1.checkout.sessions.line_items.list(session.id)
    assert [line.amount_total for line in lines.data] == [9_087]


def test_a_trial_too_short_is_refused(shop: Shop) -> None:
    assert refused(shop, subscription_data={"trial_end": shop.now() + DAY}).param == "subscription_data[trial_end]"


def test_taxes_are_rounded_half_up_line_by_line(shop: Shop) -> None:
    rate = shop.stripe.v1.tax_rates.create({"display_name": "TVA", "inclusive": False, "percentage": 2.5})
    lines = [{"price": shop.price(cents).id, "quantity": 1, "tax_rates": [rate.id]} for cents in (20, 60, 101)]
    session = shop.session(line_items=lines)
    assert session.total_details is not None
    assert session.total_details.amount_tax == 1 + 2 + 3


def test_a_reverse_charge_customer_pays_no_tax(shop: Shop) -> None:
    found = shop.subscription(customer=shop.customer(tax_exempt="reverse").id)
    invoice = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice))
    assert invoice.total == 8_900
    assert [(tax.amount, tax.taxability_reason) for tax in invoice.total_taxes or []] == [(0, "reverse_charge")]


def test_several_seats_are_billed_together(shop: Shop) -> None:
    lines = [{"price": shop.price(89_000, "year").id, "quantity": 3, "tax_rates": [shop.vat().id]}]
    found = shop.subscription(line_items=lines)
    invoice = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice))
    assert (invoice.subtotal, invoice.total) == (267_000, 272_607)
    assert found["items"]["data"][0].quantity == 3

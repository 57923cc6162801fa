"""Money given back: refunds in part and whole, credit notes, disputes."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DECLINED, Shop


def paid_charge(shop: Shop) -> tuple[stripe.Subscription, stripe.Charge]:
    found = shop.subscription()
    [charge] = shop.stripe.v1.charges.list({"customer": str(found.customer)}).data
    return found, charge


def refused(shop: Shop, **given: Any) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.v1.refunds.create(given)  # type: ignore[arg-type]
    return refusal.value


def test_a_charge_is_given_back_whole_and_the_subscription_goes_on(shop: Shop) -> None:
    found, charge = paid_charge(shop)
    intent = str(charge.payment_intent)
    made = shop.stripe.v1.refunds.create({"payment_intent": intent, "reason": "requested_by_customer"})
    assert (made.amount, made.status, made.charge) == (9_087, "succeeded", charge.id)
    again = shop.stripe.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (again.refunded, again.amount_refunded) == (True, 9_087)
    assert again.refunds is not None and [one.id for one in again.refunds.data] == [made.id]
    assert shop.again(found).status == "active"
    assert shop.stripe.v1.invoices.retrieve(str(found.latest_invoice)).status == "paid"
    assert [event.type for event in shop.events()][-2:] == ["refund.created", "charge.refunded"]


def test_a_charge_is_given_back_bit_by_bit_and_never_more_than_was_taken(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 5_000, "metadata": {"why": "withdrawal"}})
    part = shop.stripe.v1.charges.retrieve(charge.id)
    assert (part.refunded, part.amount_refunded) == (False, 5_000)
    assert refused(shop, charge=charge.id, amount=4_088).param == "amount"
    rest = shop.stripe.v1.refunds.create({"charge": charge.id})
    assert rest.amount == 4_087
    assert refused(shop, charge=charge.id).code == "charge_already_refunded"
    listed = shop.stripe.v1.refunds.list({"charge": charge.id}).data
    assert [refund.amount for refund in listed] == [4_087, 5_000]
    told = shop.events("charge.refunded")
    assert [event.data.previous_attributes["amount_refunded"] for event in told] == [0, 5_000]


def test_a_refund_names_one_charge_that_was_paid(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    assert "should be provided" in str(refused(shop))
    assert "only specify one" in str(refused(shop, charge=charge.id, payment_intent=str(charge.payment_intent)))
    assert refused(shop, charge="ch_none").code == "resource_missing"
    assert refused(shop, charge=charge.id, amount=0).param == "amount"
    session = shop.session()
    shop.pay(session, DECLINED)
    failed = shop.stripe.v1.charges.list({"customer": str(session.customer)}).data[0]
    assert "nothing to refund" in str(refused(shop, charge=failed.id))
    assert "successful charge" in str(refused(shop, payment_intent=str(failed.payment_intent)))


def test_a_refund_asked_for_twice_under_one_key_is_given_once(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    twice = [
        shop.stripe.v1.refunds.create({"charge": charge.id}, {"idempotency_key": "withdrawal-1"}) for _ in range(2)
    ]
    assert twice[0].id == twice[1].id
    assert len(shop.stripe.v1.refunds.list({"payment_intent": str(charge.payment_intent)}).data) == 1


def test_a_refunds_metadata_can_be_changed(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    made = shop.stripe.v1.refunds.create({"charge": charge.id, "metadata": {"a": "1"}})
    changed = shop.stripe.v1.refunds.update(made.id, {"metadata": {"b": "2"}})
    assert changed.metadata is not None and changed.metadata.to_dict() == {"a": "1", "b": "2"}
    assert shop.events("refund.updated")[-1].data.previous_attributes.to_dict() == {"metadata": {"a": "1"}}

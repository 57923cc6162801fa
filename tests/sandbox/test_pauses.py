"""Subscriptions on hold, their collection on hold, and how they are found again."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, FAILS_LATER, Shop, card, visit


def hold(shop: Shop, found: stripe.Subscription, **pause: Any) -> stripe.Subscription:
    return shop.stripe.v1.subscriptions.update(found.id, {"pause_collection": pause})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("behaviour", "status"), [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")]
)
def test_invoices_made_while_collection_is_paused_are_not_collected(shop: Shop, behaviour: str, status: str) -> None:
    found = shop.subscription()
    held = hold(shop, found, behavior=behaviour)
    assert held.status == "active" and held.pause_collection is not None
    assert held.pause_collection.behavior == behaviour
    shop.pass_time(32 * DAY)
    invoice = shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice))
    assert (invoice.status, shop.again(found).status) == (status, "active")
    shop.stripe.v1.subscriptions.update(found.id, {"pause_collection": ""})
    shop.pass_time(31 * DAY)
    assert shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice)).status == "paid"


def test_collection_goes_on_at_the_instant_it_was_paused_until(shop: Shop) -> None:
    found = shop.subscription()
    hold(shop, found, behavior="void", resumes_at=shop.now() + 10 * DAY)
    shop.pass_time(11 * DAY)
    assert shop.again(found).pause_collection is None
    shop.pass_time(21 * DAY)
    assert shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice)).status == "paid"


def test_a_paused_subscription_bills_nothing_and_begins_anew_when_it_is_resumed(shop: Shop) -> None:
    found = shop.subscription()
    paused = shop.stripe.v1.subscriptions.pause(found.id, {"type": "subscription"})
    assert paused.status == "paused"
    shop.pass_time(100 * DAY)
    assert len(shop.events("invoice.paid")) == 1
    resumed = shop.stripe.v1.subscriptions.resume(found.id)
    item = resumed["items"]["data"][0]
    assert resumed.status == "active" and item.current_period_start >= shop.now() - 5
    assert len(shop.events("invoice.paid")) == 2
    told = [event.type for event in shop.events("customer.subscription.paused", "customer.subscription.resumed")]
    assert told == ["customer.subscription.paused", "customer.subscription.resumed"]


def test_a_pause_within_the_period_may_keep_the_period(shop: Shop) -> None:
    found = shop.subscription()
    shop.stripe.v1.subscriptions.pause(found.id, {"type": "subscription"})
    shop.pass_time(5 * DAY)
    resumed = shop.stripe.v1.subscriptions.resume(found.id, {"billing_cycle_anchor": {"type": "unchanged"}})
    assert resumed["items"]["data"][0].current_period_end == found["items"]["data"][0].current_period_end
    assert len(shop.events("invoice.paid")) == 1
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.subscriptions.resume(found.id)


def test_a_pause_stays_when_the_new_period_cannot_be_paid(shop: Shop) -> None:
    found = shop.subscription()
    visit(f"{shop.portal(found).url}/card", card(FAILS_LATER))
    shop.stripe.v1.subscriptions.pause(found.id, {"type": "subscription"})
    with pytest.raises(stripe.CardError):
        shop.stripe.v1.subscriptions.resume(found.id)
    assert shop.again(found).status == "paused"


def test_subscriptions_are_found_by_status_and_metadata(shop: Shop) -> None:
    mine = shop.subscription(subscription_data={"metadata": {"organisation": "42"}})
    shop.subscription(subscription_data={"metadata": {"organisation": "43"}})
    search = shop.stripe.v1.subscriptions.search
    found = search({"query": "status:'active' AND metadata['organisation']:'42'"})
    assert [one.id for one in found.data] == [mine.id]
    assert search({"query": "status:'canceled'"}).data == []
    with pytest.raises(stripe.InvalidRequestError):
        search({"query": "colour:'blue'"})

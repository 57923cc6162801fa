"""Levers of the stand-in that Stripe does not have: a bank that thinks, outages, charges refused several times."""

from __future__ import annotations

import pytest
import stripe

from portal.sandbox.engine.planning import FIRST_PAYMENT_WINDOW
from tests.sandbox.shop import DAY, Shop, client, visit


def bought_while_the_bank_thinks(shop: Shop) -> tuple[stripe.checkout.Session, stripe.Subscription]:
    shop.sandbox.control("bank", answers="later")
    session = shop.session()
    assert shop.pay(session).status == 303
    session = shop.stripe.v1.checkout.sessions.retrieve(session.id)
    return session, shop.again(session.subscription)


def test_a_payment_the_bank_thinks_about_leaves_the_session_complete_and_unpaid(shop: Shop) -> None:
    session, subscription = bought_while_the_bank_thinks(shop)
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert subscription.status == "incomplete"
    assert "payment_intent.processing" in [event.type for event in shop.events()]
    assert shop.events("charge.succeeded", "charge.failed") == []


def test_the_banks_answer_opens_what_waited(shop: Shop) -> None:
    session, subscription = bought_while_the_bank_thinks(shop)
    shop.sandbox.control("bank", answers="at-once")
    assert shop.again(subscription).status == "incomplete"
    assert shop.sandbox.control("bank-answers")["answered"] == 1
    assert shop.again(subscription).status == "active"
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert len(shop.events("invoice.paid")) == len(shop.events("checkout.session.async_payment_succeeded")) == 1
    assert len(shop.stripe.v1.payment_intents.list({}).data) == 1
    shop.pass_time(31 * DAY)
    assert len(shop.events("invoice.paid")) == 2


def test_a_bank_that_thinks_too_long_is_not_waited_for(shop: Shop) -> None:
    _session, subscription = bought_while_the_bank_thinks(shop)
    shop.pass_time(FIRST_PAYMENT_WINDOW + 60)
    assert shop.again(subscription).status == "incomplete_expired"
    assert shop.sandbox.control("bank-answers")["answered"] == 0


def test_during_an_outage_the_api_answers_500_and_does_nothing(shop: Shop) -> None:
    shop.sandbox.control("outage", seconds=600)
    assert 590 < shop.sandbox.control("state")["outage"] <= 600
    with pytest.raises(stripe.APIError) as fault:
        shop.customer()
    assert fault.value.http_status == 500
    shop.sandbox.control("outage", seconds=0)
    assert shop.stripe.v1.customers.list({}).data == []


def test_a_charge_may_be_refused_until_every_retry_is_used_up(shop: Shop) -> None:
    subscription = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=subscription.id, times=4)
    shop.pass_time(50 * DAY)
    ended = shop.again(subscription)
    assert ended.status == "canceled" and ended.cancellation_details
    assert ended.cancellation_details.reason == "payment_failed"
    assert shop.sandbox.control("state")["failing"] == []


def test_doubled_events_arrive_in_order_each_twice(shop: Shop) -> None:
    shop.sandbox.control("webhooks", mode="duplicate")
    shop.customer()
    shop.stripe.v1.products.create({"name": "mind Media"})
    shop.sandbox.settle()
    assert shop.receiver.types() == ["customer.created"] * 2 + ["product.created"] * 2


def test_so_many_requests_are_answered_500_or_429_and_nothing_is_done(shop: Shop) -> None:
    for kind, fault in (("500", stripe.APIError), ("429", stripe.RateLimitError)):
        shop.sandbox.control("fault", kind=kind, times=2)
        for _ in range(2):
            with pytest.raises(fault):
                shop.customer()
        assert shop.sandbox.control("state")["fault"] == {}
    assert shop.stripe.v1.customers.list({}).data == []


def test_a_request_may_get_no_answer(shop: Shop) -> None:
    shop.sandbox.control("fault", kind="nothing", times=1)
    with pytest.raises(stripe.APIConnectionError):
        shop.customer()
    assert shop.stripe.v1.customers.list({}).data == []


def test_an_answer_may_be_lost_after_the_work_and_the_same_key_finds_it_again(shop: Shop) -> None:
    shop.sandbox.control("fault", kind="lost", times=1)
    wish, key = {"email": "lost@example.org"}, {"idempotency_key": "lost-1"}
    with pytest.raises(stripe.APIConnectionError):
        shop.stripe.v1.customers.create(wish, key)  # type: ignore[arg-type]
    [made] = shop.stripe.v1.customers.list({}).data
    assert shop.stripe.v1.customers.create(wish, key).id == made.id  # type: ignore[arg-type]


def test_a_client_that_tries_again_makes_one_customer_of_a_lost_answer(shop: Shop) -> None:
    shop.sandbox.control("fault", kind="lost", times=1)
    made = client(shop.sandbox.url, retries=2).v1.customers.create({"email": "lost@example.org"})
    assert [one.id for one in shop.stripe.v1.customers.list({}).data] == [made.id]


def test_webhooks_may_be_lost_for_a_while(shop: Shop) -> None:
    shop.sandbox.control("webhooks", mode="drop", seconds=0.3)
    shop.customer()
    assert shop.sandbox.control("state")["deliveries"] == {"dropped": 1}
    shop.sandbox.control("webhooks", mode="drop", seconds=0.000001)
    assert shop.sandbox.control("state")["webhooks"]["mode"] == "normal"
    shop.customer()
    shop.sandbox.settle()
    assert shop.receiver.types() == ["customer.created"]


@pytest.mark.parametrize("given", [{"kind": "odd"}, {"kind": "500", "times": "many"}])
def test_a_senseless_fault_is_refused(shop: Shop, given: dict[str, str]) -> None:
    assert visit(f"{shop.sandbox.url}/_control/fault", given).status == 400


def test_the_accounts_setting_can_be_changed(shop: Shop) -> None:
    shop.sandbox.control("account", after_retries="pause")
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id, times=9)
    shop.pass_time(60 * DAY)
    paused = shop.again(found)
    assert paused.status == "paused" and paused.status_details is not None
    assert paused.status_details.paused.subscription.type == "final_payment_failure"
    assert shop.events("customer.subscription.paused")

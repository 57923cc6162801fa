"""Webhooks: signed, in order or not, twice or never, late or held, and tried again until they arrive."""

from __future__ import annotations

import json
import threading
from collections import Counter

import stripe

from portal.sandbox.webhooks.queue import LONGEST_PAUSE, pause
from portal.sandbox.webhooks.signing import signature
from tests.sandbox.receiver import SECRET
from tests.sandbox.shop import DAY, Page, Shop
from tests.sandbox.test_first_payment import FIRST_PAYMENT


def test_the_signature_is_one_that_the_library_accepts() -> None:
    body, now = b'{"id": "evt_1", "object": "event"}', 1_700_000_000
    stripe.WebhookSignature.verify_header(body.decode(), signature(body, SECRET, now), SECRET)


def test_signatures_carry_the_real_time_though_the_clock_is_far_ahead(shop: Shop) -> None:
    shop.pass_time(400 * DAY)
    shop.customer()
    shop.sandbox.settle()
    assert shop.receiver.types()[-1] == "customer.created"
    assert abs(shop.receiver.events[-1]["created"] - shop.now()) < 60


def test_shuffled_events_arrive_out_of_order_some_twice_none_missing(shop: Shop) -> None:
    shop.sandbox.control("webhooks", mode="shuffle", seed=7)
    session = shop.session()
    shop.sandbox.settle()
    shop.receiver.events.clear()
    shop.pay(session)
    shop.sandbox.settle()
    seen = Counter(shop.receiver.types())
    assert set(seen) == set(FIRST_PAYMENT)
    assert shop.receiver.types() != FIRST_PAYMENT and max(seen.values()) == 2


def test_dropped_events_never_arrive_but_are_listed(shop: Shop) -> None:
    shop.sandbox.control("webhooks", mode="drop")
    shop.subscription()
    shop.sandbox.settle()
    assert shop.receiver.events == []
    assert shop.events("checkout.session.completed")[0].pending_webhooks == 0


def test_held_events_wait_for_their_release(shop: Shop) -> None:
    shop.sandbox.control("webhooks", mode="hold")
    assert shop.pay(shop.session()).status == 303
    outcome = shop.sandbox.control("settle")
    assert outcome["held"] > 10 and shop.receiver.events == []
    shop.sandbox.control("webhooks", mode="normal")
    shop.sandbox.settle()
    assert shop.receiver.types()[-11:] == FIRST_PAYMENT


def test_delayed_events_are_late_and_released_by_another_mode(shop: Shop) -> None:
    shop.sandbox.control("webhooks", mode="delay", seconds=3_600)
    shop.customer()
    outcome = shop.sandbox.control("settle", seconds=0.05)
    assert (outcome["drained"], outcome["pending"]) == (False, 1)
    shop.sandbox.control("webhooks", mode="normal")
    shop.sandbox.settle()
    assert shop.receiver.types() == ["customer.created"]


def test_a_refused_event_is_tried_again_until_it_is_taken(shop: Shop) -> None:
    shop.receiver.answers = [500, 503, 400]
    shop.customer()
    shop.sandbox.settle()
    assert shop.receiver.refused == 3
    assert shop.receiver.types() == ["customer.created"]


def test_pauses_double_up_to_a_minute() -> None:
    assert [pause(attempt, 1.0) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert pause(16, 1.0) == LONGEST_PAUSE


def test_what_keeps_events_from_arriving_is_reported(shop: Shop) -> None:
    shop.sandbox.control("listen", url="http://127.0.0.1:9/nobody")
    shop.customer()
    outcomes = (shop.sandbox.control("settle", seconds=0.1) for _ in range(100))
    outcome = next(found for found in outcomes if found["troubles"])
    assert outcome["drained"] is False and "Refused" in outcome["troubles"][0]
    shop.sandbox.control("listen", url=shop.receiver.url, secret=SECRET)
    shop.sandbox.settle()
    assert shop.receiver.types() == ["customer.created"]


def test_checkout_waits_for_the_answer_to_its_completion(shop: Shop) -> None:
    session = shop.session()
    shop.sandbox.settle()
    shop.receiver.gate.clear()
    pages: list[Page] = []
    buyer = threading.Thread(target=lambda: pages.append(shop.pay(session)))
    buyer.start()
    buyer.join(0.3)
    assert pages == []
    shop.receiver.gate.set()
    buyer.join(10)
    assert pages[0].status == 303
    assert "checkout.session.completed" in shop.receiver.types()


def test_checkout_can_be_told_not_to_wait(shop: Shop) -> None:
    session = shop.session()
    shop.sandbox.settle()
    shop.sandbox.control("checkout", wait_seconds=0)
    shop.receiver.gate.clear()
    assert shop.pay(session).status == 303
    assert "checkout.session.completed" not in shop.receiver.types()
    shop.receiver.gate.set()
    shop.sandbox.settle()
    assert "checkout.session.completed" in shop.receiver.types()


def test_an_address_made_by_the_api_hears_what_it_asked_for(shop: Shop) -> None:
    shop.sandbox.control("listen")
    made = shop.stripe.v1.webhook_endpoints.create({"url": shop.receiver.url, "enabled_events": ["product.created"]})
    assert made.secret is not None and made.secret.startswith("whsec_")
    assert not hasattr(shop.stripe.v1.webhook_endpoints.retrieve(made.id), "secret")
    shop.receiver.answers = [200]
    shop.customer()
    shop.stripe.v1.products.create({"name": "mind Media"})
    shop.sandbox.settle()
    assert shop.receiver.refused == 1
    assert shop.stripe.v1.webhook_endpoints.delete(made.id).deleted is True


def test_an_event_counts_the_addresses_that_have_not_taken_it(shop: Shop) -> None:
    shop.sandbox.control("webhooks", mode="hold")
    shop.customer()
    assert shop.events()[0].pending_webhooks == 1


def test_events_are_listed_by_type_and_read_one_by_one(shop: Shop) -> None:
    shop.subscription()
    [paid] = shop.stripe.v1.events.list({"type": "invoice.paid"}).data
    assert shop.stripe.v1.events.retrieve(paid.id).api_version == stripe.api_version
    assert json.loads(str(paid))["request"]["id"] is None
    created = shop.stripe.v1.events.list({"types": ["customer.created"]}).data[0]
    assert created.request.id.startswith("req_")  # type: ignore[union-attr]

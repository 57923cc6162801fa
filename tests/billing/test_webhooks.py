"""The webhook's door and the inbox behind it: forged, doubled, reordered, late, lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.billing import inbox, sync
from portal.billing.gateway import KEY
from portal.billing.models import StripeEvent, Subscription, SyncTicket
from portal.billing.shapes import GatewayBusy, GatewayUnavailable
from portal.db import db, end_reading, writing
from tests.billing.test_buying import opens
from tests.billing.world import SECRET, World, connect, signed

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "livemode": False,
    "created": 1_772_000_000,
    "api_version": "2020-08-27",
    "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_unknown", "parent": None}},
}


class Broken:
    """A gateway that answers every question with this error."""

    livemode = False

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def _fail(self, *_asked: object) -> None:
        raise self.error("not now")

    state = subscriptions = subscription_of_payment = subscription_of_invoice = _fail


def stored(world: World) -> list[str]:
    """Ids in the inbox."""
    end_reading()
    return list(db.session.scalars(select(StripeEvent.id)))


def test_a_forged_webhook_is_refused(world: World) -> None:
    body = json.dumps(EVENT).encode()
    client = world.client()
    for headers in (
        {},
        {"Stripe-Signature": "t=1,v1=00"},
        {"Stripe-Signature": "rubbish"},
        signed(body, "whsec_other"),
        signed(body, age=301),
        signed(body, age=-400),
        signed(body + b" "),
    ):
        assert client.post("/stripe/webhook", data=body, headers=headers).status_code == 400
    assert stored(world) == []


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"{}",
        b'"text"',
        b"null",
        json.dumps({"id": "evt_2", "object": "v2.core.event", "type": "v1.billing.meter", "created": "now"}).encode(),
        json.dumps({**EVENT, "data": {"object": None}}).encode(),
        json.dumps({**EVENT, "id": "e" * 200}).encode(),
        json.dumps({**EVENT, "created": 10**30}).encode(),
    ],
)
def test_what_is_no_event_is_refused_and_breaks_nothing(world: World, body: bytes) -> None:
    assert world.post(body).status_code == 400
    assert stored(world) == []


def test_a_body_over_a_mebibyte_is_refused(world: World) -> None:
    assert world.post(b"x" * (1024 * 1024 + 1)).status_code in (400, 413)


def test_an_event_of_the_other_mode_is_answered_and_ignored(world: World) -> None:
    assert world.post({**EVENT, "livemode": True}).status_code == 200
    assert stored(world) == []


def test_both_secrets_are_accepted_while_one_replaces_the_other(world: World) -> None:
    world.app.extensions[KEY] = connect(world.app, world.sandbox.url, stripe_webhook_secrets=("whsec_new", SECRET))
    assert world.post(EVENT, "whsec_new").status_code == 200
    assert world.post({**EVENT, "id": "evt_2"}, SECRET).status_code == 200
    assert world.post({**EVENT, "id": "evt_3"}, "whsec_third").status_code == 400


def test_an_old_version_and_an_unknown_type_are_stored_and_closed(world: World) -> None:
    assert world.post(EVENT).status_code == 200
    assert world.post({**EVENT, "id": "evt_2", "type": "capital.loan.updated"}).status_code == 200
    world.work()
    assert world.pending() == 0


def test_the_same_event_twice_has_one_effect(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    events = world.events()
    world.deliver([*events, *events])
    world.deliver(events)
    assert opens(buyer.reader_id)
    assert len(world.mails("receipt")) == 1
    assert len(world.mails("subscription_started")) == 1


def test_the_same_event_at_the_same_instant_is_stored_once(world: World) -> None:
    def send(_number: int) -> int:
        return world.post(EVENT).status_code

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(send, range(4))) == {200}
    assert stored(world) == ["evt_1"]


def test_one_look_at_stripe_serves_all_events_of_a_first_payment(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    assert world.deliver() > 5
    assert db.session.scalar(select(SyncTicket.issued)) == 1
    assert opens(buyer.reader_id, "health") and world.pending() == 0


def test_whatever_the_order_the_end_is_the_same(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    world.deliver(reversed(world.events()))
    assert world.subscription().status == "active"
    assert opens(buyer.reader_id)


def test_events_stay_pending_while_stripe_is_down_and_are_worked_on_later(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    for event in world.events():
        world.post(event)
    waiting = world.pending()
    assert inbox.work(db.session, Broken(GatewayUnavailable), 200) == 0  # type: ignore[arg-type]
    assert world.pending() == waiting and not opens(buyer.reader_id)
    with world.later(minutes=2):
        world.work()
        assert world.pending() == 0 and opens(buyer.reader_id)


def test_a_worker_that_dies_after_taking_an_event_leaves_it_to_the_next(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    for event in world.events():
        world.post(event)
    taken = inbox._lease(db.session, 200)
    assert taken and world.work() == 0
    with world.later(minutes=2):
        assert world.work() > 0
        assert opens(buyer.reader_id)


def test_a_worker_that_dies_between_ticket_and_write_is_overtaken(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    (remote,) = world.gateway.subscriptions()
    sync.take_ticket(db.session, remote.id)
    world.deliver()
    assert opens(buyer.reader_id)


def test_what_was_fetched_first_and_written_last_is_left_out(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    world.deliver()
    known = world.subscription().stripe_id
    early = sync.take_ticket(db.session, known)
    stale = world.gateway.state(known)
    world.stripe.v1.subscriptions.cancel(known)
    assert sync.subscription(db.session, world.gateway, known) is sync.Outcome.WRITTEN
    assert sync.apply(db.session, False, early, stale, ["evt_x"]) is sync.Outcome.SKIPPED
    assert world.subscription().status == "canceled"
    assert not opens(buyer.reader_id)


def test_a_skipped_write_still_closes_its_event(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    world.deliver()
    known = world.subscription().stripe_id
    world.post(EVENT)
    early = sync.take_ticket(db.session, known)
    state = world.gateway.state(known)
    sync.subscription(db.session, world.gateway, known)
    sync.apply(db.session, False, early, state, ["evt_1"])
    assert world.pending() == 0


def test_a_subscription_of_a_foreign_customer_makes_nobody_a_reader(world: World) -> None:
    foreign = world.stripe.v1.customers.create({"email": "autre@example.org"})
    world.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": foreign.id})
    method = world.stripe.v1.payment_methods.list({"customer": foreign.id}).data[0].id
    (price, *_) = world.gateway.prices(["health-month-eur"]).values()
    world.stripe.v1.subscriptions.create(
        {"customer": foreign.id, "items": [{"price": price.id}], "default_payment_method": method}
    )
    world.deliver()
    end_reading()
    assert db.session.scalars(select(Subscription)).all() == []
    assert world.pending() == 0 and world.mails() == []


def test_a_subscription_made_in_the_dashboard_is_found_by_its_customer(world: World) -> None:
    buyer = world.buyer()
    buyer.subscribe()
    world.deliver()
    first = world.subscription().stripe_id
    customer = world.gateway.state(first).subscription.customer_id
    world.stripe.v1.subscriptions.cancel(first)
    (price, *_) = world.gateway.prices(["media-month-eur"]).values()
    method = world.stripe.v1.payment_methods.list({"customer": customer}).data[0].id
    world.stripe.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": price.id}], "default_payment_method": method}
    )
    world.deliver()
    assert opens(buyer.reader_id, "media") and not opens(buyer.reader_id, "health")


def test_pauses_double_and_are_longer_when_stripe_is_busy() -> None:
    assert [inbox.pause(count).total_seconds() for count in (1, 2, 3)] == [5, 10, 20]
    assert inbox.pause(1, busy=True) == timedelta(seconds=30)
    assert inbox.pause(500) == inbox.LONGEST_PAUSE


@pytest.mark.parametrize(("error", "seconds"), [(GatewayBusy, 30), (GatewayUnavailable, 5), (RuntimeError, 5)])
def test_a_failure_backs_off_and_names_itself(world: World, error: type[Exception], seconds: int) -> None:
    subject = {"id": "sub_1", "object": "subscription", "customer": "cus_1"}
    world.post({**EVENT, "type": "customer.subscription.updated", "data": {"object": subject}})
    assert inbox.work(db.session, Broken(error), 10) == 0  # type: ignore[arg-type]
    row = db.session.get_one(StripeEvent, "evt_1")
    assert row.next_attempt_at == clock.now() + timedelta(seconds=seconds)
    assert row.note == error.__name__ and row.done_at is None


def test_an_event_left_in_the_future_by_the_time_machine_is_taken_up(world: World) -> None:
    world.post(EVENT)
    with writing():
        db.session.get_one(StripeEvent, "evt_1").next_attempt_at = clock.now() + timedelta(days=30)
    world.work()
    assert world.pending() == 0


def test_an_object_that_is_gone_is_done_with_a_note(world: World) -> None:
    subject = {"id": "sub_gone", "object": "subscription", "customer": "cus_1"}
    world.post({**EVENT, "type": "customer.subscription.updated", "data": {"object": subject}})
    world.work()
    row = db.session.get_one(StripeEvent, "evt_1")
    assert (row.done_at is not None, row.note) == (True, "gone")


def test_a_key_of_live_mode_does_not_take_up_test_customers(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    (remote,) = world.gateway.subscriptions()
    state = world.gateway.state(remote.id)
    live = replace(state, subscription=replace(state.subscription, livemode=True))
    ticket = sync.take_ticket(db.session, remote.id)
    assert sync.apply(db.session, True, ticket, live) is sync.Outcome.FOREIGN
    assert not opens(buyer.reader_id)

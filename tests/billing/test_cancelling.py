"""Leaving from the account: three clicks on our own pages, and nothing lost while Stripe is silent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.access.vocabulary import Source
from portal.billing import cancelling
from portal.billing.gateway import KEY
from portal.billing.models_leaving import Cancellation, LeavingReason
from portal.db import db, end_reading, writing
from portal.formats import moment
from portal.i18n import use_locale
from tests.billing.test_buying import opens
from tests.billing.test_life import in_portal, says, subscriber
from tests.billing.world import Buyer, World, connect
from tests.builders import a_grant, a_reader
from tests.forms import csrf_token, sign_in, submit
from tests.sandbox.shop import words

ENGLISH = {"Accept-Language": "en"}
NOWHERE = "http://127.0.0.1:9"


def cancels(buyer: Buyer, **fields: str) -> str:
    """Click through both pages; the text of the last one, in English."""
    buyer.sign_in()
    answer = submit(buyer.client, "/billing/cancel", fields)
    assert (answer.status_code, answer.location) == (303, "/billing/cancel/done")
    return words(buyer.client.get("/billing/cancel/done", headers=ENGLISH).text)


def asked() -> list[Cancellation]:
    end_reading()
    return list(db.session.scalars(select(Cancellation).order_by(Cancellation.id)))


def at_stripe(world: World) -> dict[str, object]:
    """The subscription as Stripe has it."""
    return dict(world.stripe.v1.subscriptions.retrieve(world.subscription().stripe_id).to_dict())


def test_the_first_page_says_what_ends_when_and_who_loses_what_and_changes_nothing(world: World) -> None:
    buyer = subscriber(world)
    assert 'href="/billing/cancel"' in buyer.client.get("/billing/").text
    text = words(buyer.client.get("/billing/cancel", headers=ENGLISH).text)
    renews_at = world.subscription().renews_at
    assert renews_at
    with use_locale("en"):
        assert f"mind Health ends on {words(moment(renews_at))}, Paris time" in text
    assert "Who loses their licence that day" in text
    assert asked() == [] and world.subscription().ending_at is None


def test_three_clicks_end_it_with_its_period_and_one_mail_acknowledges_it(world: World) -> None:
    buyer = subscriber(world)
    renews_at = world.subscription().renews_at
    text = cancels(buyer, reason="too_expensive")
    assert "It is cancelled" in text and "Resume the subscription" in text
    row = world.subscription()
    assert row.ending_at == renews_at and opens(buyer.reader_id)
    (one,) = asked()
    assert one.done_at and one.reason is LeavingReason.TOO_EXPENSIVE
    world.deliver()
    (mail,) = world.mails("cancellation_confirmed")
    with use_locale(mail.locale):
        assert moment(one.asked_at) in mail.text
    details = at_stripe(world)["cancellation_details"]
    assert isinstance(details, dict) and details["feedback"] == "too_expensive"


@pytest.mark.parametrize("reason", ["", "autre-chose", "\0", "x" * 5_000])
def test_a_reason_is_nobodys_duty(world: World, reason: str) -> None:
    buyer = subscriber(world)
    cancels(buyer, reason=reason)
    assert asked()[0].reason is None and world.subscription().ending_at


def test_resuming_on_our_page_takes_it_back_and_it_may_be_cancelled_again(world: World) -> None:
    buyer = subscriber(world)
    for turn in (1, 2):
        cancels(buyer)
        answer = submit(buyer.client, "/billing/resume", page="/billing/cancel/done")
        assert (answer.status_code, answer.location) == (303, "/billing/")
        assert world.subscription().ending_at is None and "renewed on" in says(buyer)
        assert len(world.mails("subscription_resumed")) == turn
    assert [one.withdrawn_at is not None for one in asked()] == [True, True]


def test_an_end_made_in_stripes_portal_is_taken_back_here(world: World) -> None:
    buyer = subscriber(world)
    in_portal(buyer, "cancel")
    world.deliver()
    submit(buyer.client, "/billing/resume", page="/billing/")
    assert world.subscription().ending_at is None
    assert at_stripe(world)["cancel_at"] is None


def test_two_tabs_and_a_double_click_are_one_cancellation(world: World) -> None:
    buyer = subscriber(world)
    token = csrf_token(buyer.client, "/billing/cancel")
    answers = [
        buyer.client.post("/billing/cancel", data={"csrf_token": token, "reason": r}) for r in ("unused", "other")
    ]
    assert [(one.status_code, one.location) for one in answers] == [(303, "/billing/cancel/done")] * 2
    assert len(asked()) == 1
    world.deliver()
    assert len(world.mails("cancellation_confirmed")) == 1
    again = buyer.client.get("/billing/cancel")
    assert (again.status_code, again.location) == (303, "/billing/cancel/done")


def test_two_clicks_at_the_same_instant_are_one_cancellation(world: World) -> None:
    buyer = subscriber(world)
    token = csrf_token(buyer.client, "/billing/cancel")
    with ThreadPoolExecutor(2) as pool:
        clicks = [pool.submit(buyer.client.post, "/billing/cancel", data={"csrf_token": token}) for _ in range(2)]
        assert {click.result().status_code for click in clicks} == {303}
    assert len(asked()) == 1 and world.subscription().ending_at


def test_while_stripe_is_silent_the_request_stands_and_the_worker_passes_it_on(world: World) -> None:
    buyer = subscriber(world)
    world.app.extensions[KEY] = connect(world.app, NOWHERE)
    text = cancels(buyer)
    assert "kept, and being passed on" in text and "kept, and being passed on" in says(buyer)
    (one,) = asked()
    assert one.done_at is None and world.subscription().ending_at is None
    assert len(world.mails("cancellation_received")) == 1
    world.app.extensions[KEY] = world.gateway
    assert cancelling.finish_due() == 0, "it rests for some seconds first"
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        world.align()
        assert cancelling.finish_due() == 1
        assert world.subscription().ending_at and asked()[0].done_at
        assert len(world.mails("cancellation_confirmed")) == 1
        assert cancelling.finish_due() == 0


def test_what_waits_for_stripe_can_be_taken_back_before_it_got_there(world: World) -> None:
    buyer = subscriber(world)
    world.app.extensions[KEY] = connect(world.app, NOWHERE)
    cancels(buyer)
    answer = submit(buyer.client, "/billing/resume", page="/billing/", follow=True, headers=ENGLISH)
    assert answer.status_code == 200
    world.app.extensions[KEY] = world.gateway
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        world.align()
        assert cancelling.finish_due() == 0
        assert world.subscription().ending_at is None and at_stripe(world)["cancel_at"] is None


def test_carried_out_again_it_is_still_one_cancellation(world: World) -> None:
    buyer = subscriber(world)
    cancels(buyer)
    assert cancelling.carry_out(db.session, world.gateway, asked()[0].id)
    assert len(asked()) == 1 and len(world.mails("cancellation_confirmed")) == 1


def test_somebody_without_a_subscription_is_led_to_billing(world: World) -> None:
    client = world.client()
    sign_in(client, a_reader())
    answer = client.get("/billing/cancel")
    assert (answer.status_code, answer.location) == (303, "/billing/")
    done = client.get("/billing/cancel/done")
    assert (done.status_code, done.location) == (303, "/billing/")
    assert asked() == []


def test_a_colleague_on_a_seat_cannot_end_what_another_pays(world: World) -> None:
    subscriber(world, quantity="2")
    stranger = world.buyer(a_reader())
    answer = stranger.client.get("/billing/cancel")
    assert (answer.status_code, answer.location) == (303, "/billing/")
    assert world.subscription().ending_at is None


def test_a_subscription_that_begins_later_ends_before_anything_is_charged(world: World) -> None:
    reader = a_reader()
    with writing():
        a_grant(reader, vertical="health", source=Source.TRIAL, ends_in=timedelta(days=9))
    buyer = world.buyer(reader)
    buyer.subscribe(start="after-trial")
    world.deliver()
    row = world.subscription()
    assert row.status == "trialing"
    cancels(buyer)
    assert world.subscription().ending_at == row.trial_end
    with world.later(days=20):
        world.deliver()
        assert world.subscription().status == "canceled"


def test_a_subscription_whose_payment_failed_can_be_ended_too(world: World) -> None:
    buyer = subscriber(world)
    world.sandbox.control("fail-next-renewal", subscription=world.subscription().stripe_id)
    with world.later(days=31, hours=1):
        world.deliver()
        assert world.subscription().status == "past_due"
        assert 'href="/billing/cancel"' in buyer.billing()
        page = words(buyer.client.get("/billing/cancel", headers=ENGLISH).text)
        assert "is still to be paid" in page
        cancels(buyer)
        assert world.subscription().ending_at and "is not renewed" in says(buyer)
        assert "Resume the subscription" in says(buyer)

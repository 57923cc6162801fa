"""What a bank or staff do to money already taken: 3-D Secure at a renewal, retries used up, refunds, disputes."""

from datetime import timedelta

import pytest

from portal import clock
from portal.billing import reconcile
from portal.db import db
from tests.billing.test_buying import opens
from tests.billing.test_life import alerts, subscriber
from tests.billing.world import Buyer, World
from tests.sandbox.shop import card, visit

ASKS = "4000 0027 6000 3184"


def asked_at_renewals(world: World) -> Buyer:
    """A subscriber whose bank wants every payment confirmed."""
    buyer = subscriber(world)
    assert visit(f"{buyer.portal('card')}/card", card(ASKS)).status == 303
    session = buyer.portal("card")
    visit(f"{session}/bank", {"answer": "yes"})
    world.deliver()
    return buyer


def test_a_renewal_that_waits_for_the_bank_sends_one_mail_with_the_way_to_confirm(world: World) -> None:
    buyer = asked_at_renewals(world)
    with world.later(days=31, hours=1):
        world.deliver()
        (mail,) = world.mails("payment_action")
        assert f"{world.sandbox.url}/invoice/in_" in mail.text and not world.mails("payment_failed")
        assert opens(buyer.reader_id) and world.subscription().status == "past_due"
        with world.later(days=4):
            world.deliver()
            assert len(world.mails("payment_action")) == 1, "a second attempt asks for the same confirmation"


def test_a_confirmed_renewal_opens_again_and_is_receipted(world: World) -> None:
    buyer = asked_at_renewals(world)
    with world.later(days=31, hours=1):
        world.deliver()
        invoice = next(one for one in world.gateway.state(world.subscription().stripe_id).invoices if one.asked)
        assert visit(f"{invoice.hosted_url}/bank", {"answer": "yes"}).status == 303
        world.deliver()
        assert world.subscription().status == "active" and opens(buyer.reader_id)
        assert len(world.mails("receipt")) == 2
        assert not any(one.asked for one in world.gateway.state(world.subscription().stripe_id).invoices)


def test_a_refused_confirmation_leaves_the_invoice_to_be_paid_with_another_card(world: World) -> None:
    buyer = asked_at_renewals(world)
    with world.later(days=31, hours=1):
        world.deliver()
        invoice = next(one for one in world.gateway.state(world.subscription().stripe_id).invoices if one.asked)
        assert visit(f"{invoice.hosted_url}/bank", {"answer": "no"}).status == 422
        world.deliver()
        assert world.subscription().status == "past_due" and opens(buyer.reader_id)
        assert visit(str(invoice.hosted_url), card()).status == 303
        world.deliver()
        assert world.subscription().status == "active" and len(world.mails("payment_action")) == 1


@pytest.mark.parametrize(
    ("setting", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("pause", "paused"), ("past_due", "past_due")]
)
def test_when_retries_are_used_up_access_is_closed_whatever_the_account_says(
    world: World, setting: str, status: str
) -> None:
    world.sandbox.control("account", after_retries=setting)
    buyer = subscriber(world)
    assert visit(f"{buyer.portal('card')}/card", card("4000 0000 0000 0341")).status == 303
    with world.later(days=31, hours=1):
        world.deliver()
        assert opens(buyer.reader_id)
        with world.later(days=18):
            world.deliver()
            assert world.subscription().status == status and not opens(buyer.reader_id)


def test_a_payment_given_back_whole_leaves_access_and_tells_staff_once(world: World) -> None:
    buyer = subscriber(world)
    known = world.subscription().stripe_id
    world.sandbox.control("refund", subscription=known)
    world.deliver()
    assert opens(buyer.reader_id) and alerts() == ["refunded-while-live"]
    for event in world.stripe.v1.events.list({"type": "charge.refunded"}).data:
        world.post(event.to_dict(for_json=True) | {"id": "evt_again"})
    world.work()
    assert alerts() == ["refunded-while-live"] and world.pending() == 0


def test_a_part_given_back_or_an_ended_subscription_worries_nobody(world: World) -> None:
    subscriber(world)
    known = world.subscription().stripe_id
    world.sandbox.control("refund", subscription=known, amount=500)
    world.deliver()
    world.stripe.v1.subscriptions.cancel(known)
    world.sandbox.control("refund", subscription=known)
    world.deliver()
    assert alerts() == []


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_is_flagged_and_so_is_its_end(world: World, outcome: str) -> None:
    buyer = subscriber(world)
    known = world.subscription().stripe_id
    world.sandbox.control("dispute", subscription=known, reason="subscription_canceled")
    world.deliver()
    assert opens(buyer.reader_id) and alerts() == ["dispute-opened"]
    world.sandbox.control("dispute-closed", subject=known, outcome=outcome)
    world.deliver()
    assert opens(buyer.reader_id) and alerts() == ["dispute-opened", f"dispute-{outcome}"]


def test_a_dispute_heard_of_too_late_and_in_any_order_is_flagged_all_the_same(world: World) -> None:
    subscriber(world)
    known = world.subscription().stripe_id
    world.sandbox.control("dispute", subscription=known)
    world.sandbox.control("dispute-closed", subject=known, outcome="won")
    news = world.events()
    world.deliver(reversed(news))
    assert alerts() == ["dispute-opened", "dispute-won"]
    world.deliver(news)
    assert alerts() == ["dispute-opened", "dispute-won"]


def test_what_was_never_delivered_is_found_by_the_periodic_pass(world: World) -> None:
    subscriber(world)
    world.sandbox.control("dispute", subscription=world.subscription().stripe_id)
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        reconcile.run(db.session, world.gateway)
    assert alerts() == ["dispute-opened"]

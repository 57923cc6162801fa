"""A subscription's life: renewed, refused, recovered, cancelled, resumed, ended, and healed when news was lost."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.access.models import Grant
from portal.audit import AuditEvent
from portal.billing import sync
from portal.billing.models import Customer, Invoice, Price, Subscription
from portal.db import db, end_reading, writing
from portal.organisations.models import Organisation, Seat
from tests.billing.test_buying import opens
from tests.billing.world import Buyer, World
from tests.sandbox.shop import card, visit, words


def subscriber(world: World, price: str = "health-month-eur", **fields: str) -> Buyer:
    """Somebody who has just subscribed, all news delivered."""
    buyer = world.buyer()
    buyer.subscribe(price, **fields)
    world.deliver()
    return buyer


def says(buyer: Buyer) -> str:
    """The billing page in English, its spaces made plain."""
    buyer.sign_in()
    return words(buyer.client.get("/billing/", headers={"Accept-Language": "en"}).text)


def in_portal(buyer: Buyer, act: str) -> str:
    """Open Stripe's portal and do something to the subscription there; returns where it leads back to."""
    address = buyer.portal()
    subscription = buyer.world.subscription().stripe_id
    answer = visit(f"{address}/{act}/{subscription}", {})
    assert answer.status == 303, answer.text
    return answer.location


def test_a_renewal_moves_the_end_and_sends_one_receipt(world: World) -> None:
    buyer = subscriber(world)
    first = world.subscription().renews_at
    with world.later(days=32):
        world.deliver()
        renewed = world.subscription().renews_at
        assert first and renewed and renewed - first > timedelta(days=27)
        assert opens(buyer.reader_id) and len(world.mails("receipt")) == 2
        assert "renewed on" in says(buyer)


def test_access_never_flaps_around_a_renewal(world: World) -> None:
    buyer = subscriber(world)
    renews_at = world.subscription().renews_at
    assert renews_at
    for hours in (-1, 0, 1, 23):
        with clock.frozen(renews_at + timedelta(hours=hours)):
            assert opens(buyer.reader_id), hours
    with clock.frozen(renews_at + timedelta(hours=24)):
        assert not opens(buyer.reader_id), "nobody heard of a renewal for a day"


def test_cancelling_in_the_portal_shows_the_end_here_and_resuming_takes_it_back(world: World) -> None:
    buyer = subscriber(world)
    renews_at = world.subscription().renews_at
    in_portal(buyer, "cancel")
    answer = buyer.client.get("/billing/?from=portal")
    assert (answer.status_code, answer.location) == (303, "/billing/")
    row = world.subscription()
    assert row.ending_at == renews_at and row.renews_at is None
    assert db.session.scalars(select(Grant.ends_at)).one() == renews_at
    assert "ends on" in says(buyer) and "Resume the subscription" in says(buyer)
    assert [mail.kind for mail in world.mails()].count("cancellation_confirmed") == 1
    world.deliver()
    assert len(world.mails("cancellation_confirmed")) == 1
    in_portal(buyer, "resume")
    world.deliver()
    assert world.subscription().ending_at is None and "renewed on" in says(buyer)
    assert len(world.mails("subscription_resumed")) == 1


def test_the_announced_end_comes_and_access_closes_to_the_second(world: World) -> None:
    buyer = subscriber(world)
    in_portal(buyer, "cancel")
    world.deliver()
    end = world.subscription().ending_at
    assert end
    with clock.frozen(end - timedelta(seconds=31)):
        assert opens(buyer.reader_id)
    with clock.frozen(end):
        assert not opens(buyer.reader_id)
    with world.later(days=32):
        world.deliver()
        assert world.subscription().status == "canceled" and "ended on" in says(buyer)
        assert len(world.mails("subscription_ended")) == 1


def test_the_classic_boolean_ends_it_too(world: World) -> None:
    buyer = subscriber(world)
    known, renews_at = world.subscription().stripe_id, world.subscription().renews_at
    world.stripe.v1.subscriptions.update(known, {"cancel_at_period_end": True})
    world.deliver()
    assert world.subscription().ending_at == renews_at and opens(buyer.reader_id)


def test_an_immediate_end_closes_at_once(world: World) -> None:
    buyer = subscriber(world)
    world.stripe.v1.subscriptions.cancel(world.subscription().stripe_id)
    world.deliver()
    assert not opens(buyer.reader_id) and "ended on" in says(buyer)


def test_a_refused_renewal_keeps_access_for_seven_days_and_says_until_when(world: World) -> None:
    buyer = subscriber(world)
    world.sandbox.control("fail-next-renewal", subscription=world.subscription().stripe_id)
    with world.later(days=31, hours=1):
        world.deliver()
        row = world.subscription()
        assert row.status == "past_due" and row.unpaid_since and row.next_attempt_at
        assert opens(buyer.reader_id)
        text = says(buyer)
        assert "You keep access until" in text and "Next attempt on" in text and "Change my card" in text
        assert len(world.mails("payment_failed")) == 1
        unpaid = row.unpaid_since
        with clock.frozen(unpaid + timedelta(days=7) - timedelta(minutes=1)):
            assert opens(buyer.reader_id)
        with clock.frozen(unpaid + timedelta(days=7)):
            assert not opens(buyer.reader_id)
            assert "access is closed" in says(buyer)


def test_a_recovered_payment_opens_without_a_gap_and_says_so_once(world: World) -> None:
    buyer = subscriber(world)
    world.sandbox.control("fail-next-renewal", subscription=world.subscription().stripe_id)
    with world.later(days=31, hours=1):
        world.deliver()
        with world.later(days=4):
            world.deliver()
            assert world.subscription().status == "active" and opens(buyer.reader_id)
            assert len(world.mails("payment_recovered")) == 1 and len(world.mails("receipt")) == 2
            world.deliver()
            assert len(world.mails("payment_recovered")) == 1


def test_a_person_locked_out_can_change_the_card_and_pay(world: World) -> None:
    buyer = subscriber(world)
    page = visit(f"{buyer.portal('card')}/card", card("4000 0000 0000 0341"))
    assert page.status == 303
    with world.later(days=31, hours=1):
        world.deliver()
        assert world.subscription().status == "past_due"
        (owed,) = db.session.scalars(select(Invoice).where(Invoice.status == "open")).all()
        assert owed.hosted_url and owed.hosted_url in buyer.billing().replace("&amp;", "&")
        assert visit(f"{buyer.portal('card')}/card", card()).status == 303
        assert visit(owed.hosted_url, card()).status in (200, 303)
        world.deliver()
        assert world.subscription().status == "active" and opens(buyer.reader_id)
        assert world.subscription().card_last4 == "4242"


def test_when_every_retry_failed_access_is_closed_for_non_payment(world: World) -> None:
    buyer = subscriber(world)
    assert visit(f"{buyer.portal('card')}/card", card("4000 0000 0000 0341")).status == 303
    with world.later(days=50):
        world.deliver()
        assert world.subscription().status == "canceled" and not opens(buyer.reader_id)
        assert db.session.scalars(select(Grant.end_cause)).one() == "unpaid"


def test_the_portal_opens_straight_at_the_cancellation(world: World) -> None:
    buyer = subscriber(world)
    first = visit(buyer.portal("cancel"))
    assert first.status == 303 and "/cancel/" in first.location
    assert visit(buyer.portal("card")).location.partition("?")[0].endswith("/card")


def test_the_portal_of_somebody_without_a_customer_is_no_page(world: World) -> None:
    buyer = world.buyer()
    from tests.forms import csrf_token

    token = csrf_token(buyer.client, "/billing/checkout?price=health-month-eur")
    assert buyer.client.post("/billing/portal", data={"csrf_token": token}).status_code == 404
    assert buyer.client.post("/billing/seat", data={"csrf_token": token}).status_code == 404


def test_fewer_seats_at_stripe_evict_nobody(world: World) -> None:
    subscriber(world, quantity="2")
    organisation = db.session.scalars(select(Organisation)).one()
    assert organisation.seats == 2
    known = world.subscription().stripe_id
    (item,) = world.stripe.v1.subscription_items.list({"subscription": known}).data
    world.stripe.v1.subscription_items.update(item.id, {"quantity": 1, "proration_behavior": "none"})
    world.deliver()
    end_reading()
    assert db.session.scalars(select(Organisation.seats)).one() == 1
    assert db.session.scalar(select(func.count()).where(Seat.closed_at.is_(None))) == 1


def alerts() -> list[str]:
    """What staff were told."""
    end_reading()
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.act == "billing.alert").order_by(AuditEvent.id))
    return [event.values["what"] for event in events]


def test_an_unknown_price_gives_no_access_and_one_alert(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    with writing() as unit:
        unit.scalars(select(Price).where(Price.lookup_key == "health-month-eur")).one().stripe_price_id = "price_other"
    world.deliver()
    assert not opens(buyer.reader_id) and alerts() == ["unknown-price"]
    sync.subscription(db.session, world.gateway, world.subscription().stripe_id)
    assert alerts() == ["unknown-price"]


def test_a_second_live_subscription_stays_visible_and_alerts(world: World) -> None:
    buyer = subscriber(world)
    first = world.subscription().stripe_id
    customer = db.session.scalars(select(Customer.stripe_id)).one()
    method = world.stripe.v1.payment_methods.list({"customer": customer}).data[0].id
    (price, *_) = world.gateway.prices(["media-month-eur"]).values()
    wish = {"customer": customer, "items": [{"price": price.id}], "default_payment_method": method}
    world.stripe.v1.subscriptions.create(wish)  # type: ignore[arg-type]
    world.deliver()
    end_reading()
    assert set(alerts()) == {"two-live"} and len(db.session.scalars(select(Subscription)).all()) == 2
    assert opens(buyer.reader_id) and opens(buyer.reader_id, "media")
    assert world.gateway.state(first).subscription.status == "active"


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_mail_about_money_renders_in_both_languages(world: World, locale: str) -> None:
    from portal.accounts.models import Reader

    buyer = world.buyer()
    with writing() as unit:
        unit.get_one(Reader, buyer.reader_id).locale = locale
    buyer.subscribe()
    world.sandbox.control("fail-next-renewal", subscription=world.subscription().stripe_id)
    with world.later(days=31, hours=1):
        world.deliver()
        with world.later(days=4):
            world.deliver()
            in_portal(buyer, "cancel")
            world.deliver()
            in_portal(buyer, "resume")
            world.deliver()
            world.stripe.v1.subscriptions.cancel(world.subscription().stripe_id)
            world.deliver()
            mails = world.mails()
    kinds = {
        "receipt",
        "subscription_started",
        "payment_failed",
        "payment_recovered",
        "cancellation_confirmed",
        "subscription_resumed",
        "subscription_ended",
    }
    assert {mail.kind for mail in mails} == kinds
    for mail in mails:
        assert mail.locale == locale and mail.subject and "%(" not in mail.subject + mail.text + mail.html
        assert "http://localhost" in mail.text

"""Cases of the design that other suites do not tell: currencies, long lists, odd dates, deletions, sudden deaths."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.access.models import Grant
from portal.billing import gateway
from portal.billing.models import Customer, Invoice, Subscription
from portal.clock import PARIS
from portal.db import db, end_reading
from tests.billing.test_buying import opens
from tests.billing.test_life import says, subscriber
from tests.billing.test_machine import crashing
from tests.billing.world import World
from tests.sandbox.shop import words


def test_a_customer_kept_to_another_currency_is_told_so(world: World) -> None:
    buyer = world.buyer()
    buyer.order()
    (session,) = world.stripe.v1.checkout.sessions.list().data
    world.stripe.v1.checkout.sessions.expire(session.id)
    dollars = world.stripe.v1.products.create({"name": "Elsewhere"})
    price: Any = {"product": dollars.id, "currency": "usd", "unit_amount": 100, "recurring": {"interval": "month"}}
    made = world.stripe.v1.prices.create(price)
    wish: Any = {"mode": "subscription", "customer": session.customer, "success_url": "http://127.0.0.1:9/"}
    world.stripe.v1.checkout.sessions.create({**wish, "line_items": [{"price": made.id, "quantity": 1}]})
    answer = buyer.order("fintech-month-eur")
    assert answer.status_code == 422
    assert "facturée dans une autre devise" in words(answer.text)


@pytest.mark.parametrize("first", ["subscription", "customer"])
def test_a_customer_deleted_at_stripe_ends_all_whichever_news_comes_first(world: World, first: str) -> None:
    buyer = subscriber(world)
    (customer,) = world.stripe.v1.customers.list().data
    world.stripe.v1.customers.delete(customer.id)
    news = world.events()
    world.deliver(sorted(news, key=lambda event: first not in event["type"]))
    assert not opens(buyer.reader_id)
    end_reading()
    assert db.session.scalars(select(Customer.deleted_at)).one() is not None
    with world.later(minutes=1):
        assert buyer.subscribe().status_code == 200 and opens(buyer.reader_id)


def test_a_right_that_is_about_to_end_is_not_taken_for_the_one_just_bought(world: World) -> None:
    buyer = subscriber(world)
    world.stripe.v1.subscriptions.cancel(world.subscription().stripe_id)
    world.deliver()
    assert "C’est ouvert" in words(buyer.subscribe().text)
    assert [one.status for one in db.session.scalars(select(Subscription).order_by(Subscription.id))] == [
        "canceled",
        "active",
    ]


def test_lists_longer_than_a_page_are_read_to_their_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "PAGE", 2)
    subscriber(world)
    with world.later(days=140):
        world.deliver()
        assert db.session.scalar(select(func.count()).select_from(Invoice)) == 5
        assert len(list(world.gateway.events_since(clock.now() - timedelta(days=139)))) > 4


@pytest.mark.parametrize(
    ("bought", "renewals"),
    [
        ("2027-01-31T10:00", ("2027-02-28T10:00", "2027-03-31T11:00", "2027-04-30T11:00")),
        ("2028-01-29T23:59", ("2028-02-29T23:59", "2028-03-30T00:59")),
        ("2026-10-24T02:30", ("2026-11-24T01:30",)),
    ],
)
def test_dates_of_stripe_are_kept_to_the_second(world: World, bought: str, renewals: Sequence[str]) -> None:
    """29 February, the 31st, both sides of a change of the clock: as Stripe says (which counts in UTC)."""
    begun = datetime.fromisoformat(f"{bought}:30").replace(tzinfo=PARIS)  # the stand-in's clock is right to a second
    with world.later(seconds=round((begun - clock.now()).total_seconds())):
        buyer = world.buyer()
        buyer.subscribe()
        world.deliver()
        for wanted in renewals:
            remote = world.stripe.v1.subscriptions.list().data[0]["items"].data[0].current_period_end
            shown = world.subscription().renews_at
            assert shown is not None and int(shown.timestamp()) == remote
            assert shown.astimezone(PARIS).isoformat().startswith(wanted)
            assert _ends_at() == shown + timedelta(hours=24)
            with world.later(seconds=round((shown - clock.now()).total_seconds()) + 60):
                world.deliver()
                buyer.sign_in()


def _ends_at() -> datetime:
    end_reading()
    return db.session.scalars(select(Grant.ends_at)).one()


@pytest.mark.parametrize("at", [1, 2, 3, 5, 8, 12, 16, 20, 25, 30, 36, 42, 50])
def test_a_process_that_dies_between_the_charge_and_the_right_charges_once_and_gives_it_later(
    world: World, at: int
) -> None:
    buyer = world.buyer()
    page = buyer.pay(buyer.order())
    with crashing(at):
        buyer.come_back(page)
    world.deliver()
    assert opens(buyer.reader_id)
    assert len(world.stripe.v1.charges.list().data) == 1 == len(world.mails("receipt"))
    assert "renewed on" in says(buyer)

"""Leaving a subscription that is paid by transfer: what is owed, what is void, what goes back and how."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.audit import AuditEvent
from portal.db import db, end_reading
from tests.billing.test_buying import opens
from tests.billing.test_cancelling import cancels
from tests.billing.test_checkout import attempts
from tests.billing.test_life import says
from tests.billing.test_withdrawing import refunds, withdrawals, withdraws
from tests.billing.world import Buyer, World
from tests.sandbox.shop import words

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def buyer(world: World) -> Buyer:
    """Somebody whose order staff have turned into one on invoice, as one does at Stripe: the first is to be paid."""
    one = world.buyer()
    one.order("health-year-eur")
    attempt = attempts()[-1]
    customer = world.stripe.v1.customers.list().data[0].id
    price = world.gateway.prices(["health-year-eur"])["health-year-eur"]
    rate = next(iter(world.gateway.tax_rates().values()))
    wish: Any = {
        "customer": customer,
        "items": [{"price": price.id, "quantity": 1, "tax_rates": [rate]}],
        "collection_method": "send_invoice",
        "days_until_due": 30,
        "metadata": {"attempt": str(attempt.id)},
    }
    world.stripe.v1.subscriptions.create(wish)
    world.deliver()
    assert world.subscription().status == "active" and opens(one.reader_id)
    return one


def states(world: World) -> list[str | None]:
    return [one.status for one in world.stripe.v1.invoices.list({"limit": 100}).data]


def pay_by_transfer(world: World) -> None:
    """The money arrived on the publisher's account, and staff wrote it down at Stripe."""
    (invoice,) = world.stripe.v1.invoices.list({"status": "open"}).data
    world.stripe.v1.invoices.pay(str(invoice.id), {"paid_out_of_band": True})
    world.deliver()


def test_cancelling_ends_the_period_and_what_is_owed_stays_owed(world: World, buyer: Buyer) -> None:
    cancels(buyer)
    world.deliver()
    assert world.subscription().ending_at and states(world) == ["open"] and opens(buyer.reader_id)
    assert "ends on" in says(buyer)
    with world.later(days=366):
        world.deliver()
        assert states(world) == ["open"] and not opens(buyer.reader_id), "no second invoice was sent"


def test_withdrawing_before_paying_voids_the_invoice_and_nothing_is_owed(world: World, buyer: Buyer) -> None:
    assert withdraws(buyer).status_code == 303
    world.deliver()
    assert states(world) == ["void"] and not opens(buyer.reader_id) and refunds(world) == []
    assert withdrawals()[0].amount == 0 and withdrawals()[0].done_at
    assert "Nothing had been charged, and nothing will be." in words(
        buyer.client.get("/billing/withdraw/done", headers=ENGLISH).text
    )


def test_what_was_paid_by_transfer_goes_back_by_transfer_and_staff_are_told_once(world: World, buyer: Buyer) -> None:
    pay_by_transfer(world)
    withdraws(buyer)
    world.deliver()
    (one,) = withdrawals()
    assert one.by_transfer and one.done_at and one.amount == 90_869 and refunds(world) == []
    for text in (words(buyer.client.get("/billing/withdraw/done", headers=ENGLISH).text), says(buyer)):
        assert "€908.69 go back to you by bank transfer" in text
    (mail,) = world.mails("withdrawal_received")
    assert "virement" in mail.text and "virement" in mail.html
    end_reading()
    told = [one.values for one in db.session.scalars(select(AuditEvent).where(AuditEvent.act == "billing.alert"))]
    assert [(one["what"], one["amount"]) for one in told] == [("refund-by-transfer", 90_869)]

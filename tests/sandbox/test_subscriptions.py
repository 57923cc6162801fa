"""A subscription's life: renewals, failures and recoveries, cancelling, resuming, ending."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import stripe

from portal.sandbox.engine.periods import next_boundary
from tests.sandbox.shop import DAY, FAILS_LATER, Shop, card, visit

RENEWAL = [
    "customer.subscription.updated",
    "invoice.created",
    "invoice.finalized",
    "charge.succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "payment_intent.succeeded",
    "invoice_payment.paid",
]


def period(found: stripe.Subscription) -> tuple[int, int]:
    """The period of the first item."""
    item = found["items"]["data"][0]
    return item.current_period_start, item.current_period_end


def until_renewal(shop: Shop, found: stripe.Subscription, more: int = 60) -> None:
    """Let the current period pass."""
    shop.pass_time(period(found)[1] - shop.now() + more)


def test_a_renewal_moves_the_period_and_bills_it(shop: Shop) -> None:
    found = shop.subscription()
    until_renewal(shop, found)
    again = shop.again(found)
    invoice = shop.stripe.v1.invoices.retrieve(str(again.latest_invoice))
    assert period(again)[0] == period(found)[1] == invoice.created
    assert (invoice.billing_reason, invoice.status, invoice.total) == ("subscription_cycle", "paid", 9_087)
    assert invoice.lines.data[0].period.end == period(again)[1]


def test_events_of_a_renewal_come_in_order_and_at_its_instant(shop: Shop) -> None:
    found = shop.subscription()
    shop.sandbox.settle()
    shop.receiver.events.clear()
    until_renewal(shop, found, more=DAY)
    assert shop.receiver.types() == RENEWAL
    assert {event["created"] for event in shop.receiver.events} == {period(found)[1]}


def test_a_jump_of_a_year_makes_every_renewal_in_its_turn(shop: Shop) -> None:
    found = shop.subscription()
    shop.pass_time(366 * DAY)
    made = list(shop.stripe.v1.invoices.list({"subscription": found.id, "limit": 100}).auto_paging_iter())[::-1]
    assert len(made) in (12, 13)
    assert [invoice.created for invoice in made] == sorted({invoice.created for invoice in made})
    assert [invoice.number[-4:] for invoice in made if invoice.number] == [f"{n:04d}" for n in range(1, len(made) + 1)]


def test_two_subscriptions_are_renewed_in_the_order_of_their_instants(shop: Shop) -> None:
    yearly = shop.subscription(line_items=[{"price": shop.price(100, "year").id}])
    monthly = shop.subscription(line_items=[{"price": shop.price(100, "month").id}])
    shop.pass_time(366 * DAY)
    renewed = [e.data.object for e in shop.events("invoice.created")]
    instants = [invoice["created"] for invoice in renewed]
    assert instants == sorted(instants)
    owners = {invoice["parent"]["subscription_details"]["subscription"] for invoice in renewed}
    assert owners == {yearly.id, monthly.id}


@pytest.mark.parametrize(
    ("anchor", "after", "interval", "expected"),
    [
        ("2024-01-31", "2024-01-31", "month", "2024-02-29"),
        ("2024-01-31", "2024-02-29", "month", "2024-03-31"),
        ("2024-02-29", "2024-02-29", "year", "2025-02-28"),
        ("2024-02-29", "2027-02-28", "year", "2028-02-29"),
        ("2024-12-31", "2024-12-31", "month", "2025-01-31"),
        ("2024-03-01", "2024-03-01", "week", "2024-03-08"),
        ("2024-03-30", "2024-03-30", "day", "2024-03-31"),
        ("2024-05-01", "2024-03-01", "month", "2024-05-01"),
    ],
)
def test_periods_are_counted_from_the_anchor(anchor: str, after: str, interval: str, expected: str) -> None:
    def instant(day: str) -> int:
        return int(datetime.fromisoformat(f"{day}T10:00:07").replace(tzinfo=UTC).timestamp())

    cycle = {"interval": interval, "interval_count": 1}
    assert next_boundary(instant(anchor), instant(after), cycle) == instant(expected)


def test_a_renewal_that_fails_is_past_due_and_recovers_at_the_retry(shop: Shop) -> None:
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id)
    until_renewal(shop, found)
    owed = shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice))
    assert (shop.again(found).status, owed.status, owed.attempt_count) == ("past_due", "open", 1)
    assert owed.next_payment_attempt == owed.created + 3 * DAY
    shop.pass_time(3 * DAY)
    assert shop.again(found).status == "active"
    assert shop.stripe.v1.invoices.retrieve(owed.id).status == "paid"


def test_a_failed_renewal_tells_so(shop: Shop) -> None:
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id)
    shop.sandbox.settle()
    shop.receiver.events.clear()
    until_renewal(shop, found)
    assert shop.receiver.types() == [
        "customer.subscription.updated",
        "invoice.created",
        "invoice.finalized",
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ]


def test_after_the_last_retry_the_subscription_ends(shop: Shop) -> None:
    found = shop.subscription(FAILS_LATER, subscription_data={"trial_end": shop.now() + 5 * DAY})
    shop.pass_time(5 * DAY + 60)
    assert shop.again(found).status == "past_due"
    shop.pass_time(15 * DAY)
    ended = shop.again(found)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")  # type: ignore[union-attr]
    assert shop.stripe.v1.invoices.retrieve(str(ended.latest_invoice)).attempt_count == 4


def test_an_open_invoice_is_paid_through_the_api_with_another_card(shop: Shop) -> None:
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id)
    until_renewal(shop, found)
    other = shop.stripe.v1.payment_methods.attach("pm_card_mastercard", {"customer": str(found.customer)})
    owed = str(shop.again(found).latest_invoice)
    assert shop.stripe.v1.invoices.pay(owed, {"payment_method": other.id}).status == "paid"
    assert shop.again(found).status == "active"
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.invoices.pay(owed)


def test_paying_with_a_card_that_is_refused_leaves_a_trace(shop: Shop) -> None:
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id)
    until_renewal(shop, found)
    owed = str(shop.again(found).latest_invoice)
    bad = shop.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": str(found.customer)})
    with pytest.raises(stripe.CardError) as refused:
        shop.stripe.v1.invoices.pay(owed, {"payment_method": bad.id})
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert shop.stripe.v1.invoices.retrieve(owed).attempt_count == 2


def test_the_classic_boolean_announces_the_end_with_its_date(shop: Shop) -> None:
    found = shop.subscription()
    ending = shop.stripe.v1.subscriptions.update(found.id, {"cancel_at_period_end": True})
    assert (ending.cancel_at_period_end, ending.cancel_at) == (True, period(found)[1])
    until_renewal(shop, found)
    ended = shop.again(found)
    assert (ended.status, ended.ended_at) == ("canceled", period(found)[1])
    assert len(shop.stripe.v1.invoices.list({"subscription": found.id}).data) == 1


def test_a_date_announces_the_end_without_the_boolean(shop: Shop) -> None:
    found = shop.subscription()
    ending = shop.stripe.v1.subscriptions.update(found.id, {"cancel_at": "max_period_end"})
    assert (ending.cancel_at_period_end, ending.cancel_at) == (False, period(found)[1])


def test_an_end_after_the_next_renewal_lets_it_happen(shop: Shop) -> None:
    found = shop.subscription()
    shop.stripe.v1.subscriptions.update(found.id, {"cancel_at": period(found)[1] + 5 * DAY})
    until_renewal(shop, found)
    assert shop.again(found).status == "active"
    shop.pass_time(5 * DAY)
    assert shop.again(found).ended_at == period(found)[1] + 5 * DAY


@pytest.mark.parametrize("change", [{"cancel_at": ""}, {"cancel_at_period_end": False}])
def test_an_announced_end_is_withdrawn(shop: Shop, change: stripe.params.SubscriptionUpdateParams) -> None:
    found = shop.subscription()
    shop.stripe.v1.subscriptions.update(found.id, {"cancel_at_period_end": True})
    again = shop.stripe.v1.subscriptions.update(found.id, change)
    assert (again.cancel_at, again.cancel_at_period_end, again.canceled_at) == (None, False, None)
    until_renewal(shop, found)
    assert shop.again(found).status == "active"


def test_cancelling_at_once_ends_it_and_tells(shop: Shop) -> None:
    found = shop.subscription()
    ended = shop.stripe.v1.subscriptions.cancel(found.id, {"cancellation_details": {"comment": "adieu"}})
    assert (ended.status, ended.cancellation_details.comment) == ("canceled", "adieu")  # type: ignore[union-attr]
    assert [event["type"] for event in shop.events("customer.subscription.deleted")] != []
    assert shop.stripe.v1.subscriptions.list().data == []
    assert [one.id for one in shop.stripe.v1.subscriptions.list({"status": "canceled"}).data] == [found.id]
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.subscriptions.cancel(found.id)


def test_a_subscription_is_created_by_the_api_for_a_card_on_file(shop: Shop) -> None:
    customer = shop.customer().id
    method = shop.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    found = shop.stripe.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": shop.price().id}], "default_payment_method": method}
    )
    assert found.status == "active"
    assert [one.id for one in shop.stripe.v1.payment_methods.list({"customer": customer}).data] == [method]


def test_a_first_payment_refused_leaves_it_incomplete_and_then_expired(shop: Shop) -> None:
    customer = shop.customer().id
    method = shop.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer}).id
    found = shop.stripe.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": shop.price().id}], "default_payment_method": method}
    )
    assert found.status == "incomplete"
    shop.pass_time(23 * 3_600 + 60)
    assert shop.again(found).status == "incomplete_expired"


def test_a_refusal_can_be_asked_to_undo_the_subscription(shop: Shop) -> None:
    customer = shop.customer().id
    method = shop.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer}).id
    with pytest.raises(stripe.CardError):
        shop.stripe.v1.subscriptions.create(
            {
                "customer": customer,
                "items": [{"price": shop.price().id}],
                "default_payment_method": method,
                "payment_behavior": "error_if_incomplete",
            }
        )
    assert shop.stripe.v1.subscriptions.list({"status": "all"}).data == []


def test_seats_change_without_proration_and_are_billed_at_the_renewal(shop: Shop) -> None:
    found = shop.subscription()
    item = shop.stripe.v1.subscription_items.list({"subscription": found.id}).data[0]
    shop.stripe.v1.subscriptions.update(
        found.id, {"items": [{"id": item.id, "quantity": 4}], "proration_behavior": "none"}
    )
    until_renewal(shop, found)
    assert shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice)).subtotal == 4 * 8_900


def test_an_item_joins_and_leaves(shop: Shop) -> None:
    found, other = shop.subscription(), shop.price(9_900)
    both = shop.stripe.v1.subscriptions.update(found.id, {"items": [{"price": other.id}], "proration_behavior": "none"})
    first, second = both["items"]["data"]
    assert second.current_period_end == first.current_period_end
    gone: stripe.params.SubscriptionUpdateParams = {
        "items": [{"id": first.id, "deleted": True}],
        "proration_behavior": "none",
    }
    assert [one.price.id for one in shop.stripe.v1.subscriptions.update(found.id, gone)["items"]["data"]] == [other.id]
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.subscriptions.update(
            found.id, {"items": [{"id": second.id, "deleted": True}], "proration_behavior": "none"}
        )


def test_an_owed_invoice_is_paid_on_its_page(shop: Shop) -> None:
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id)
    until_renewal(shop, found)
    owed = shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice))
    assert visit(str(owed.hosted_invoice_url), card()).status == 303
    assert shop.again(found).status == "active"


def test_metadata_of_a_subscription_is_merged_and_told(shop: Shop) -> None:
    found = shop.subscription(subscription_data={"metadata": {"a": "1"}})
    shop.stripe.v1.subscriptions.update(found.id, {"metadata": {"b": "2"}})
    told = shop.events("customer.subscription.updated")[-1]
    assert told.data.previous_attributes.to_dict() == {"metadata": {"a": "1"}}
    assert shop.again(found).metadata.to_dict() == {"a": "1", "b": "2"}

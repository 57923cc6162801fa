"""Changes within a period: what they cost, before and after they are made."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop, card, visit, words


def changed(shop: Shop, found: stripe.Subscription, items: list[dict[str, Any]], **how: Any) -> stripe.Subscription:
    """Change its items; billed at once unless told otherwise."""
    wish: Any = {"items": items, "proration_behavior": "always_invoice", **how}
    return shop.stripe.v1.subscriptions.update(found.id, wish)


def preview(shop: Shop, found: stripe.Subscription, items: list[dict[str, Any]], **how: Any) -> stripe.Invoice:
    """What that would be invoiced."""
    details: Any = {"items": items, "proration_behavior": "always_invoice", **how}
    return shop.stripe.v1.invoices.create_preview({"subscription": found.id, "subscription_details": details})


def last_invoice(shop: Shop, found: stripe.Subscription) -> stripe.Invoice:
    """Its newest invoice."""
    return shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice))


def item_of(found: stripe.Subscription) -> stripe.SubscriptionItem:
    """Its first item."""
    first: stripe.SubscriptionItem = found["items"]["data"][0]
    return first


def half_up(value: Decimal) -> int:
    """Cents."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def amounts(invoice: stripe.Invoice) -> list[int]:
    """Before tax, line by line."""
    return [line.amount for line in invoice.lines.data]


def failing_card(shop: Shop, found: stripe.Subscription) -> None:
    """From now on the bank refuses."""
    refused = {"customer": str(found.customer)}
    method = shop.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", refused)  # type: ignore[arg-type]
    shop.stripe.v1.subscriptions.update(found.id, {"default_payment_method": method.id})


def test_more_seats_cost_the_rest_of_the_period_to_the_second(shop: Shop) -> None:
    found = shop.subscription()
    item = item_of(found)
    shop.pass_time(10 * DAY + 1)
    at = shop.now()
    left, whole = item.current_period_end - at, item.current_period_end - item.current_period_start
    shown = preview(shop, found, [{"id": item.id, "quantity": 3}], proration_date=at)
    unused, remaining = (half_up(Decimal(8_900 * seats) * left / whole) for seats in (1, 3))
    assert amounts(shown) == [-unused, remaining]
    taxes = [half_up(Decimal(cents) * Decimal("2.1") / 100) for cents in (-unused, remaining)]
    assert [line.taxes[0].amount for line in shown.lines.data if line.taxes] == taxes
    assert shown.total == shown.amount_due == remaining - unused + sum(taxes)


def test_a_preview_keeps_nothing_and_tells_nothing(shop: Shop) -> None:
    found = shop.subscription()
    before = len(shop.events())
    preview(shop, found, [{"id": item_of(found).id, "quantity": 3}, {"price": shop.price().id, "quantity": 3}])
    told = [event.type for event in shop.events()[before:]]
    assert told == ["product.created", "price.created"] or not told
    assert shop.again(found) == found
    assert len(shop.stripe.v1.invoices.list({"subscription": found.id}).data) == 1


def test_what_was_shown_is_what_is_charged_when_the_date_is_the_same(shop: Shop) -> None:
    found = shop.subscription()
    shop.pass_time(7 * DAY)
    at, items = shop.now(), [{"id": item_of(found).id, "quantity": 2}]
    shown = preview(shop, found, items, proration_date=at)
    shop.pass_time(300)
    after = changed(shop, found, items, proration_date=at)
    paid = last_invoice(shop, found)
    assert (paid.total, paid.status, paid.billing_reason) == (shown.total, "paid", "subscription_update")
    assert paid.amount_paid == shown.amount_due > 0
    assert item_of(after).quantity == 2


def test_a_paid_change_is_told_in_the_order_of_a_payment(shop: Shop) -> None:
    found = shop.subscription()
    before = len(shop.events())
    shop.pass_time(DAY)
    changed(shop, found, [{"id": item_of(found).id, "quantity": 2}], payment_behavior="pending_if_incomplete")
    assert [event.type for event in shop.events()[before:]] == [
        "charge.succeeded",
        "invoice.created",
        "invoice.finalized",
        "customer.subscription.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
    ]


def test_fewer_seats_become_a_credit_that_the_next_invoice_uses(shop: Shop) -> None:
    found = shop.subscription(line_items=[{"price": shop.price().id, "quantity": 3, "tax_rates": [shop.vat().id]}])
    shop.pass_time(10 * DAY)
    changed(shop, found, [{"id": item_of(found).id, "quantity": 1}])
    credit = last_invoice(shop, found)
    assert (credit.amount_due, credit.status) == (0, "paid")
    assert credit.total < 0
    balance = shop.stripe.v1.customers.retrieve(str(found.customer)).balance
    assert balance == credit.ending_balance == credit.total
    shop.pass_time(item_of(found).current_period_end - shop.now() + 1)
    renewal = last_invoice(shop, found)
    assert renewal.total == 9_087
    assert (renewal.amount_due, renewal.amount_paid) == (max(0, 9_087 + balance),) * 2
    assert shop.stripe.v1.customers.retrieve(str(found.customer)).balance == min(0, 9_087 + balance)


def test_another_interval_begins_a_new_period_and_gives_the_rest_of_the_old_one_back(shop: Shop) -> None:
    found = shop.subscription()
    item, year = item_of(found), shop.price(89_000, "year")
    shop.pass_time(10 * DAY)
    at = shop.now()
    after = changed(shop, found, [{"id": item.id, "price": year.id}], proration_date=at)
    left, whole = item.current_period_end - at, item.current_period_end - item.current_period_start
    paid = last_invoice(shop, found)
    assert amounts(paid) == [-half_up(Decimal(8_900) * left / whole), 89_000]
    start = item_of(after).current_period_start
    assert at <= start == after.billing_cycle_anchor <= shop.now()
    assert 365 * DAY <= item_of(after).current_period_end - start <= 366 * DAY
    assert item_of(after).tax_rates == item.tax_rates


def test_items_swap_and_the_new_one_starts_now(shop: Shop) -> None:
    found, other = shop.subscription(), shop.price(19_900)
    item = item_of(found)
    shop.pass_time(3 * DAY)
    after = changed(shop, found, [{"id": item.id, "deleted": True}, {"price": other.id, "tax_rates": [shop.vat().id]}])
    assert [one.price.id for one in after["items"]["data"]] == [other.id]
    assert shop.now() - 60 < item_of(after).created <= shop.now()
    unused, remaining = amounts(last_invoice(shop, found))
    assert unused < 0 < remaining


def test_an_item_that_joined_late_is_given_back_for_its_own_rest_only(shop: Shop) -> None:
    found, other = shop.subscription(), shop.price(9_000)
    shop.pass_time(10 * DAY)
    at = shop.now()
    both = changed(shop, found, [{"price": other.id}], proration_date=at)
    [added] = amounts(last_invoice(shop, found))
    joined = both["items"]["data"][1]
    changed(shop, found, [{"id": joined.id, "deleted": True}], proration_date=shop.now())
    [given_back] = amounts(last_invoice(shop, found))
    assert abs(given_back + added) <= 1


def test_a_change_may_wait_for_the_next_invoice(shop: Shop) -> None:
    found = shop.subscription()
    item = item_of(found)
    shop.pass_time(10 * DAY)
    how = {"proration_behavior": "create_prorations", "proration_date": shop.now()}
    shown = preview(shop, found, [{"id": item.id, "quantity": 2}], **how)
    changed(shop, found, [{"id": item.id, "quantity": 2}], **how)
    assert len(shop.stripe.v1.invoices.list({"subscription": found.id}).data) == 1
    shop.pass_time(item.current_period_end - shop.now() + 1)
    renewal = last_invoice(shop, found)
    assert amounts(renewal) == amounts(shown)
    assert renewal.lines.data[-1].amount == 2 * 8_900


def test_nothing_is_charged_for_a_change_during_a_trial(shop: Shop) -> None:
    found = shop.subscription(subscription_data={"trial_end": shop.now() + 10 * DAY})
    after = changed(shop, found, [{"id": item_of(found).id, "quantity": 4}])
    assert (after.status, item_of(after).quantity) == ("trialing", 4)
    assert len(shop.stripe.v1.invoices.list({"subscription": found.id}).data) == 1


def test_a_refused_payment_leaves_a_pending_change_and_the_subscription_as_it_was(shop: Shop) -> None:
    found = shop.subscription()
    failing_card(shop, found)
    shop.pass_time(DAY)
    wish = [{"id": item_of(found).id, "quantity": 5}]
    after = changed(shop, found, wish, payment_behavior="pending_if_incomplete")
    assert (after.status, item_of(after).quantity) == ("active", 1)
    assert after.pending_update
    assert 0 <= shop.now() + 23 * 3_600 - after.pending_update.expires_at < 60
    assert [one.quantity for one in after.pending_update.subscription_items or []] == [5]
    assert last_invoice(shop, found).status == "open"
    shop.pass_time(23 * 3_600 + 1)
    assert (last_invoice(shop, found).status, shop.again(found).pending_update) == ("void", None)
    assert shop.events("customer.subscription.pending_update_expired", "invoice.voided")


def test_a_pending_change_is_made_once_its_invoice_is_paid(shop: Shop) -> None:
    found = shop.subscription()
    failing_card(shop, found)
    shop.pass_time(DAY)
    changed(shop, found, [{"id": item_of(found).id, "quantity": 5}], payment_behavior="pending_if_incomplete")
    assert visit(str(last_invoice(shop, found).hosted_invoice_url), card()).status == 303
    after = shop.again(found)
    assert (item_of(after).quantity, after.pending_update, after.status) == (5, None, "active")
    assert shop.events("customer.subscription.pending_update_applied")


def test_a_voided_invoice_takes_its_pending_change_along(shop: Shop) -> None:
    found = shop.subscription()
    failing_card(shop, found)
    shop.pass_time(DAY)
    changed(shop, found, [{"id": item_of(found).id, "quantity": 5}], payment_behavior="pending_if_incomplete")
    owed = last_invoice(shop, found)
    assert shop.stripe.v1.invoices.void_invoice(owed.id).status == "void"
    assert shop.again(found).pending_update is None
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.invoices.void_invoice(owed.id)


def test_a_second_change_takes_the_place_of_one_that_waits(shop: Shop) -> None:
    found = shop.subscription()
    failing_card(shop, found)
    shop.pass_time(DAY)
    for seats in (5, 7):
        wish = [{"id": item_of(found).id, "quantity": seats}]
        after = changed(shop, found, wish, payment_behavior="pending_if_incomplete")
    assert after.pending_update
    assert [one.quantity for one in after.pending_update.subscription_items or []] == [7]
    invoices = shop.stripe.v1.invoices.list({"subscription": found.id}).data
    assert [one.status for one in invoices] == ["open", "void", "paid"]


def test_a_refused_payment_can_undo_the_change_or_leave_it_owed(shop: Shop) -> None:
    found = shop.subscription()
    failing_card(shop, found)
    shop.pass_time(DAY)
    wish = [{"id": item_of(found).id, "quantity": 5}]
    with pytest.raises(stripe.CardError):
        changed(shop, found, wish, payment_behavior="error_if_incomplete")
    assert item_of(shop.again(found)).quantity == 1
    after = changed(shop, found, wish)
    assert (after.status, item_of(after).quantity) == ("past_due", 5)


@pytest.mark.parametrize(
    "wish",
    [
        {"items": [{"quantity": 2}]},
        {"items": [{"id": "si_nothing", "quantity": 2}]},
        {"items": [{"id": "ITEM", "quantity": 2}], "proration_date": 5},
        {"items": [{"id": "ITEM", "deleted": True}]},
        {"items": [{"price": "PRICE"}]},
        {"items": [{"price": "DOLLARS"}]},
        {"items": [{"price": "YEARLY"}]},
        {"items": [{"id": "ITEM", "deleted": True}], "payment_behavior": "pending_if_incomplete"},
        {"items": [{"id": "ITEM", "quantity": 2}], "payment_behavior": "pending_if_incomplete", "metadata": {"a": "b"}},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_moves(shop: Shop, wish: dict[str, Any]) -> None:
    found = shop.subscription()
    known = {
        "ITEM": item_of(found).id,
        "PRICE": item_of(found).price.id,
        "DOLLARS": shop.price(currency="usd").id,
        "YEARLY": shop.price(89_000, "year").id,
    }
    items = [{key: known.get(str(value), value) for key, value in entry.items()} for entry in wish["items"]]
    with pytest.raises(stripe.InvalidRequestError):
        changed(shop, found, items, **{key: value for key, value in wish.items() if key != "items"})
    assert shop.again(found) == found


def test_tax_of_an_item_without_rates_is_the_subscriptions_own(shop: Shop) -> None:
    found, other = shop.subscription(), shop.price(10_000)
    shop.stripe.v1.subscriptions.update(found.id, {"default_tax_rates": [shop.vat().id]})
    shown = preview(shop, found, [{"price": other.id}], proration_date=shop.now())
    assert (shown.subtotal, shown.total) == (10_000, 10_210)


def test_a_preview_of_an_ended_subscription_is_refused(shop: Shop) -> None:
    found = shop.subscription()
    shop.stripe.v1.subscriptions.cancel(found.id)
    with pytest.raises(stripe.InvalidRequestError):
        preview(shop, found, [{"id": item_of(found).id, "quantity": 2}])


def test_the_invoice_of_a_change_says_what_it_is_for_and_what_the_balance_paid(shop: Shop) -> None:
    found = shop.subscription(line_items=[{"price": shop.price().id, "quantity": 3}])
    shop.pass_time(10 * DAY)
    changed(shop, found, [{"id": item_of(found).id, "quantity": 1}])
    text = words(visit(f"{last_invoice(shop, found).hosted_invoice_url}?lang=en").text)
    assert "mind Health, unused time" in text
    assert "mind Health, remaining time" in text
    assert "Your account’s balance" in text

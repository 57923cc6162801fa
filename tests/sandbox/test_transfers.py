"""Subscriptions whose invoices are sent and paid by bank transfer: due dates, late ones, by hand, on paper."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, DECLINED, Shop, card, visit, words


def ordered(shop: Shop, days: int = 30, **fields: Any) -> tuple[stripe.Subscription, stripe.Invoice]:
    """A yearly subscription on invoice, its first invoice with it."""
    settings = {
        "custom_fields": [{"name": "Commande", "value": "PO-4711"}],
        "footer": "Pénalités : trois fois le taux légal.",
    }
    customer = shop.customer(invoice_settings=settings)
    items = [{"price": shop.price(89_000, "year").id, "quantity": 2, "tax_rates": [shop.vat().id]}]
    given: Any = {"customer": customer.id, "items": items, "collection_method": "send_invoice", "days_until_due": days}
    found = shop.stripe.v1.subscriptions.create(given | fields)
    return found, shop.stripe.v1.invoices.retrieve(str(found.latest_invoice))


def again(shop: Shop, invoice: stripe.Invoice) -> stripe.Invoice:
    return shop.stripe.v1.invoices.retrieve(str(invoice.id))


def test_an_order_without_a_card_is_active_and_its_invoice_sent(shop: Shop) -> None:
    found, invoice = ordered(shop)
    assert (found.status, found.collection_method, found.days_until_due) == ("active", "send_invoice", 30)
    assert (invoice.status, invoice.total) == ("open", 181_738)
    assert invoice.due_date == invoice.effective_at + 30 * DAY  # type: ignore[operator]
    told = [event.type for event in shop.events()][-4:]
    assert told == ["customer.subscription.created", "invoice.created", "invoice.finalized", "invoice.sent"]
    assert shop.events("payment_intent.payment_failed", "invoice.payment_failed") == []


def test_an_order_on_invoice_says_when_it_is_due(shop: Shop) -> None:
    customer, price = shop.customer().id, shop.price().id
    wrong: list[Any] = [{"collection_method": "send_invoice"}, {"days_until_due": 30}]
    for fields in wrong:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            shop.stripe.v1.subscriptions.create({"customer": customer, "items": [{"price": price}], **fields})
        assert refusal.value.param == "days_until_due"


def test_a_late_invoice_makes_its_subscription_past_due_until_it_is_paid(shop: Shop) -> None:
    found, invoice = ordered(shop)
    shop.pass_time(29 * DAY)
    assert shop.again(found).status == "active"
    shop.pass_time(2 * DAY)
    assert shop.again(found).status == "past_due"
    assert [event.created for event in shop.events("invoice.overdue")] == [invoice.due_date]
    paid = shop.stripe.v1.invoices.pay(str(invoice.id), {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 181_738)
    assert shop.again(found).status == "active"
    assert shop.stripe.v1.charges.list({}).data == []
    assert len(shop.events("invoice.paid")) == 1


def test_an_invoice_paid_in_time_is_never_late(shop: Shop) -> None:
    found, invoice = ordered(shop)
    shop.stripe.v1.invoices.pay(str(invoice.id), {"paid_out_of_band": True})
    shop.pass_time(60 * DAY)
    assert shop.again(found).status == "active"
    assert shop.events("invoice.overdue") == []
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.invoices.pay(str(invoice.id), {"paid_out_of_band": True})


def test_a_renewal_is_sent_and_not_charged(shop: Shop) -> None:
    found, invoice = ordered(shop)
    shop.stripe.v1.invoices.pay(str(invoice.id), {"paid_out_of_band": True})
    shop.pass_time(366 * DAY)
    renewal = shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice))
    assert (renewal.status, renewal.billing_reason) == ("open", "subscription_cycle")
    assert renewal.due_date == renewal.created + 30 * DAY
    assert shop.again(found).status == "active"


def test_the_page_of_an_invoice_shows_how_to_transfer_and_takes_a_card(shop: Shop) -> None:
    found, invoice = ordered(shop)
    text = words(visit(f"{invoice.hosted_invoice_url}?lang=fr").text)
    for part in ("Payer par virement", "FR76 3000", f"Référence {invoice.number}", "PO-4711", "Pénalités", "avant le"):
        assert part in text, part
    assert visit(f"{invoice.hosted_invoice_url}", card(DECLINED)).status == 422
    assert again(shop, invoice).status == "open"
    assert visit(f"{invoice.hosted_invoice_url}", card()).status == 303
    assert again(shop, invoice).status == "paid"
    assert shop.again(found).default_payment_method is None
    assert "Payer par virement" not in words(visit(f"{invoice.hosted_invoice_url}?lang=fr").text)


def test_the_pdf_carries_order_number_due_date_and_account(shop: Shop) -> None:
    _, invoice = ordered(shop)
    text = visit(f"{invoice.invoice_pdf}?lang=fr").text
    for part in ("PO-4711", "FR76 3000 6000 0112 3456 7890 189"):
        assert part in text, part


def test_a_void_invoice_is_owed_no_longer(shop: Shop) -> None:
    found, invoice = ordered(shop, days=1)
    shop.pass_time(2 * DAY)
    assert shop.stripe.v1.invoices.void_invoice(str(invoice.id)).status == "void"
    assert shop.again(found).status == "active"
    assert len(shop.events("invoice.voided")) == 1
    for act in (shop.stripe.v1.invoices.void_invoice, shop.stripe.v1.invoices.pay):
        with pytest.raises(stripe.InvalidRequestError):
            act(str(invoice.id))


def test_an_invoice_given_up_can_still_be_paid(shop: Shop) -> None:
    _, invoice = ordered(shop)
    lost = shop.stripe.v1.invoices.mark_uncollectible(str(invoice.id))
    assert (lost.status, lost.amount_remaining) == ("uncollectible", 181_738)
    assert shop.events("invoice.marked_uncollectible")
    assert shop.stripe.v1.invoices.pay(str(invoice.id), {"paid_out_of_band": True}).status == "paid"


def test_an_invoice_is_sent_again_and_only_its_metadata_changes_after(shop: Shop) -> None:
    _, invoice = ordered(shop)
    shop.stripe.v1.invoices.send_invoice(str(invoice.id))
    assert len(shop.events("invoice.sent")) == 2
    noted = shop.stripe.v1.invoices.update(str(invoice.id), {"metadata": {"po": "PO-1"}})
    assert noted.metadata is not None and noted.metadata["po"] == "PO-1"
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.invoices.update(str(invoice.id), {"footer": "late"})
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.invoices.finalize_invoice(str(invoice.id))


def test_an_invoice_for_a_card_is_not_sent(shop: Shop) -> None:
    found = shop.subscription()
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.invoices.send_invoice(str(found.latest_invoice))


def test_a_trial_on_invoice_costs_nothing_until_it_ends(shop: Shop) -> None:
    found, invoice = ordered(shop, trial_end=shop.now() + 10 * DAY)
    assert (found.status, invoice.status, invoice.total) == ("trialing", "paid", 0)
    shop.pass_time(11 * DAY)
    assert shop.again(found).status == "active"
    bill = shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice))
    assert (bill.status, bill.total) == ("open", 181_738)


def test_a_subscription_may_be_moved_to_invoices_and_back(shop: Shop) -> None:
    found = shop.subscription()
    wish: Any = {"collection_method": "send_invoice", "days_until_due": 30}
    moved = shop.stripe.v1.subscriptions.update(found.id, wish)
    assert (moved.collection_method, moved.days_until_due) == ("send_invoice", 30)
    shop.pass_time(32 * DAY)
    (open_one,) = shop.stripe.v1.invoices.list({"status": "open"}).data
    assert open_one.collection_method == "send_invoice" and open_one.due_date
    back = shop.stripe.v1.subscriptions.update(found.id, {"collection_method": "charge_automatically"})
    assert (back.collection_method, back.days_until_due) == ("charge_automatically", None)
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.subscriptions.update(found.id, {"days_until_due": 10})

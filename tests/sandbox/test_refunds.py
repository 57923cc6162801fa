"""Money given back: refunds in part and whole, credit notes, disputes."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, DECLINED, Shop, visit


def paid_charge(shop: Shop) -> tuple[stripe.Subscription, stripe.Charge]:
    found = shop.subscription()
    [charge] = shop.stripe.v1.charges.list({"customer": str(found.customer)}).data
    return found, charge


def refused(shop: Shop, **given: Any) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.v1.refunds.create(given)  # type: ignore[arg-type]
    return refusal.value


def test_a_charge_is_given_back_whole_and_the_subscription_goes_on(shop: Shop) -> None:
    found, charge = paid_charge(shop)
    intent = str(charge.payment_intent)
    made = shop.stripe.v1.refunds.create({"payment_intent": intent, "reason": "requested_by_customer"})
    assert (made.amount, made.status, made.charge) == (9_087, "succeeded", charge.id)
    again = shop.stripe.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (again.refunded, again.amount_refunded) == (True, 9_087)
    assert again.refunds is not None and [one.id for one in again.refunds.data] == [made.id]
    assert shop.again(found).status == "active"
    assert shop.stripe.v1.invoices.retrieve(str(found.latest_invoice)).status == "paid"
    assert [event.type for event in shop.events()][-2:] == ["refund.created", "charge.refunded"]


def test_a_charge_is_given_back_bit_by_bit_and_never_more_than_was_taken(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    shop.stripe.v1.refunds.create({"charge": charge.id, "amount": 5_000, "metadata": {"why": "withdrawal"}})
    part = shop.stripe.v1.charges.retrieve(charge.id)
    assert (part.refunded, part.amount_refunded) == (False, 5_000)
    assert refused(shop, charge=charge.id, amount=4_088).param == "amount"
    rest = shop.stripe.v1.refunds.create({"charge": charge.id})
    assert rest.amount == 4_087
    assert refused(shop, charge=charge.id).code == "charge_already_refunded"
    listed = shop.stripe.v1.refunds.list({"charge": charge.id}).data
    assert [refund.amount for refund in listed] == [4_087, 5_000]
    told = shop.events("charge.refunded")
    assert [event.data.previous_attributes["amount_refunded"] for event in told] == [0, 5_000]


def test_a_refund_names_one_charge_that_was_paid(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    assert "should be provided" in str(refused(shop))
    assert "only specify one" in str(refused(shop, charge=charge.id, payment_intent=str(charge.payment_intent)))
    assert refused(shop, charge="ch_none").code == "resource_missing"
    assert refused(shop, charge=charge.id, amount=0).param == "amount"
    session = shop.session()
    shop.pay(session, DECLINED)
    failed = shop.stripe.v1.charges.list({"customer": str(session.customer)}).data[0]
    assert "nothing to refund" in str(refused(shop, charge=failed.id))
    assert "successful charge" in str(refused(shop, payment_intent=str(failed.payment_intent)))


def test_a_refund_asked_for_twice_under_one_key_is_given_once(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    twice = [
        shop.stripe.v1.refunds.create({"charge": charge.id}, {"idempotency_key": "withdrawal-1"}) for _ in range(2)
    ]
    assert twice[0].id == twice[1].id
    assert len(shop.stripe.v1.refunds.list({"payment_intent": str(charge.payment_intent)}).data) == 1


def test_a_refunds_metadata_can_be_changed(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    made = shop.stripe.v1.refunds.create({"charge": charge.id, "metadata": {"a": "1"}})
    changed = shop.stripe.v1.refunds.update(made.id, {"metadata": {"b": "2"}})
    assert changed.metadata is not None and changed.metadata.to_dict() == {"a": "1", "b": "2"}
    assert shop.events("refund.updated")[-1].data.previous_attributes.to_dict() == {"metadata": {"a": "1"}}


def test_a_lever_gives_back_the_last_charge_of_what_it_is_told(shop: Shop) -> None:
    found, charge = paid_charge(shop)
    done = shop.sandbox.control("refund", subscription=found.id, amount=1_000)
    assert (done["charge"], done["amount"]) == (charge.id, 1_000)
    for subject in (charge.id, charge.payment_intent, found.latest_invoice, found.customer):
        assert shop.sandbox.control("refund", subject=str(subject), amount=10)["charge"] == charge.id


@pytest.mark.parametrize("given", [{}, {"subject": "sub_none"}, {"subject": "prod_x"}, {"amount": "much"}])
def test_a_lever_says_why_it_cannot(shop: Shop, given: dict[str, str]) -> None:
    assert visit(f"{shop.sandbox.url}/_control/refund", given or {"x": "y"}).status == 400


def test_a_dispute_takes_the_money_until_it_is_won(shop: Shop) -> None:
    found, charge = paid_charge(shop)
    opened = shop.sandbox.control("dispute", subscription=found.id, reason="subscription_canceled")
    dispute = shop.stripe.v1.disputes.retrieve(opened["dispute"])
    assert (dispute.status, dispute.amount, dispute.charge) == ("needs_response", 9_087, charge.id)
    assert shop.stripe.v1.charges.retrieve(charge.id).disputed
    assert refused(shop, charge=charge.id).code == "charge_disputed"
    shop.sandbox.control("dispute-closed", subject=dispute.id, outcome="won")
    assert shop.stripe.v1.disputes.list({"charge": charge.id}).data[0].status == "won"
    told = [event.type for event in shop.events() if "dispute" in event.type]
    assert told == [f"charge.dispute.{step}" for step in ("created", "funds_withdrawn", "closed", "funds_reinstated")]
    assert shop.stripe.v1.refunds.create({"charge": charge.id}).amount == 9_087
    assert shop.again(found).status == "active"


def test_a_dispute_that_is_accepted_is_lost(shop: Shop) -> None:
    _, charge = paid_charge(shop)
    opened = shop.sandbox.control("dispute", charge=charge.id)
    assert shop.stripe.v1.disputes.close(opened["dispute"]).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        shop.stripe.v1.disputes.close(opened["dispute"])
    assert refused(shop, charge=charge.id).code == "charge_disputed"
    assert shop.events("charge.dispute.funds_reinstated") == []


def test_a_customer_deleted_by_a_lever_takes_the_subscription_along(shop: Shop) -> None:
    found, _ = paid_charge(shop)
    shop.sandbox.control("delete-customer", customer=str(found.customer))
    assert shop.again(found).status == "canceled"
    assert shop.events("customer.deleted")


def test_a_credit_note_on_a_paid_invoice_gives_the_money_back(shop: Shop) -> None:
    found, charge = paid_charge(shop)
    invoice = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice))
    line = invoice.lines.data[0].id
    note = shop.stripe.v1.credit_notes.create(
        {
            "invoice": str(invoice.id),
            "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "quantity": 1}],
            "refund_amount": 9_087,
            "reason": "order_change",
        }
    )
    assert (note.subtotal, note.total, note.type) == (8_900, 9_087, "post_payment")
    assert [tax.amount for tax in note.total_taxes or []] == [187]
    assert note.number == f"{invoice.number}-CN-01"
    assert shop.stripe.v1.charges.retrieve(charge.id).refunded
    again = shop.stripe.v1.invoices.retrieve(str(invoice.id))
    assert (again.status, again.post_payment_credit_notes_amount) == ("paid", 9_087)
    assert [one.id for one in shop.stripe.v1.credit_notes.list({"invoice": str(invoice.id)}).data] == [note.id]
    assert visit(note.pdf).text.startswith("%PDF-1.4")


def test_a_credit_note_on_an_open_invoice_lowers_what_is_due_until_nothing_is(shop: Shop) -> None:
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id)
    shop.pass_time(32 * DAY)
    invoice = str(shop.again(found).latest_invoice)
    note = shop.stripe.v1.credit_notes.create({"invoice": invoice, "amount": 87})
    assert shop.stripe.v1.invoices.retrieve(invoice).amount_due == 9_000
    assert shop.stripe.v1.credit_notes.void_credit_note(note.id).status == "void"
    assert shop.stripe.v1.invoices.retrieve(invoice).amount_remaining == 9_087
    shop.stripe.v1.credit_notes.create({"invoice": invoice, "amount": 9_087})
    assert shop.stripe.v1.invoices.retrieve(invoice).status == "paid"
    assert shop.again(found).status == "active"


def test_a_credit_note_never_exceeds_its_invoice_and_says_where_the_money_goes(shop: Shop) -> None:
    found, _ = paid_charge(shop)
    create, invoice = shop.stripe.v1.credit_notes.create, str(found.latest_invoice)
    wrong: list[Any] = [
        {"amount": 9_088, "refund_amount": 9_088},
        {"amount": 500},
        {"amount": 500, "refund_amount": 400},
        {"refund_amount": 500},
        {"lines": [{"type": "invoice_line_item", "invoice_line_item": "il_none", "quantity": 1}]},
    ]
    for given in wrong:
        with pytest.raises(stripe.InvalidRequestError):
            create({"invoice": invoice, **given})
    assert shop.stripe.v1.credit_notes.list({"invoice": invoice}).data == []
    create({"invoice": invoice, "amount": 500, "out_of_band_amount": 500, "memo": "Remise"})

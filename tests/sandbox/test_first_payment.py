"""A first subscription through Checkout: what is billed, what is told, what a refused card leaves."""

from __future__ import annotations

from tests.sandbox.shop import DAY, DECLINED, FAILS_LATER, Shop, visit, words

FIRST_PAYMENT = [
    "charge.succeeded",
    "payment_method.attached",
    "customer.subscription.created",
    "invoice.created",
    "invoice.finalized",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_succeeded",
    "payment_intent.succeeded",
    "invoice_payment.paid",
    "checkout.session.completed",
]


def test_the_page_says_what_is_bought_and_what_it_costs(shop: Shop) -> None:
    session = shop.session(locale="fr")
    text = words(visit(str(session.url)).text)
    assert "mind Health 89,00 € HT par mois" in text
    assert "TVA 2,1 % 1,87 €" in text
    assert "Payer 90,87 €" in text
    assert (session.amount_subtotal, session.amount_total) == (8_900, 9_087)


def test_paying_leads_back_with_the_session_in_the_address(shop: Shop) -> None:
    session = shop.session()
    page = shop.pay(session)
    assert page.status == 303
    assert page.location == f"http://127.0.0.1:9/back?session_id={session.id}"


def test_a_paid_session_names_its_subscription_and_invoice(shop: Shop) -> None:
    session = shop.session(client_reference_id="order-7", metadata={"plan": "health"})
    shop.pay(session)
    done = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "line_items"]})
    assert (done.status, done.payment_status, done.client_reference_id) == ("complete", "paid", "order-7")
    assert done.subscription.status == "active"  # type: ignore[union-attr]
    assert done.line_items is not None and done.line_items.data[0].amount_tax == 187


def test_the_subscription_carries_what_checkout_was_given(shop: Shop) -> None:
    found = shop.subscription(subscription_data={"metadata": {"organisation": "42"}})
    item = found["items"]["data"][0]
    assert found.metadata.to_dict() == {"organisation": "42"}
    assert item.current_period_start == found.start_date
    assert not hasattr(found, "current_period_end")
    assert [rate.percentage for rate in item.tax_rates] == [2.1]


def test_the_invoice_is_paid_and_leads_to_its_payment(shop: Shop) -> None:
    found = shop.subscription()
    invoice = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice), {"expand": ["payments"]})
    assert (invoice.status, invoice.total, invoice.amount_remaining) == ("paid", 9_087, 0)
    assert invoice.parent.subscription_details.subscription == found.id  # type: ignore[union-attr]
    assert [tax.amount for tax in invoice.total_taxes or []] == [187]
    intent = invoice.payments.data[0].payment.payment_intent  # type: ignore[union-attr]
    back = shop.stripe.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": str(intent)}})
    assert back.data[0].invoice == invoice.id


def test_events_of_a_first_payment_come_in_stripes_order(shop: Shop) -> None:
    shop.pay(shop.session())
    shop.sandbox.settle()
    assert shop.receiver.types()[-11:] == FIRST_PAYMENT


def test_each_event_shows_its_object_as_it_was_then(shop: Shop) -> None:
    shop.subscription()
    created, updated = shop.events("customer.subscription.created", "customer.subscription.updated")
    assert created.data.object["status"] == "incomplete"
    assert updated.data.object["status"] == "active"
    assert updated.data.previous_attributes["status"] == "incomplete"
    drafted, paid = shop.events("invoice.created", "invoice.paid")
    assert (drafted.data.object["status"], paid.data.object["status"]) == ("draft", "paid")


def test_a_declined_card_leaves_the_session_open_and_nothing_charged(shop: Shop) -> None:
    session = shop.session(locale="fr")
    page = shop.pay(session, DECLINED)
    assert page.status == 422
    assert "Votre banque a refusé le paiement. Rien n’a été débité." in words(page.text)
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert shop.stripe.v1.subscriptions.list({"status": "all"}).data == []
    assert [event["type"] for event in shop.events("charge.failed", "charge.succeeded")] == ["charge.failed"]


def test_after_a_declined_card_another_one_pays(shop: Shop) -> None:
    session = shop.session()
    shop.pay(session, DECLINED)
    assert shop.pay(session).status == 303


def test_pressing_the_button_twice_subscribes_once(shop: Shop) -> None:
    session = shop.session()
    assert shop.pay(session).location == shop.pay(session).location
    assert len(shop.stripe.v1.subscriptions.list().data) == 1


def test_a_paid_page_leads_back_when_opened_again(shop: Shop) -> None:
    session = shop.session()
    shop.pay(session)
    assert visit(str(session.url)).status == 303


def test_a_trial_costs_nothing_today_and_is_charged_when_it_ends(shop: Shop) -> None:
    end = shop.now() + 10 * DAY
    found = shop.subscription(subscription_data={"trial_end": end})
    first = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice))
    assert (found.status, found.trial_end, first.total, first.status) == ("trialing", end, 0, "paid")
    assert shop.events("charge.succeeded") == []
    shop.pass_time(10 * DAY + 60)
    again = shop.again(found)
    charged = shop.stripe.v1.invoices.retrieve(str(again.latest_invoice))
    assert (again.status, charged.billing_reason, charged.total) == ("active", "subscription_cycle", 9_087)
    assert again["items"]["data"][0].current_period_start == end


def test_a_trial_sessions_payment_status_says_that_none_was_required(shop: Shop) -> None:
    session = shop.session(subscription_data={"trial_end": shop.now() + 10 * DAY})
    text = words(visit(f"{session.url}?lang=fr").text)
    assert "À payer aujourd’hui 0,00 €" in text and "Premier paiement de 90,87 € TTC le" in text
    shop.pay(session)
    done = shop.stripe.v1.checkout.sessions.retrieve(session.id)
    assert (done.amount_total, done.payment_status) == (0, "no_payment_required")


def test_the_end_of_a_trial_is_announced_three_days_before(shop: Shop) -> None:
    shop.subscription(subscription_data={"trial_end": shop.now() + 10 * DAY})
    assert shop.events("customer.subscription.trial_will_end") == []
    shop.pass_time(7 * DAY + 60)
    assert len(shop.events("customer.subscription.trial_will_end")) == 1
    shop.pass_time(4 * DAY)
    assert len(shop.events("customer.subscription.trial_will_end")) == 1


def test_a_card_that_fails_later_passes_a_trials_checkout_and_fails_at_its_end(shop: Shop) -> None:
    found = shop.subscription(FAILS_LATER, subscription_data={"trial_end": shop.now() + 5 * DAY})
    shop.pass_time(5 * DAY + 60)
    assert shop.again(found).status == "past_due"


def test_an_unpaid_session_expires_and_says_so(shop: Shop) -> None:
    session = shop.session(expires_at=shop.now() + 1_900, locale="fr")
    shop.pass_time(2_000)
    page = visit(str(session.url))
    assert page.status == 410 and "Cette page de paiement a expiré" in words(page.text)
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert [event["type"] for event in shop.events("checkout.session.expired")] == ["checkout.session.expired"]


def test_a_buyer_without_customer_becomes_one(shop: Shop) -> None:
    session = shop.session(customer_email="nouveau@example.org")
    shop.pay(session)
    done = shop.stripe.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    assert done.customer.email == "nouveau@example.org"  # type: ignore[union-attr]


def test_what_is_mistyped_is_said_beside_the_field_and_kept(shop: Shop) -> None:
    session = shop.session(locale="fr")
    page = visit(str(session.url), {"number": "4111 1111 1111 1111", "expiry": "13/20", "cvc": "x", "name": "Ada"})
    text = words(page.text)
    assert page.status == 422 and "<title>Erreur : " in page.text.replace("\u00a0", " ")
    assert "Ce n’est pas une carte de test. Essayez 4242 4242 4242 4242." in text
    assert "Saisissez la date comme 12/34." in text and "Saisissez trois ou quatre chiffres." in text
    assert 'value="4111 1111 1111 1111"' in page.text and 'value="Ada"' in page.text

"""3-D Secure: banks that want their card's holder to confirm, at Checkout, at renewals, when a card is kept."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop, card, visit, words

ONCE, ALWAYS = "4000 0025 0000 3155", "4000 0027 6000 3184"


def bought(shop: Shop, number: str) -> stripe.Subscription:
    """A subscription whose buyer confirmed the first payment."""
    session = shop.session()
    assert shop.pay(session, number).location.startswith(f"/pay/{session.id}/bank")
    page = visit(f"{shop.sandbox.url}/pay/{session.id}/bank", {"answer": "yes"})
    assert "session_id=" in page.location
    return shop.again(shop.stripe.v1.checkout.sessions.retrieve(session.id).subscription)


def last_intent(shop: Shop) -> stripe.PaymentIntent:
    return shop.stripe.v1.payment_intents.list({}).data[0]


@pytest.mark.parametrize("number", [ONCE, ALWAYS])
def test_a_buyer_confirms_and_has_the_subscription(shop: Shop, number: str) -> None:
    assert bought(shop, number).status == "active"
    assert last_intent(shop).status == "succeeded"
    assert len(shop.stripe.v1.charges.list({}).data) == 1


def test_the_banks_page_says_what_is_to_be_confirmed(shop: Shop) -> None:
    session = shop.session()
    page = visit(f"{shop.sandbox.url}/pay/{session.id}/bank?lang=fr")
    assert page.location == f"/pay/{session.id}"
    shop.pay(session, ALWAYS)
    text = words(visit(f"{shop.sandbox.url}/pay/{session.id}/bank?lang=fr").text)
    assert "Un paiement de 90,87 € avec la carte se terminant par 3184." in text
    assert shop.events("customer.subscription.created") == []


def test_a_buyer_who_refuses_may_try_another_card(shop: Shop) -> None:
    session = shop.session()
    shop.pay(session, ALWAYS)
    page = visit(f"{shop.sandbox.url}/pay/{session.id}/bank?lang=fr", {"answer": "no"})
    assert page.status == 422 and "n’a pas reçu votre confirmation" in words(page.text)
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    intent = last_intent(shop)
    assert intent.status == "requires_payment_method" and intent.last_payment_error is not None
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert [event.type for event in shop.events("payment_intent.payment_failed")] == ["payment_intent.payment_failed"]
    assert visit(f"{shop.sandbox.url}/pay/{session.id}/bank", {"answer": "yes"}).location == f"/pay/{session.id}"
    assert shop.pay(session).status == 303
    assert shop.stripe.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_a_card_confirmed_once_renews_by_itself(shop: Shop) -> None:
    found = bought(shop, ONCE)
    shop.pass_time(32 * DAY)
    assert shop.again(found).status == "active"
    assert shop.events("invoice.payment_action_required") == []


def renewal_waits(shop: Shop) -> tuple[stripe.Subscription, stripe.Invoice]:
    found = bought(shop, ALWAYS)
    shop.pass_time(32 * DAY)
    invoice = shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice))
    return found, invoice


def test_a_renewal_waits_for_its_holder(shop: Shop) -> None:
    found, invoice = renewal_waits(shop)
    assert (shop.again(found).status, invoice.status) == ("past_due", "open")
    assert last_intent(shop).status == "requires_action"
    payment = shop.stripe.v1.invoice_payments.list({"invoice": str(invoice.id)}).data[0]
    assert payment.payment.payment_intent == last_intent(shop).id
    told = [event.type for event in shop.events()]
    expected = ["payment_intent.requires_action", "invoice.payment_action_required", "invoice.payment_failed"]
    assert [kind for kind in told if kind in expected] == expected
    assert len(shop.stripe.v1.charges.list({}).data) == 1


def test_the_hosted_invoice_completes_it(shop: Shop) -> None:
    found, invoice = renewal_waits(shop)
    assert "attend votre confirmation" in words(visit(f"{invoice.hosted_invoice_url}?lang=fr").text)
    assert visit(f"{invoice.hosted_invoice_url}/bank?lang=fr").status == 200
    assert visit(f"{invoice.hosted_invoice_url}/bank", {"answer": "yes"}).status == 303
    assert shop.again(found).status == "active"
    assert shop.stripe.v1.invoices.retrieve(str(invoice.id)).status == "paid"
    assert (last_intent(shop).status, last_intent(shop).next_action) == ("succeeded", None)
    assert len(shop.stripe.v1.payment_intents.list({}).data) == 2
    shop.pass_time(8 * DAY)
    assert len(shop.events("invoice.paid")) == 2


def test_a_holder_who_refuses_leaves_the_invoice_open_for_another_card(shop: Shop) -> None:
    found, invoice = renewal_waits(shop)
    page = visit(f"{invoice.hosted_invoice_url}/bank?lang=fr", {"answer": "no"})
    assert page.status == 422 and "n’a pas reçu votre confirmation" in words(page.text)
    assert last_intent(shop).status == "requires_payment_method"
    assert visit(f"{invoice.hosted_invoice_url}", card()).status == 303
    assert shop.again(found).status == "active"


def test_a_renewal_never_confirmed_uses_up_its_retries(shop: Shop) -> None:
    found, invoice = renewal_waits(shop)
    shop.pass_time(20 * DAY)
    assert shop.again(found).status == "canceled"
    assert len(shop.events("invoice.payment_action_required")) == 4
    assert shop.stripe.v1.invoices.retrieve(str(invoice.id)).status == "open"


def test_the_api_says_that_a_payment_needs_its_holder(shop: Shop) -> None:
    _, invoice = renewal_waits(shop)
    with pytest.raises(stripe.CardError) as refusal:
        shop.stripe.v1.invoices.pay(str(invoice.id))
    assert refusal.value.code == "invoice_payment_intent_requires_action"


@pytest.mark.parametrize(("answer", "kept"), [("yes", True), ("no", False)])
def test_a_card_kept_in_the_portal_is_confirmed_by_a_setup_intent(shop: Shop, answer: str, kept: bool) -> None:
    found = shop.subscription()
    portal = shop.portal(found)
    assert "/bank" in visit(f"{portal.url}/card", card(ONCE)).location
    [intent] = shop.stripe.v1.setup_intents.list({"customer": str(found.customer)}).data
    assert (intent.status, intent.usage) == ("requires_action", "off_session")
    assert shop.again(found).default_payment_method == found.default_payment_method
    visit(f"{portal.url}/bank", {"answer": answer})
    after = shop.stripe.v1.setup_intents.retrieve(intent.id)
    assert after.status == ("succeeded" if kept else "requires_payment_method")
    assert (shop.again(found).default_payment_method != found.default_payment_method) is kept
    shop.pass_time(32 * DAY)
    assert shop.again(found).status == "active"


def test_a_trial_keeps_a_card_that_its_holder_confirmed(shop: Shop) -> None:
    session = shop.session(subscription_data={"trial_end": shop.now() + 5 * DAY})
    shop.pay(session, ONCE)
    assert "enregistrement de la carte" in words(visit(f"{shop.sandbox.url}/pay/{session.id}/bank?lang=fr").text)
    visit(f"{shop.sandbox.url}/pay/{session.id}/bank", {"answer": "yes"})
    found = shop.again(shop.stripe.v1.checkout.sessions.retrieve(session.id).subscription)
    shop.pass_time(6 * DAY)
    assert shop.again(found).status == "active"


def test_a_bank_that_was_answered_may_still_think(shop: Shop) -> None:
    shop.sandbox.control("bank", answers="later")
    found = bought(shop, ALWAYS)
    assert found.status == "incomplete"
    shop.sandbox.control("bank-answers")
    assert shop.again(found).status == "active"


def test_a_change_that_waits_for_its_payment_is_made_once_the_holder_confirms(shop: Shop) -> None:
    found = bought(shop, ALWAYS)
    item = found["items"]["data"][0].id
    wish = {
        "items": [{"id": item, "quantity": 3}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    waiting = shop.stripe.v1.subscriptions.update(found.id, wish)  # type: ignore[arg-type]
    assert waiting.status == "active" and waiting.pending_update is not None
    invoice = shop.stripe.v1.invoices.retrieve(str(waiting.latest_invoice))
    visit(f"{invoice.hosted_invoice_url}/bank", {"answer": "yes"})
    done = shop.again(found)
    assert done.pending_update is None and done["items"]["data"][0].quantity == 3

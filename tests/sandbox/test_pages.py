"""The hosted pages: customer portal, invoice, and what all of them promise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from portal.sandbox.pages import words as vocabulary
from portal.sandbox.pages.formats import money, percent
from portal.sandbox.pages.words import say
from tests.sandbox.shop import DAY, DECLINED, Shop, card, visit, words

TEMPLATES = Path(vocabulary.__file__).parents[1] / "templates"


def test_every_word_of_the_templates_is_known_and_every_known_word_is_used() -> None:
    sources = [*TEMPLATES.glob("*.html"), *TEMPLATES.parent.rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources if path.name != "words.py")
    asked = set(re.findall(r'_\("(\w+)"', text))
    built = ("status_", "sub_", "why_", "per_", "then_", "expired_", "unknown_", "portal_expired_", "field_")
    built += ("ctl_", "ctl_is_", "ctl_why_", "ctl_act_", "ctl_group_", "ctl_field_")
    assert asked <= vocabulary.WORDS.keys() | set(built)
    unused = [key for key in vocabulary.WORDS if f'"{key}"' not in text and not key.startswith(built)]
    assert unused == []


def test_french_is_typeset() -> None:
    assert say("fr", "banner") == "Paiement de démonstration\u00a0: aucune carte n’est débitée."
    assert say("fr", "why").startswith("Pourquoi partez-vous\u202f?")
    assert money("fr", 123_456, "eur") == "1\u202f234,56\u202f€"
    assert (money("en", 123_456, "eur"), percent("fr", 2.1), percent("en", 20.0)) == ("€1,234.56", "2,1", "20")


@pytest.mark.parametrize(("lang", "title"), [("fr", "Votre commande"), ("en", "Your order")])
def test_the_language_comes_from_the_address(shop: Shop, lang: str, title: str) -> None:
    page = visit(f"{shop.session().url}?lang={lang}")
    assert title in page.text and f'<html lang="{lang}">' in page.text


def test_the_language_comes_from_the_session_then_the_browser_then_is_french(shop: Shop) -> None:
    english = {"Accept-Language": "en-GB,en"}
    assert 'lang="fr"' in visit(str(shop.session(locale="fr").url), headers=english).text
    assert '<html lang="en">' in visit(str(shop.session().url), headers=english).text
    assert '<html lang="fr">' in visit(str(shop.session().url)).text


def test_pages_run_no_script_and_may_lead_back_only_to_the_shop(shop: Shop) -> None:
    page = visit(str(shop.session(success_url="http://127.0.0.1:8000/back", cancel_url="http://shop.test/x").url))
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:8000 http://shop.test;" in policy
    assert "script" not in policy and "<script" not in page.text and "style=" not in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["pay/cs_test_none", "portal/bps_none", "invoice/in_none", "nothing"])
def test_an_address_that_leads_nowhere_says_so(shop: Shop, path: str) -> None:
    page = visit(f"{shop.sandbox.url}/{path}?lang=fr")
    assert page.status == 404 and "Cette page n’existe pas" in page.text


def test_a_test_card_fills_the_form(shop: Shop) -> None:
    page = visit(f"{shop.session().url}?fill=4242424242424242")
    assert 'value="4242 4242 4242 4242"' in page.text and 'value="12/34"' in page.text


def test_the_portal_shows_subscription_card_and_invoices(shop: Shop) -> None:
    found = shop.subscription()
    text = words(visit(f"{shop.portal(found).url}?lang=fr").text)
    assert "Actif" in text and "mind Health" in text and "pour 90,87 € TTC" in text
    assert "Visa se terminant par 4242, expire en 12/2034" in text
    assert "-0001" in text and "Payée" in text and "Revenir au site" in text


def test_cancelling_in_the_portal_gives_a_date_and_no_boolean(shop: Shop) -> None:
    found = shop.subscription()
    session = shop.portal(found)
    address = f"{session.url}/cancel/{found.id}?lang=fr"
    assert "Votre abonnement reste ouvert jusqu’au" in words(visit(address).text)
    assert visit(address, {"feedback": "too_expensive", "comment": "Budget gelé"}).status == 303
    ending = shop.again(found)
    assert (ending.cancel_at, ending.cancel_at_period_end) == (found["items"]["data"][0].current_period_end, False)
    details = ending.cancellation_details
    assert details is not None
    assert (details.reason, details.feedback, details.comment) == (
        "cancellation_requested",
        "too_expensive",
        "Budget gelé",
    )
    told = shop.events("customer.subscription.updated")[-1].data
    assert told.previous_attributes["cancel_at"] is None


def test_what_was_cancelled_is_resumed_in_the_portal(shop: Shop) -> None:
    found = shop.subscription()
    session = shop.portal(found)
    visit(f"{session.url}/cancel/{found.id}", {})
    home = words(visit(f"{session.url}?lang=fr").text)
    assert "Se termine le" in home and "Reprendre l’abonnement" in home
    visit(f"{session.url}/resume/{found.id}", {})
    assert shop.again(found).cancel_at is None


def test_a_subscription_cancelled_in_its_trial_ends_with_it_and_is_never_charged(shop: Shop) -> None:
    end = shop.now() + 10 * DAY
    found = shop.subscription(subscription_data={"trial_end": end})
    visit(f"{shop.portal(found).url}/cancel/{found.id}", {})
    shop.pass_time(11 * DAY)
    assert (shop.again(found).status, shop.again(found).ended_at) == ("canceled", end)
    assert shop.events("charge.succeeded") == []


def test_another_card_is_charged_from_then_on(shop: Shop) -> None:
    found = shop.subscription()
    page = visit(f"{shop.portal(found).url}/card", card("5555 5555 5555 4444"))
    assert page.status == 303
    method = str(shop.again(found).default_payment_method)
    assert shop.stripe.v1.payment_methods.retrieve(method).card.last4 == "4444"  # type: ignore[union-attr]
    customer = shop.stripe.v1.customers.retrieve(str(found.customer))
    assert customer.invoice_settings.default_payment_method == method  # type: ignore[union-attr]


def test_a_refused_card_does_not_replace_the_old_one(shop: Shop) -> None:
    found = shop.subscription()
    page = visit(f"{shop.portal(found).url}/card?lang=fr", card(DECLINED))
    assert page.status == 422 and "Votre banque a refusé le paiement." in words(page.text)
    assert shop.again(found).default_payment_method == found.default_payment_method


def test_a_deep_link_leads_straight_to_the_card_and_back_to_the_shop(shop: Shop) -> None:
    found = shop.subscription()
    back = {"type": "redirect", "redirect": {"return_url": "http://127.0.0.1:9/billing?card=new"}}
    session = shop.portal(found, flow_data={"type": "payment_method_update", "after_completion": back})
    first = visit(session.url)
    assert first.status == 303 and "/card" in first.location
    form = visit(f"{session.url}/card")
    assert "http://127.0.0.1:9;" in form.headers["Content-Security-Policy"]
    assert visit(f"{session.url}/card", card()).location == "http://127.0.0.1:9/billing?card=new"


def test_a_deep_link_leads_straight_to_the_cancellation(shop: Shop) -> None:
    found = shop.subscription()
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": found.id}}
    session = shop.portal(found, flow_data=flow)
    assert f"/cancel/{found.id}" in visit(session.url).location
    done = visit(f"{session.url}/cancel/{found.id}", {})
    assert "note=canceled" in done.location
    assert visit(f"{session.url}").status == 200


def test_a_portal_allows_only_what_its_configuration_says(shop: Shop) -> None:
    found = shop.subscription()
    features = {"invoice_history": {"enabled": True}}
    configuration = shop.stripe.v1.billing_portal.configurations.create({"features": features})  # type: ignore[typeddict-item]
    session = shop.portal(found, configuration=configuration.id)
    home = words(visit(f"{session.url}?lang=fr").text)
    assert "Factures" in home and "Résilier" not in home and "Changer de carte" not in home
    assert visit(f"{session.url}/cancel/{found.id}", {}).status == 404
    assert visit(f"{session.url}/card", card()).status == 404
    update = shop.stripe.v1.billing_portal.configurations.update
    update(configuration.id, {"features": {"payment_method_update": {"enabled": True}}})
    assert visit(f"{session.url}/card", card()).status == 303


def test_nobody_cancels_a_strangers_subscription(shop: Shop) -> None:
    mine, other = shop.subscription(), shop.subscription()
    visit(f"{shop.portal(mine).url}/cancel/{other.id}", {})
    assert shop.again(other).cancel_at is None


def test_a_past_due_subscription_offers_to_pay(shop: Shop) -> None:
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id)
    shop.pass_time(32 * DAY)
    text = words(visit(f"{shop.portal(found).url}?lang=fr").text)
    assert "Paiement en retard" in text and "Payer 90,87 €" in text


def test_the_hosted_invoice_can_be_read_and_downloaded(shop: Shop) -> None:
    found = shop.subscription()
    invoice = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice))
    text = words(visit(f"{invoice.hosted_invoice_url}?lang=fr").text)
    assert f"Facture {invoice.number}" in text and "Clinique Exemple" in text and "Total TTC 90,87 €" in text
    page = visit(f"{invoice.invoice_pdf}?lang=fr")
    assert page.headers["Content-Type"] == "application/pdf"
    assert page.text.startswith("%PDF-1.4") and f"(Facture {invoice.number})" in page.text


def test_a_customers_page_is_gone_with_the_customer(shop: Shop) -> None:
    found = shop.subscription()
    session = shop.portal(found)
    shop.stripe.v1.customers.delete(str(found.customer))
    assert visit(session.url).status == 404


def identity_page(shop: Shop, found: Any, *allowed: str) -> str:
    features = {"customer_update": {"enabled": True, "allowed_updates": list(allowed)}}
    configuration = shop.stripe.v1.billing_portal.configurations.create({"features": features})  # type: ignore[typeddict-item]
    return shop.portal(found, configuration=configuration.id).url


IDENTITY = {
    "name": "Clinique Neuve",
    "email": "neuve@example.org",
    "line1": "3 rue Neuve",
    "line2": "",
    "postal_code": "75002",
    "city": "Paris",
    "country": "fr",
    "tax_id": "fr 40 303 265 045",
}


def test_a_buyer_changes_who_is_invoiced(shop: Shop) -> None:
    found = shop.subscription()
    address = identity_page(shop, found, "name", "email", "address", "tax_id")
    assert visit(f"{address}/identity", IDENTITY).status == 303
    customer = shop.stripe.v1.customers.retrieve(str(found.customer), {"expand": ["tax_ids"]})
    assert (customer.name, customer.email) == ("Clinique Neuve", "neuve@example.org")
    assert customer.address is not None and (customer.address.city, customer.address.country) == ("Paris", "FR")
    assert customer.tax_ids is not None and [one.value for one in customer.tax_ids.data] == ["FR40303265045"]
    text = words(visit(f"{address}?lang=fr&note=identity").text)
    assert "Vos coordonnées sont enregistrées." in text and "75002 Paris" in text
    visit(f"{address}/identity", IDENTITY | {"tax_id": ""})
    assert [event.type for event in shop.events("customer.tax_id.created", "customer.tax_id.deleted")] == [
        "customer.tax_id.created",
        "customer.tax_id.deleted",
    ]


def test_what_may_not_be_changed_is_neither_shown_nor_taken(shop: Shop) -> None:
    found = shop.subscription()
    address = identity_page(shop, found, "name")
    text = visit(f"{address}/identity?lang=fr").text
    assert 'name="name"' in text and 'name="email"' not in text
    visit(f"{address}/identity", IDENTITY)
    customer = shop.stripe.v1.customers.retrieve(str(found.customer))
    assert (customer.name, customer.email) == ("Clinique Neuve", "achats@example.org")
    assert visit(f"{shop.portal(found).url}/identity").status == 404


@pytest.mark.parametrize(("field", "value"), [("email", "nobody"), ("country", "France"), ("tax_id", "12")])
def test_a_mistake_in_the_details_loses_nothing(shop: Shop, field: str, value: str) -> None:
    found = shop.subscription()
    address = identity_page(shop, found, "name", "email", "address", "tax_id")
    page = visit(f"{address}/identity?lang=fr", IDENTITY | {field: value})
    assert page.status == 422 and f'value="{value}"' in page.text and "Clinique Neuve" in page.text
    assert shop.stripe.v1.customers.retrieve(str(found.customer)).name == "Clinique Exemple"


def test_a_portals_address_expires(shop: Shop) -> None:
    found = shop.subscription()
    unopened, opened = shop.portal(found), shop.portal(found)
    assert visit(opened.url).status == 200
    shop.pass_time(400)
    page = visit(f"{unopened.url}?lang=fr")
    assert page.status == 410 and "Ce lien a expiré" in page.text and "http://127.0.0.1:9/billing" in page.text
    assert visit(opened.url).status == 200
    shop.pass_time(3_700)
    assert visit(opened.url).status == 410
    assert visit(f"{opened.url}/cancel/{found.id}", {}).status == 410
    assert shop.again(found).cancel_at is None

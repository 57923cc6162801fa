"""The pages in a real browser: the way there and back, and what accessibility asks for."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.axe import violations
from tests.sandbox.shop import DAY, DECLINED, Shop, visit

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: apt-get install chromium"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's browser."""
    with playwright.sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def origin() -> Iterator[str]:
    """The shop's own site, on another origin than the stand-in: answers every address with its path."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"<!doctype html><html lang=en><title>Shop</title><p id=path>{self.path}</p>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_a_buyer_pays_and_is_led_back_to_another_origin(shop: Shop, chromium: Any, origin: str) -> None:
    session = shop.session(success_url=f"{origin}/back?s={{CHECKOUT_SESSION_ID}}", cancel_url=f"{origin}/plans")
    context = chromium.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(session.url)
    page.get_by_label("Numéro de carte").fill(DECLINED)
    page.get_by_label("Date d’expiration").fill("12/34")
    page.get_by_label("Cryptogramme").fill("123")
    page.get_by_role("button", name="Payer").click()
    assert "Votre banque a refusé le paiement" in page.get_by_role("alert").inner_text()
    page.get_by_role("link", name="Remplir avec la carte 4242 4242 4242 4242").click()
    page.get_by_role("button", name="Payer").click()
    page.wait_for_selector("#path")
    assert page.inner_text("#path") == f"/back?s={session.id}"
    context.close()


def test_a_subscriber_cancels_resumes_and_returns(shop: Shop, chromium: Any, origin: str) -> None:
    found = shop.subscription()
    context = chromium.new_context(locale="fr-FR")
    page = context.new_page()
    page.goto(shop.portal(found, return_url=f"{origin}/billing").url)
    page.get_by_role("link", name="Résilier l’abonnement").click()
    page.get_by_label("C’est trop cher").check()
    page.get_by_role("button", name="Résilier l’abonnement").click()
    assert "Votre résiliation est enregistrée." in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Reprendre l’abonnement").click()
    assert "Votre abonnement reprend." in page.get_by_role("status").inner_text()
    page.get_by_role("link", name="Revenir au site").click()
    assert page.inner_text("#path") == "/billing"
    context.close()


def test_a_deep_link_returns_to_another_origin_after_the_card(shop: Shop, chromium: Any, origin: str) -> None:
    found = shop.subscription()
    after = {"type": "redirect", "redirect": {"return_url": f"{origin}/card-changed"}}
    session = shop.portal(found, flow_data={"type": "payment_method_update", "after_completion": after})
    page = chromium.new_page()
    page.goto(f"{session.url}/card?lang=en&fill=5555555555554444")
    page.get_by_role("button", name="Save this card").click()
    page.wait_for_selector("#path")
    assert page.inner_text("#path") == "/card-changed"
    page.close()


def test_every_page_is_accessible_and_fits(shop: Shop, chromium: Any) -> None:
    page = chromium.new_page()
    troubles = []
    for address in _addresses(shop):
        for language, width in (("fr", 320), ("en", 1280)):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="light")
            page.goto(f"{address}?lang={language}")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                troubles += [f"{address} ({width}, {scheme}): {fault}" for fault in violations(page, scheme=scheme)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                troubles.append(f"{address}: overflows at {width}")
    page.close()
    assert troubles == []


def _addresses(shop: Shop) -> list[str]:
    found = shop.subscription()
    shop.sandbox.control("fail-next-renewal", subscription=found.id)
    shop.pass_time(32 * DAY)
    paid, owed = shop.stripe.v1.invoices.list({"subscription": found.id}).data[::-1]
    closed = shop.session()
    shop.stripe.v1.checkout.sessions.expire(closed.id)
    features = {"customer_update": {"enabled": True, "allowed_updates": ["name", "email", "address", "tax_id"]}}
    features |= {name: {"enabled": True} for name in ("payment_method_update", "subscription_cancel")}
    configuration = shop.stripe.v1.billing_portal.configurations.create({"features": features})  # type: ignore[typeddict-item]
    portal = shop.portal(found, configuration=configuration.id).url
    return [
        shop.session(subscription_data={"trial_end": shop.now() + 9 * DAY}).url,
        shop.session(allow_promotion_codes=True).url,
        closed.url,
        portal,
        f"{portal}/card",
        f"{portal}/cancel/{found.id}",
        f"{portal}/identity",
        paid.hosted_invoice_url,
        owed.hosted_invoice_url,
        *_asked(shop),
        _sent(shop),
        f"{shop.sandbox.url}/_control/",
    ]


def _asked(shop: Shop) -> list[str]:
    """The bank's page, and an invoice that waits for its answer."""
    waiting = shop.session()
    shop.pay(waiting, "4000 0027 6000 3184")
    visit(f"{shop.sandbox.url}/pay/{waiting.id}/bank", {"answer": "yes"})
    shop.pass_time(32 * DAY)
    found = shop.again(shop.stripe.v1.checkout.sessions.retrieve(waiting.id).subscription)
    owed = shop.stripe.v1.invoices.retrieve(str(found.latest_invoice))
    again = shop.session()
    shop.pay(again, "4000 0027 6000 3184")
    return [f"{shop.sandbox.url}/pay/{again.id}/bank", str(owed.hosted_invoice_url)]


def _sent(shop: Shop) -> str:
    """An invoice to be paid by transfer, with a discount and an order number."""
    settings = {"custom_fields": [{"name": "Commande", "value": "PO-4711"}], "footer": "Merci."}
    coupon = shop.stripe.v1.coupons.create({"percent_off": 10, "duration": "once", "name": "Rentrée"})
    wish = {
        "customer": shop.customer(invoice_settings=settings).id,
        "items": [{"price": shop.price().id}],
        "collection_method": "send_invoice",
        "days_until_due": 30,
        "discounts": [{"coupon": coupon.id}],
    }
    found = shop.stripe.v1.subscriptions.create(wish)  # type: ignore[arg-type]
    return str(shop.stripe.v1.invoices.retrieve(str(found.latest_invoice)).hosted_invoice_url)

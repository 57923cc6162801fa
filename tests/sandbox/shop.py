"""A shop on the stand-in, for one line of arrange: a client, a price list, a customer, a checkout."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import stripe

from tests.sandbox.receiver import Receiver
from tests.sandbox.server import Sandbox

stripe.enable_telemetry = False
VISA, DECLINED, FAILS_LATER = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 0341"
DAY = 86_400


class Page(NamedTuple):
    """An answer to a browser that follows no redirect."""

    status: int
    text: str
    headers: Any

    @property
    def location(self) -> str:
        """Where it leads."""
        return str(self.headers["Location"])


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing."""


_browser = urllib.request.build_opener(_Stay)


def visit(url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Page:
    """GET a page, or POST a form to it."""
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with _browser.open(urllib.request.Request(url, body, headers or {}), timeout=30) as answer:
            return Page(answer.status, answer.read().decode("utf-8", "replace"), answer.headers)
    except urllib.error.HTTPError as answer:
        with answer:
            return Page(answer.code, answer.read().decode("utf-8", "replace"), answer.headers)


def everything(url: str, path: str, **params: str) -> Iterator[dict[str, Any]]:
    """All objects of a list as they are on the wire, newest first: a library's objects cost more than the request."""
    last: str | None = None
    while True:
        query = urllib.parse.urlencode({"limit": 100, **params, **({"starting_after": last} if last else {})})
        answer = visit(f"{url}{path}?{query}", headers={"Authorization": "Bearer sk_test_other"})
        assert answer.status == 200, answer.text
        page = json.loads(answer.text)
        yield from page["data"]
        if not page["has_more"]:
            return
        last = page["data"][-1]["id"]


def card(number: str = VISA, **other: str) -> dict[str, str]:
    """What a buyer types."""
    return {"number": number, "expiry": "12/34", "cvc": "123", "name": "", **other}


@dataclass
class Shop:
    """The stand-in, its client and the webhook address of one test."""

    sandbox: Sandbox
    receiver: Receiver

    @property
    def stripe(self) -> stripe.StripeClient:
        """The real client library, pointed at the stand-in."""
        return client(self.sandbox.url)

    def customer(self, **fields: Any) -> stripe.Customer:
        """A customer."""
        return self.stripe.v1.customers.create({"email": "achats@example.org", "name": "Clinique Exemple", **fields})

    def price(self, cents: int = 8_900, interval: str = "month", currency: str = "eur", **more: Any) -> stripe.Price:
        """A price of a product of its own."""
        product = self.stripe.v1.products.create({"name": "mind Health"})
        fields: Any = {"currency": currency, "unit_amount": cents, "product": product.id, **more}
        return self.stripe.v1.prices.create({**fields, "recurring": {"interval": interval}})

    def vat(self) -> stripe.TaxRate:
        """The rate of the press."""
        return self.stripe.v1.tax_rates.create({"display_name": "TVA", "inclusive": False, "percentage": 2.1})

    def now(self) -> int:
        """The stand-in's shifted now."""
        return int(self.sandbox.control("state")["now"])

    def session(self, **fields: Any) -> stripe.checkout.Session:
        """An open checkout for one seat, taxed."""
        given = {
            "mode": "subscription",
            "line_items": [{"price": self.price().id, "quantity": 1, "tax_rates": [self.vat().id]}],
            "success_url": "http://127.0.0.1:9/back?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/plans",
            **fields,
        }
        if "customer" not in given and "customer_email" not in given:
            given["customer"] = self.customer().id
        return self.stripe.v1.checkout.sessions.create({k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]

    def pay(self, session: stripe.checkout.Session, number: str = VISA) -> Page:
        """Press the button of a checkout's page."""
        return visit(str(session.url), card(number))

    def subscription(self, number: str = VISA, **fields: Any) -> stripe.Subscription:
        """A subscription bought through checkout."""
        session = self.session(**fields)
        page = self.pay(session, number)
        assert page.status == 303, page.text
        return self.again(self.stripe.v1.checkout.sessions.retrieve(session.id).subscription)

    def again(self, subscription: Any) -> stripe.Subscription:
        """A subscription read anew."""
        return self.stripe.v1.subscriptions.retrieve(getattr(subscription, "id", subscription))

    def portal(self, subscription: stripe.Subscription, **fields: Any) -> stripe.billing_portal.Session:
        """The customer portal opened for the buyer."""
        customer = str(subscription.customer)
        given = {"customer": customer, "return_url": "http://127.0.0.1:9/billing", **fields}
        return self.stripe.v1.billing_portal.sessions.create(given)  # type: ignore[arg-type]

    def pass_time(self, seconds: int) -> None:
        """Move the clock and let everything happen that falls due."""
        self.sandbox.move_clock(seconds)
        self.sandbox.settle()

    def events(self, *types: str) -> list[Any]:
        """Events so far, oldest first, of these types if any are named."""
        given: Any = {"limit": 100} | ({"types": list(types)} if types else {})
        return list(self.stripe.v1.events.list(given).auto_paging_iter())[::-1]


def client(url: str, key: str = "sk_test_shop", retries: int = 0) -> stripe.StripeClient:
    """The real client library, pointed at an address."""
    return stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=retries)


def words(html: str) -> str:
    """A page's text, its spaces made plain."""
    bare = re.sub(r"<[^>]+>", " ", html.replace("\u202f", " ").replace("\u00a0", " "))
    return re.sub(r"\s+", " ", bare)

"""What stories of buying need: people who click, a Stripe that charges, webhooks that arrive or do not."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import stripe
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock, outbox
from portal.accounts.models import Reader
from portal.billing import catalogue, inbox
from portal.billing.gateway import KEY, Gateway
from portal.billing.models import StripeEvent, Subscription
from portal.db import db, end_reading, writing
from portal.verticals import forget_site_verticals
from tests.builders import a_reader, a_vertical
from tests.forms import sign_in, submit
from tests.sandbox.server import Sandbox
from tests.sandbox.shop import VISA, Page, card, everything, visit

SECRET = "whsec_sandbox"
FIRM = {
    "company": "Clinique des Tilleuls",
    "siren": "732829320",
    "street": "12 rue des Tilleuls",
    "postal_code": "69003",
    "city": "Lyon",
    "country": "FR",
    "quantity": "1",
    "who": "me",
    "start": "today",
    "terms": "y",
    "immediate": "y",
}
CHECKOUT = "/billing/checkout"


class World:
    """One portal, one Stripe, one clock."""

    def __init__(self, app: Flask, sandbox: Sandbox) -> None:
        self.app, self.sandbox = app, sandbox
        self.gateway = connect(app, sandbox.url)
        self.seen: set[str] = set()

    def furnish(self) -> None:
        """Three verticals, the usual plans, a Stripe at the portal's instant that holds their prices alone."""
        self.app.extensions[KEY] = self.gateway
        self.app.config["FORM_ORIGINS"] = [self.sandbox.url]
        self.sandbox.control("reset", catalogue=True)
        self.align()
        with writing():
            for slug in ("health", "fintech", "media"):
                a_vertical(slug)
            catalogue.add_default_plans(db.session)
        forget_site_verticals()
        catalogue.sync_plans(db.session, self.gateway)

    def speak(self, **settings: Any) -> None:
        """From now on the portal speaks to Stripe with these settings."""
        self.gateway = self.app.extensions[KEY] = connect(self.app, self.sandbox.url, **settings)

    def close(self) -> None:
        """Leave nothing behind."""
        self.app.extensions.pop(KEY, None)
        self.app.config["FORM_ORIGINS"] = [self.app.extensions["portal.settings"].stripe_api_base]

    # -- time

    def align(self) -> None:
        """Give Stripe the portal's instant."""
        offset = round((clock.now() - clock.wall()).total_seconds())
        self.sandbox.clock_file.write_text(str(offset), encoding="ascii")

    @contextmanager
    def later(self, **passed: int) -> Iterator[datetime]:
        """Move both clocks on by days, hours … and let everything at Stripe happen that falls due."""
        with clock.frozen(clock.now() + timedelta(**passed)):
            self.align()
            self.sandbox.settle()
            yield clock.now()

    # -- Stripe

    @property
    def stripe(self) -> stripe.StripeClient:
        """The real client library, pointed at the stand-in."""
        return stripe.StripeClient("sk_test_other", base_addresses={"api": self.sandbox.url})

    def events(self) -> list[dict[str, Any]]:
        """Everything that happened at Stripe and was not handed over yet, oldest first."""
        found = list(everything(self.sandbox.url, "/v1/events"))
        fresh = [event for event in reversed(found) if event["id"] not in self.seen]
        self.seen |= {event["id"] for event in fresh}
        return fresh

    def deliver(self, events: Iterable[dict[str, Any]] | None = None) -> int:
        """Hand webhooks over (by default all new ones) and let the worker work; returns how many it closed."""
        for event in self.events() if events is None else events:
            answer = self.post(event)
            assert answer.status_code == 200, answer.text
        return self.work()

    def post(self, event: dict[str, Any] | bytes, secret: str = SECRET, age: int = 0) -> TestResponse:
        """One webhook, signed so many seconds ago."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return self.client().post("/stripe/webhook", data=body, headers=signed(body, secret, age))

    def work(self) -> int:
        """The worker's look at the inbox."""
        return inbox.work(db.session, self.gateway, 200)

    # -- people

    def client(self) -> FlaskClient:
        """A browser."""
        return self.app.test_client()

    def buyer(self, reader: Reader | None = None) -> "Buyer":
        """Somebody who is signed in."""
        return Buyer(self, reader or a_reader())

    def mails(self, kind: str | None = None) -> list[outbox.Mail]:
        """Mails written so far."""
        end_reading()
        statement = select(outbox.Mail).order_by(outbox.Mail.id)
        return list(db.session.scalars(statement if kind is None else statement.where(outbox.Mail.kind == kind)))

    def pending(self) -> int:
        """Events that wait."""
        end_reading()
        return len(db.session.scalars(select(StripeEvent.id).where(StripeEvent.done_at.is_(None))).all())

    def subscription(self) -> Subscription:
        """The one mirrored subscription."""
        end_reading()
        return db.session.scalars(select(Subscription)).one()


class Buyer:
    """A signed-in person in front of the portal's pages."""

    def __init__(self, world: World, reader: Reader) -> None:
        self.world, self.reader_id = world, reader.id
        self.client = world.client()
        self.signed_in_at = clock.now() - timedelta(days=1)
        self.sign_in()

    def sign_in(self) -> None:
        """Sign in, again when a day or more went by: a session that was idle for a month has ended."""
        end_reading()
        if timedelta() <= clock.now() - self.signed_in_at < timedelta(days=1):
            return
        self.signed_in_at = clock.now()
        sign_in(self.client, db.session.get_one(Reader, self.reader_id))

    def order(
        self, price: str = "health-month-eur", *, opened: TestResponse | None = None, **fields: str
    ) -> TestResponse:
        """Fill in the summary, unless it was `opened` already, and go to pay."""
        page = opened or f"{CHECKOUT}?price={price}"
        return submit(self.client, CHECKOUT, {**FIRM, "price": price, **fields}, page=page)

    def pay(self, answer: TestResponse, number: str = VISA) -> Page:
        """Type a card on Stripe's page."""
        assert answer.status_code == 303, answer.text
        return visit(answer.location, card(number))

    def come_back(self, page: Page) -> TestResponse:
        """Follow Stripe's page back to the portal."""
        return self.client.get(own(page.location))

    def subscribe(self, price: str = "health-month-eur", **fields: str) -> TestResponse:
        """Order, pay, come back."""
        return self.come_back(self.pay(self.order(price, **fields)))

    def billing(self) -> str:
        """The text of the billing page."""
        self.sign_in()
        answer = self.client.get("/billing/")
        assert answer.status_code == 200, answer.text
        return answer.text

    def portal(self, flow: str = "") -> str:
        """Open Stripe's portal from the billing page; returns its address."""
        self.sign_in()
        answer = submit(self.client, "/billing/portal", {"flow": flow}, page="/billing/")
        assert answer.status_code == 303, answer.text
        return str(answer.location)


def connect(app: Flask, url: str, **more: Any) -> Gateway:
    """A gateway like the app's own, speaking to another address."""
    return Gateway(replace(app.extensions["portal.settings"], stripe_api_base=url, **more))


def signed(body: bytes, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    """Headers of a webhook as Stripe signs it: with the machine's own time."""
    stamp = int(clock.wall().timestamp()) - age
    header = stripe.WebhookSignature.generate_signature_header(body.decode("utf-8", "replace"), secret, stamp)
    return {"Stripe-Signature": header, "Content-Type": "application/json"}


def own(url: str) -> str:
    """The path of an address of the portal."""
    return "/" + url.split("/", 3)[3]

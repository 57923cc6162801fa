"""Demo people who pay: each orders, pays on the stand-in's page and is synchronised, with the shared clock at that day.

Only the stand-in can be paid by a program; with a key of one's own these people stay without a subscription.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
from sqlalchemy import select

from portal import clock
from portal.accounts import readers
from portal.billing import catalogue, checkout, sync, terms
from portal.billing.gateway import Gateway, current
from portal.billing.models import CheckoutAttempt, Subscription
from portal.billing.orders import Addresses, Identity, Order
from portal.db import db, end_reading
from portal.organisations.models import Manager, OrganisationKind
from portal.settings import Settings

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "name": ""}
TIMEOUT = 20


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who buys what, when; `renewed_days_ago` counts back from the first renewal instead of the purchase."""

    email: str
    plan: str
    interval: str
    days_ago: int = 0
    renewed_days_ago: int | None = None
    next_payment_fails: bool = False

    def bought_at(self, now: datetime) -> datetime:
        """The instant of the purchase."""
        if self.renewed_days_ago is None:
            return now - timedelta(days=self.days_ago)
        renewed = now - timedelta(days=self.renewed_days_ago)
        month = renewed.month - 1 or 12
        year = renewed.year - (renewed.month == 1)
        return renewed.replace(year=year, month=month, day=min(renewed.day, 28))


class StandIn:
    """The levers of the running stand-in."""

    def __init__(self, settings: Settings) -> None:
        self.base = settings.stripe_api_base

    def runs(self) -> bool:
        """True when it answers."""
        try:
            return requests.get(f"{self.base}/_control/state", timeout=2).ok
        except requests.RequestException:
            return False

    def pull(self, lever: str, **values: Any) -> dict[str, Any]:
        """Use a lever. Raises requests.RequestException."""
        answer = requests.post(f"{self.base}/_control/{lever}", json=values, timeout=TIMEOUT)
        answer.raise_for_status()
        return dict(answer.json())

    @contextmanager
    def not_waiting_for_webhooks(self) -> Iterator[None]:
        """The payment page redirects at once: while the demonstration loads, nobody listens to webhooks."""
        state = requests.get(f"{self.base}/_control/state", timeout=TIMEOUT).json()
        self.pull("checkout", wait_seconds=0)
        try:
            yield
        finally:
            self.pull("checkout", wait_seconds=state["checkout_wait"])


def subscribe(settings: Settings, wanted: list[Subscriber]) -> list[str]:
    """Let those buy who have no subscription; returns a sentence for each thing done or left out."""
    missing = [one for one in wanted if not _has_subscription(one)]
    end_reading()
    if not missing:
        return []
    stand_in = StandIn(settings)
    if not settings.uses_sandbox:
        return ["A Stripe key is set: the demo subscribers were left out, since nobody can type their card."]
    if not stand_in.runs():
        return ["The Stripe stand-in does not run: the demo subscribers were left out; “make run” makes them."]
    catalogue.sync_plans(db.session, current())
    with stand_in.not_waiting_for_webhooks():
        for one in missing:
            _buy(stand_in, one)
    return [f"{len(missing)} demo subscribers paid at the stand-in."]


def _has_subscription(one: Subscriber) -> bool:
    reader = readers.by_address(db.session, one.email)
    if reader is None:
        return True
    statement = (
        select(Subscription.id)
        .join(Manager, Manager.organisation_id == Subscription.organisation_id)
        .where(Manager.reader_id == reader.id)
    )
    return db.session.scalar(statement.limit(1)) is not None


def _buy(stand_in: StandIn, one: Subscriber) -> None:
    """Order and pay at that day, then come back to the present and see what has happened since."""
    gateway = current()
    with _moved_clock(one.bought_at(clock.now())):
        url = checkout.begin(db.session, gateway, _order(one), Addresses("http://127.0.0.1/paid", "http://127.0.0.1/"))
        requests.post(url, data=CARD, timeout=TIMEOUT, allow_redirects=False).raise_for_status()
        subscription_id = _subscription_of(gateway, url)
        sync.subscription(db.session, gateway, subscription_id)
        if one.next_payment_fails:
            stand_in.pull("fail-next-renewal", subscription=subscription_id)
    stand_in.pull("settle", seconds=0)
    sync.subscription(db.session, gateway, subscription_id)


@contextmanager
def _moved_clock(instant: datetime) -> Iterator[None]:
    """The shared clock at this instant, then again as far ahead as it was."""
    ahead = clock.offset()
    clock.move_to(instant)
    try:
        yield
    finally:
        clock.move_to(clock.wall() + ahead if ahead else None)


def _order(one: Subscriber) -> Order:
    reader = readers.by_address(db.session, one.email)
    offer = catalogue.offer(db.session, f"{one.plan}-{one.interval}-eur")
    if reader is None or offer is None:
        raise LookupError(f"{one.email} or the plan {one.plan} is missing.")
    identity = Identity(
        kind=OrganisationKind.COMPANY,
        name=reader.company or reader.name,
        street="12 rue des Tanneurs",
        postal_code="35000",
        city="Rennes",
        country="FR",
    )
    order = Order(
        reader_id=reader.id,
        offer=offer,
        quantity=1,
        identity=identity,
        buyer_reads=True,
        starts_at=None,
        terms_version=terms.CURRENT,
        immediate_start=True,
        return_path="/",
        locale="fr",
    )
    end_reading()
    return order


def _subscription_of(gateway: Gateway, url: str) -> str:
    statement = select(CheckoutAttempt.stripe_session_id).where(CheckoutAttempt.stripe_session_url == url)
    session_id = db.session.scalar(statement)
    end_reading()
    found = gateway.session(str(session_id)).subscription_id
    if found is None:
        raise LookupError("The stand-in took no payment.")
    return found

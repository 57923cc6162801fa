"""Demo people who pay: each orders, pays on the stand-in's page and is synchronised, with the shared clock at that day.

Only the stand-in can be paid by a program; with a key of one's own these people stay without a subscription.
"""

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.access.models import AwaitedRight
from portal.accounts import readers
from portal.accounts.models import Reader
from portal.billing import catalogue, checkout, quotes, returning, sync, terms
from portal.billing.gateway import Gateway, current
from portal.billing.models import CheckoutAttempt, Subscription
from portal.billing.orders import Addresses, Identity, Order
from portal.billing.promotion_calls import PromotionWish
from portal.db import db, end_reading
from portal.dev import quoted
from portal.dev.standin import StandIn
from portal.organisations.models import Manager, OrganisationKind
from portal.settings import Settings

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "name": ""}
BACK = Addresses("http://127.0.0.1/paid?session_id={CHECKOUT_SESSION_ID}", "http://127.0.0.1/")
CODE = PromotionWish("BIENVENUE20", 20, 3)
"""The promotion code of the demonstration: a fifth off for three months."""
LAST_RETRY = timedelta(days=15, hours=1)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who buys what, when; `renewed_days_ago` counts back from the first renewal instead of the purchase.

    `refused` is how many charges in a row the bank refuses after the first; `cancelled_after` days the buyer announces
    the end, `disputed_after` days the payment is disputed at the bank; `after_trial` starts to pay at the trial's end;
    `bank` "later" leaves the payment with the bank; `invoice` are the terms of a quote instead of a card (dev.quoted).
    """

    email: str
    plan: str
    interval: str
    days_ago: int = 0
    renewed_days_ago: int | None = None
    quantity: int = 1
    refused: int = 0
    cancelled_after: int | None = None
    disputed_after: int | None = None
    after_trial: bool = False
    bank: str = "at-once"
    invoice: dict[str, Any] | None = None

    def bought_at(self, now: datetime) -> datetime:
        """The instant of the purchase."""
        if self.renewed_days_ago is None:
            return now - timedelta(days=self.days_ago)
        renewed = now - timedelta(days=self.renewed_days_ago)
        year, month = (renewed.year, renewed.month - 1) if renewed.month > 1 else (renewed.year - 1, 12)
        return renewed.replace(year=year, month=month, day=min(renewed.day, monthrange(year, month)[1]))

    def looks(self, now: datetime) -> list[datetime]:
        """When the portal looked at Stripe since: at a refused renewal and after the last retry, as far as past."""
        renewed = now - timedelta(days=self.renewed_days_ago or 0)
        instants = [renewed + timedelta(hours=1), renewed + LAST_RETRY] if self.refused else []
        return [instant for instant in instants if instant < now]


def subscribe(settings: Settings, wanted: list[Subscriber]) -> list[str]:
    """Let those buy who have no subscription; returns a sentence for each thing done or left out."""
    missing = [one for one in wanted if _lacks_subscription(one)]
    end_reading()
    if not missing:
        return []
    if not settings.uses_sandbox:
        return ["A Stripe key is set: the demo subscribers were left out, since nobody can type their card."]
    stand_in = StandIn(settings)
    if not stand_in.runs():
        return ["The Stripe stand-in does not run: the demo subscribers were left out; “make run” makes them."]
    catalogue.sync_plans(db.session, current())
    if not current().promotions(CODE.word):
        current().create_promotion(CODE)
    with stand_in.not_waiting_for_webhooks(), _kept_clock():
        Purchases(stand_in, current(), clock.now()).happen(missing)
    return [f"{len(missing)} demo subscribers paid at the stand-in, or order by invoice."]


def _lacks_subscription(one: Subscriber) -> bool:
    """True when they have never bought; for a payment that the bank thinks about, when its day is over."""
    reader = readers.by_address(db.session, one.email)
    if reader is None:
        return False
    if one.invoice and one.invoice.get("waits"):
        return not quoted.was_sent(db.session, one.email)
    mine = select(Manager.organisation_id).where(Manager.reader_id == reader.id)
    live = select(Subscription.id).where(Subscription.organisation_id.in_(mine))
    if one.bank == "at-once":
        return db.session.scalar(live.limit(1)) is None
    awaited = select(AwaitedRight.id).where(AwaitedRight.organisation_id.in_(mine), AwaitedRight.until > clock.now())
    live = live.where(Subscription.status.in_(("active", "trialing", "past_due")))
    return db.session.scalar(awaited.limit(1)) is None and db.session.scalar(live.limit(1)) is None


@contextmanager
def _kept_clock() -> Iterator[None]:
    """Afterwards the shared clock is as far ahead again as it was."""
    ahead = clock.offset()
    try:
        yield
    finally:
        clock.move_to(clock.wall() + ahead if ahead else None)


class Purchases:
    """What the subscribers did, each act with the shared clock at its instant, the oldest first."""

    def __init__(self, stand_in: StandIn, gateway: Gateway, now: datetime) -> None:
        self.stand_in, self.gateway, self.now = stand_in, gateway, now
        self.bought: dict[str, str] = {}

    def happen(self, wanted: list[Subscriber]) -> None:
        """Everything in its order, then a last look at all of them."""
        acts = [(one.bought_at(self.now), 0, one) for one in wanted]
        acts += [(at, 1, one) for one in wanted for at in one.looks(self.now)]
        for act, name in ((2, "cancelled_after"), (3, "disputed_after")):
            days = [(one, getattr(one, name)) for one in wanted]
            acts += [(one.bought_at(self.now) + timedelta(days=n), act, one) for one, n in days if n is not None]
        for at, act, one in sorted(acts, key=lambda each: each[:2]):
            clock.move_to(at)
            (self.buy, self.look, self.cancel, self.dispute)[act](one)
        clock.move_to(self.now)
        self.stand_in.pull("settle", seconds=0)
        for one in wanted:
            self.look(one)

    def buy(self, one: Subscriber) -> None:
        """Order, pay, come back; or accept a quote."""
        if one.invoice is not None:
            if (opened := quoted.by_quote(self.gateway, one)) is not None:
                self.bought[one.email] = opened
            return
        order = _order(one)
        self.stand_in.pull("bank", answers=one.bank)
        url = checkout.begin(db.session, self.gateway, order, BACK)
        self.stand_in.pay(url, CARD)
        self.stand_in.pull("bank", answers="at-once")
        session_id = _session_of(url)
        self.bought[one.email] = self._subscription_of(session_id)
        returning.look(db.session, self.gateway, order.reader_id, session_id)
        if one.refused:
            self.stand_in.pull("fail-next-renewal", subscription=self.bought[one.email], times=one.refused)

    def cancel(self, one: Subscriber) -> None:
        """Announce the end, as the button of Stripe's portal does."""
        self.stand_in.announce_end(self.bought[one.email])
        self.look(one)

    def dispute(self, one: Subscriber) -> None:
        """The holder of the card disputes the payment at the bank."""
        self.stand_in.pull("dispute", subscription=self.bought[one.email])
        self.look(one)

    def look(self, one: Subscriber) -> None:
        """Take over what Stripe says; nothing of who has not answered a quote."""
        if one.email not in self.bought:
            return
        sync.subscription(db.session, self.gateway, self.bought[one.email])

    def _subscription_of(self, session_id: str) -> str:
        found = self.gateway.session(session_id).subscription_id
        if found is None:
            raise LookupError("The stand-in took no payment.")
        return found


def _session_of(url: str) -> str:
    statement = select(CheckoutAttempt.stripe_session_id).where(CheckoutAttempt.stripe_session_url == url)
    session_id = db.session.scalar(statement)
    end_reading()
    return str(session_id)


def _order(one: Subscriber) -> Order:
    reader = readers.by_address(db.session, one.email)
    offer = catalogue.offer(db.session, f"{one.plan}-{one.interval}-eur")
    if reader is None or offer is None:
        raise LookupError(f"{one.email} or the plan {one.plan} is missing.")
    order = Order(
        reader_id=reader.id,
        offer=offer,
        quantity=one.quantity,
        identity=_identity(reader),
        buyer_reads=True,
        starts_at=quotes.trial_end(db.session, reader.id, offer) if one.after_trial else None,
        terms_version=terms.CURRENT,
        immediate_start=True,
        return_path="/",
        locale="fr",
    )
    end_reading()
    return order


def _identity(reader: Reader) -> Identity:
    return Identity(
        kind=OrganisationKind.COMPANY,
        name=reader.company or reader.name,
        street="12 rue des Tanneurs",
        postal_code="35000",
        city="Rennes",
        country="FR",
    )

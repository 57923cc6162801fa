"""Any story of money, in any order, ends right: a machine that buys, pays, fails, cancels, loses news and crashes.

After each story everything settles (Stripe's news arrives or is found by reconcile, the worker works) and what may be
read equals what a second opinion computes from Stripe's own state (tests/billing/oracle.py).
"""

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
import stripe
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import event, select

from portal import clock
from portal.access import facts
from portal.access.decision import decide
from portal.access.vocabulary import Outcome
from portal.accounts.models import Reader
from portal.billing import reconcile
from portal.billing.models import CheckoutAttempt, StripeEvent
from portal.billing.shapes import GatewayBusy, GatewayUnavailable
from portal.db import db, end_reading, writing
from portal.outbox import Mail
from portal.trials.queries import guarded_article
from portal.trials.start import start
from tests.billing import oracle
from tests.billing.stories import Disputes, Team, Transfers
from tests.billing.test_changing import agree, asked, look, shown
from tests.billing.test_webhooks import Broken
from tests.billing.world import CHECKOUT, World
from tests.databases import PostgreSQL, SQLite
from tests.forms import submit
from tests.sandbox.shop import DECLINED, FAILS_LATER, VISA, Page, card, everything, visit

TITLES = ("health", "fintech", "media")
PRICES = st.sampled_from(["health-month-eur", "fintech-month-eur", "media-year-eur", "bundle-month-eur"])
CARDS = st.sampled_from([VISA, VISA, VISA, DECLINED, FAILS_LATER])
STORIES = int(os.environ.get("STORIES", "60"))
"""How many are told: sixty with every run, hundreds in CI, thousands by `make torture`."""
PARTS = 4
STEPS = 30
CODE = "AUTOMNE"
AHEAD = (0, 1, 2, 4, 6, 8, 16, 31, 366)


class Crash(BaseException):
    """The process was killed at a statement."""


@contextmanager
def crashing(at: int) -> Iterator[None]:
    """Die at the n-th statement from here on, if there are so many; what was committed before stays."""
    left = [at]

    def count(*_args: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        with suppress(Crash):
            yield
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
        db.session.rollback()
        db.session.remove()


class Money(Disputes, Team, Transfers, RuleBasedStateMachine):
    """One reader with a colleague, one Stripe, and everything that can happen between them."""

    world: World
    fresh: Any

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.fresh()
        self.news: list[dict[str, Any]] = []
        self.page: str | None = None
        self.paid_page: Page | None = None
        self.trials: dict[str, Any] = {}
        self.buyer = self.world.buyer()
        self.colleague_id, self.seated = None, False
        self.disputed, self.released = False, set()
        self.strict = False

    @initialize(
        price=PRICES,
        quantity=st.integers(1, 3),
        number=CARDS,
        begun=st.sampled_from(["subscribed", "subscribed", "refused", "paid", ""]),
        strict=st.booleans(),
    )
    def begins(self, price: str, quantity: int, number: str, begun: str, strict: bool) -> None:
        """Most stories begin with somebody who has paid, some of them told the portal so; in some, disputes close."""
        self.strict = strict
        self.world.speak(suspend_disputed=strict)
        if not begun:
            return
        self.orders(price, quantity)
        self.pays(FAILS_LATER if begun == "refused" else number)
        if begun != "paid":
            self.returns()
        if begun == "refused":
            self._time_passes(timedelta(days=367 if "year" in price else 32))

    # -- what people do

    @rule(title=st.sampled_from(TITLES))
    def tries(self, title: str) -> None:
        with writing() as unit:
            answer = start(unit, unit.get_one(Reader, self.buyer.reader_id), [title], clock.now())
            for grant in answer.started:
                self.trials[title] = grant.ends_at

    @rule(price=PRICES, quantity=st.integers(1, 3), code=st.sampled_from(["", CODE, "INCONNU"]))
    def wishes(self, price: str, quantity: int, code: str) -> None:
        self.orders(price, quantity, code)

    def orders(self, price: str, quantity: int, code: str = "") -> None:
        """In this tab or another: whatever page comes last is the one in front of the buyer."""
        self.buyer.sign_in()
        opened = self.buyer.client.get(f"{CHECKOUT}?price={price}")
        if opened.status_code == 303:
            return  # there is a subscription, and its page says what can be done
        answer = self.buyer.order(price, opened=opened, quantity=str(quantity), code=code)
        assert answer.status_code in (303, 409, 422, 429, 503), answer.text
        if answer.status_code == 303 and answer.location.startswith(self.world.sandbox.url):
            self.page = answer.location

    @precondition(lambda self: self.page)
    @rule(number=CARDS)
    def types_a_card(self, number: str) -> None:
        self.pays(number)

    def pays(self, number: str) -> None:
        assert self.page
        answer = visit(self.page, card(number))
        if answer.status == 303 and "/billing/return" in answer.location:
            self.paid_page = answer

    @precondition(lambda self: self.paid_page)
    @rule()
    def comes_back(self) -> None:
        self.returns()

    def returns(self) -> None:
        self.buyer.sign_in()
        if self.paid_page:
            assert self.buyer.come_back(self.paid_page).status_code in (200, 303, 404)

    # -- what happens at Stripe

    @rule(days=st.sampled_from([0, 0, 1, 2, 3, 5, 8, 28, 31, 33]), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        self._time_passes(timedelta(days=days, hours=hours))
        self.banks_have_decided()

    @rule(data=st.data(), times=st.integers(1, 5))
    def the_bank_will_refuse(self, data: st.DataObject, times: int) -> None:
        for known in self._live(data):
            self.world.sandbox.control("fail-next-renewal", subscription=known, times=times)

    @rule(data=st.data(), how=st.sampled_from(["at the end", "by date", "now"]))
    def it_is_cancelled(self, data: st.DataObject, how: str) -> None:
        for known in self._live(data):
            if how == "now":
                self.world.stripe.v1.subscriptions.cancel(known)
                continue
            date = int(clock.now().timestamp()) + 3 * 86_400
            self._changes(known, {"cancel_at_period_end": True} if how == "at the end" else {"cancel_at": date})

    @rule(data=st.data())
    def it_is_resumed(self, data: st.DataObject) -> None:
        for known in self._live(data):
            self._changes(known, {"cancel_at_period_end": False})

    @rule(data=st.data(), quantity=st.integers(1, 4))
    def licences_change_in_the_dashboard(self, data: st.DataObject, quantity: int) -> None:
        for known in self._live(data):
            item = self.world.stripe.v1.subscriptions.retrieve(known)["items"].data[0].id
            self._changes(known, {"items": [{"id": item, "quantity": quantity}], "proration_behavior": "none"})

    @rule(part=st.sampled_from([1, 2]))
    def money_is_given_back(self, part: int) -> None:
        """A payment or half of it, in the Dashboard: the subscription alone decides what may be read."""
        for charge in self.world.stripe.v1.charges.list({"limit": 1}).data:
            with suppress(stripe.InvalidRequestError):
                self.world.stripe.v1.refunds.create({"charge": charge.id, "amount": charge.amount // part})

    @rule(certainty=st.sampled_from([True, False, False, False]))
    def the_customer_is_deleted(self, certainty: bool) -> None:
        for customer in self.world.stripe.v1.customers.list().data if certainty else ():
            self.world.stripe.v1.customers.delete(customer.id)

    @rule()
    def the_reader_cancels_on_our_page(self) -> None:
        self.buyer.sign_in()
        opened = self.buyer.client.get("/billing/cancel")
        if opened.status_code == 200:
            assert submit(self.buyer.client, "/billing/cancel", page=opened).status_code in (200, 303, 422, 503)

    @rule(
        titles=st.sets(st.sampled_from(TITLES), min_size=1),
        licences=st.integers(1, 3),
        interval=st.sampled_from(["month", "month", "year"]),
    )
    def the_reader_changes_the_plan(self, titles: set[str], licences: int, interval: str) -> None:
        wish = asked(*sorted(titles), seats=licences, interval=interval)
        summary = look(self.buyer, wish)
        assert summary.status_code in (200, 303, 422, 503), summary.text
        if 'name="shown"' in summary.text:
            assert agree(self.buyer, wish, shown(summary), summary).status_code in (200, 303, 422, 503)

    @rule(certainty=st.sampled_from([True, False, False, False]))
    def the_reader_withdraws(self, certainty: bool) -> None:
        self.buyer.sign_in()
        opened = self.buyer.client.get("/billing/withdraw") if certainty else None
        if opened and opened.status_code == 200:
            answer = submit(self.buyer.client, "/billing/withdraw", {"sure": "y"}, page=opened)
            assert answer.status_code in (303, 422, 503)

    # -- what the portal hears and does

    @rule(seed=st.integers(0, 2**16))
    def news_arrives(self, seed: int) -> None:
        """Most of it, in any order, some of it twice; the rest is still on its way."""
        chance = random.Random(seed)
        self.news += self.world.events()
        chance.shuffle(self.news)
        late = [one for one in self.news if chance.random() < 0.3]
        for one in self.news:
            for _time in range(0 if one in late else chance.choice((1, 1, 1, 2))):
                assert self.world.post(one).status_code == 200
        self.news = late

    @rule()
    def news_is_lost(self) -> None:
        self.world.events()
        self.news = []

    @rule()
    def the_worker_works(self) -> None:
        self.world.work()

    @rule(at=st.integers(1, 60))
    def the_worker_dies(self, at: int) -> None:
        with crashing(at):
            self.world.work()

    @precondition(lambda self: self.paid_page)
    @rule(at=st.integers(1, 60))
    def the_web_process_dies_as_the_buyer_comes_back(self, at: int) -> None:
        self.buyer.sign_in()
        assert self.paid_page
        with crashing(at):
            self.buyer.come_back(self.paid_page)

    @rule(error=st.sampled_from([GatewayUnavailable, GatewayBusy]))
    def stripe_does_not_answer(self, error: type[Exception]) -> None:
        from portal.billing import inbox

        inbox.work(db.session, Broken(error), 200)  # type: ignore[arg-type]

    # -- how it ends

    def teardown(self) -> None:
        """Everything settles, and then everything must agree."""
        try:
            self._settle()
            self._agree()
        finally:
            self.stack.close()

    def _settle(self) -> None:
        reconcile.run(db.session, self.world.gateway)
        for _look in range(8):
            self._time_passes(timedelta(hours=2))
            reconcile.run(db.session, self.world.gateway)
            if not self.world.work() and not self.world.pending():
                return
        raise AssertionError(f"{self.world.pending()} events never came to rest")

    def _agree(self) -> None:
        found = oracle.look(self.world.sandbox.url, self.released if self.strict else None)
        for days in AHEAD:  # as far as is known today
            at = clock.now() + timedelta(days=days)
            paid, trials = found.open_titles(int(at.timestamp())), self._trying(at)
            assert self._readable(self.buyer.reader_id, at) == paid | trials, f"in {days} days"
            if self.colleague_id:
                theirs = paid if self.seated else set()
                assert self._readable(self.colleague_id, at) == theirs, f"the colleague in {days} days"
        assert len(found.live()) <= 1, "two live subscriptions"
        self._every_charge_was_ordered(found)
        self._receipts(found)

    def _trying(self, at: datetime) -> set[str]:
        return {title for title, ends_at in self.trials.items() if at < ends_at}

    @staticmethod
    def _readable(reader_id: int, at: datetime) -> set[str]:
        end_reading()
        known = facts.of_account(db.session, db.session.get_one(Reader, reader_id), at)
        return {slug for slug in TITLES if decide(guarded_article(slug), known, at).outcome is Outcome.FULL}

    @staticmethod
    def _every_charge_was_ordered(found: oracle.AtStripe) -> None:
        attempts = {str(id_) for id_ in db.session.scalars(select(CheckoutAttempt.id))}
        assert {one["metadata"].get("attempt") for one in found.subscriptions} <= attempts

    @staticmethod
    def _receipts(found: oracle.AtStripe) -> None:
        """At most one for each paid invoice: one whose news came late is not written any more."""
        receipts = list(db.session.scalars(select(Mail.key).where(Mail.kind == "receipt")))
        paid = {one["id"] for one in found.paid()}
        told = [key for key in receipts if any(invoice in key for invoice in paid)]
        assert sorted(told) == sorted(receipts), "a receipt without a payment"
        assert all(sum(invoice in key for key in receipts) <= 1 for invoice in paid), "two receipts of one payment"
        assert db.session.scalar(select(StripeEvent.id).where(StripeEvent.done_at.is_(None)).limit(1)) is None

    # -- help

    def _time_passes(self, much: timedelta) -> None:
        self.stack.enter_context(clock.frozen(clock.now() + much))
        self.world.align()
        self.world.sandbox.settle()

    def _live(self, data: st.DataObject) -> list[str]:
        """One live subscription at Stripe, if there is any."""
        live = [
            one["id"]
            for one in everything(self.world.sandbox.url, "/v1/subscriptions", status="all")
            if one["status"] in ("trialing", "active", "past_due")
        ]
        return [data.draw(st.sampled_from(live))] if live else []

    def _changes(self, known: str, params: Any) -> None:
        with suppress(stripe.InvalidRequestError):  # what Stripe refuses does not happen
            self.world.stripe.v1.subscriptions.update(known, params)


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_rights_equal_what_stripe_says(
    world: World, app: Flask, database: SQLite | PostgreSQL, part: int
) -> None:
    def fresh(_machine: Money) -> None:
        database.empty(app)
        db.session.remove()
        world.seen.clear()
        world.speak()
        world.furnish()
        coupon = world.stripe.v1.coupons.create({"percent_off": 10, "duration": "once"})
        promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": CODE}
        world.stripe.v1.promotion_codes.create(promotion)

    kind = type("Money", (Money,), {"world": world, "fresh": fresh})
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=max(1, STORIES // PARTS),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )

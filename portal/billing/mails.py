"""Mails about money, written in the unit of work of the sync that saw the change; keys make each exist once.

One receipt per paid invoice and one failure per failed attempt; a mail about a state goes out once per observed
transition, and never when the change is older than three days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from portal import clock, outbox
from portal.accounts.models import Reader
from portal.billing import invoiced, leaving, reductions
from portal.billing.models import Invoice, Plan, Price, Subscription, SubscriptionItem
from portal.billing.models_changing import SubscriptionChange
from portal.billing.rights import CARD_GRACE
from portal.billing.shapes import RemoteSubscription
from portal.db import AnySession
from portal.organisations import founding
from portal.organisations.models import Organisation

STATE_NEWS = timedelta(days=3)
RECEIPT_NEWS = timedelta(days=30)
OPEN = ("trialing", "active")
OWED = ("past_due", "unpaid")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a subscription: enough to tell a transition."""

    status: str
    quantity: int
    ending_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a sync saw: the state known before (None at first sight), Stripe's now, and the ticket it was read under.

    `asked` are the ids of invoices whose bank waits for the card's holder.
    `agreed` is a change agreed to here that this state shows to be made.
    """

    before: Known | None
    remote: RemoteSubscription
    ticket: int
    asked: frozenset[str] = frozenset()
    agreed: SubscriptionChange | None = None


@dataclass(frozen=True, slots=True)
class _Post:
    """Everything a mail about one subscription needs."""

    session: AnySession
    row: Subscription
    organisation: Organisation
    reader: Reader
    plan: str

    def send(self, kind: str, key: str, **context: Any) -> None:
        """Write one mail to the address invoices go to, in the owner's language."""
        site = current_app.config["SITE_URL"]
        common = {
            "name": self.reader.name,
            "plan": self.plan,
            "organisation": self.organisation.name,
            "subscription": self.row,
            "billing_url": f"{site}/billing/",
            "colour": None,
            "footer_note": None,
        }
        facts = {"subscription": self.row.stripe_id}
        if "invoice" in context:
            facts["invoice"] = context["invoice"].stripe_id
        outbox.post(
            self.session,
            kind,
            key=key,
            to=self.organisation.billing_email or self.reader.email,
            locale=self.reader.locale,
            reader_id=self.reader.id,
            context={**common, **context},
            facts=facts,
        )


def after_sync(session: AnySession, row: Subscription, change: Change, invoices: Sequence[Invoice]) -> None:
    """Write every mail that this change calls for."""
    organisation = session.get_one(Organisation, row.organisation_id)
    reader = founding.owner_of(session, organisation.id)
    if reader is None:
        return
    post = _Post(session, row, organisation, reader, plan_names(session, row.id))
    _receipts(post, invoices)
    _failures(post, change, invoices)
    _started(post, change)
    _changed(post, change)
    _ending(post, change)
    _recovered(post, change, invoices)
    _ended(post, change)


def plan_names(session: AnySession, subscription_row_id: int) -> str:
    """The names of the plans of a subscription: "mind Health", "mind Health, mind Media"."""
    statement = (
        select(Plan.name)
        .join(Price, Price.plan_id == Plan.id)
        .join(SubscriptionItem, SubscriptionItem.price_id == Price.id)
        .where(SubscriptionItem.subscription_id == subscription_row_id)
        .order_by(Plan.position)
    )
    return ", ".join(dict.fromkeys(session.scalars(statement)))


def _receipts(post: _Post, invoices: Sequence[Invoice]) -> None:
    for invoice in invoices:
        paid = invoice.status == "paid" and invoice.amount_paid > 0
        if paid and _recent(invoice.paid_at or invoice.created_at, RECEIPT_NEWS):
            post.send("receipt", f"receipt:{invoice.stripe_id}", invoice=invoice)


def _failures(post: _Post, change: Change, invoices: Sequence[Invoice]) -> None:
    """A refusal once per attempt; a bank that wants its client once per invoice, whatever the number of attempts."""
    if post.row.status not in OWED or post.row.collection_method == "send_invoice":
        return  # a card typed on the page of an invoice was refused there and then
    for invoice in invoices:
        until = invoice.created_at + CARD_GRACE
        if invoice.status == "open" and invoice.stripe_id in change.asked:
            post.send("payment_action", f"action:{invoice.stripe_id}", invoice=invoice, open_until=until)
        elif invoice.status == "open" and invoice.attempt_count:
            key = f"failed:{invoice.stripe_id}:{invoice.attempt_count}"
            post.send("payment_failed", key, invoice=invoice, open_until=until, retry_at=post.row.next_attempt_at)


def _started(post: _Post, change: Change) -> None:
    """Whoever accepted a quote was told with the order already."""
    fresh = change.before is None or change.before.status == "incomplete"
    if not fresh or invoiced.contract(post.session, post.row.stripe_id) is not None:
        return
    if post.row.status in OPEN and _recent(post.row.started_at, STATE_NEWS):
        post.send("subscription_started", f"started:{post.row.stripe_id}")


def _changed(post: _Post, change: Change) -> None:
    """Once per change: its subscription and the second it was prorated at name it."""
    if change.agreed is None or not _recent(change.agreed.created_at, STATE_NEWS):
        return
    key = f"changed:{post.row.stripe_id}:{int(change.agreed.prorated_at.timestamp())}"
    net, interval = period_price(post.session, post.row)
    post.send("subscription_changed", key, due=change.agreed.due, net=net, interval=interval)


def period_price(session: AnySession, row: Subscription) -> tuple[int, str]:
    """What the next period of a subscription costs before tax, reductions taken off, and how long it is."""
    lines, interval = lines_of(session, row.id)
    running = [reductions.known(one) for one in row.reductions]
    return sum(net for _product, net in reductions.reduced(lines, running, row.renews_at or clock.now())), interval


def lines_of(session: AnySession, subscription_row_id: int) -> tuple[list[reductions.Priced], str]:
    """The lines of a subscription at their full price, and how long its period is."""
    statement = (
        select(Price.interval, Plan.stripe_product_id, Price.unit_amount * SubscriptionItem.quantity)
        .join(SubscriptionItem, SubscriptionItem.price_id == Price.id)
        .join(Plan, Plan.id == Price.plan_id)
        .where(SubscriptionItem.subscription_id == subscription_row_id)
        .order_by(SubscriptionItem.id)
    )
    rows = session.execute(statement).all()
    return [(product or "", net) for _interval, product, net in rows], rows[0][0].value if rows else ""


def _ending(post: _Post, change: Change) -> None:
    if change.before is None or post.row.status not in (*OPEN, "past_due"):
        return
    before, now = change.before.ending_at, post.row.ending_at
    if now and not before and _recent(change.remote.canceled_at or clock.now(), STATE_NEWS):
        asked_at = leaving.asked_at(post.session, post.row.id)
        key = f"ending:{post.row.stripe_id}:{change.ticket}"
        post.send("cancellation_confirmed", key, ending_at=now, asked_at=asked_at)
    if before and not now:
        post.send("subscription_resumed", f"resumed:{post.row.stripe_id}:{change.ticket}")


def _recovered(post: _Post, change: Change, invoices: Sequence[Invoice]) -> None:
    if change.before is None or change.before.status not in OWED or post.row.status != "active":
        return
    paid = [invoice.paid_at for invoice in invoices if invoice.paid_at]
    if paid and _recent(max(paid), STATE_NEWS):
        post.send("payment_recovered", f"recovered:{post.row.stripe_id}:{change.ticket}")


def _ended(post: _Post, change: Change) -> None:
    if change.before is None or change.before.status == "canceled" or post.row.status != "canceled":
        return
    if leaving.withdrawal_of(post.session, post.row.id) is not None:
        return  # told by the acknowledgement of the withdrawal
    if _recent(post.row.ended_at or clock.now(), STATE_NEWS):
        unpaid = change.remote.cancel_reason == "payment_failed"
        post.send("subscription_ended", f"ended:{post.row.stripe_id}", unpaid=unpaid)


def _recent(instant: datetime, age: timedelta) -> bool:
    return clock.now() - instant <= age


@outbox.still_wanted("payment_action")
@outbox.still_wanted("payment_failed")
def _still_owed(session: AnySession, mail: outbox.Mail) -> bool:
    """Nobody is told of a failure that was settled meanwhile."""
    statement = select(Invoice.status).where(Invoice.stripe_id == mail.facts.get("invoice"))
    return session.scalar(statement) == "open"


@outbox.still_wanted("cancellation_confirmed")
def _still_ending(session: AnySession, mail: outbox.Mail) -> bool:
    """Nobody is told of an end that was withdrawn meanwhile."""
    statement = select(Subscription.ending_at).where(Subscription.stripe_id == mail.facts.get("subscription"))
    return session.scalar(statement) is not None


@outbox.still_wanted("subscription_resumed")
def _still_resumed(session: AnySession, mail: outbox.Mail) -> bool:
    """Nobody is told of a resumption that was cancelled again."""
    statement = select(Subscription.ending_at).where(Subscription.stripe_id == mail.facts.get("subscription"))
    return session.scalar(statement) is None

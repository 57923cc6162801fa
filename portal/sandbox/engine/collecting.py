"""Collecting an open invoice: what success and failure change on the invoice and its subscription."""

from __future__ import annotations

from typing import NamedTuple

from portal.sandbox import agenda
from portal.sandbox.desk import Desk
from portal.sandbox.engine import charging, ending, invoicing, pending
from portal.sandbox.engine.charging import Attempt, Demand
from portal.sandbox.engine.planning import plan
from portal.sandbox.store import Document

DAY = 86_400
RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)
"""Pauses between automatic attempts; when they are used up, the account's setting decides."""
SLOW = "bank_answers_later"
"""The setting under which a first payment stays with the bank; see engine/waiting.py."""


class Result(NamedTuple):
    """Whether the invoice is settled, what to tell about the charge and what to tell after."""

    settled: bool
    charge_news: list[Document]
    news: list[Document]
    attempt: Attempt | None = None


def attempt(desk: Desk, invoice: Document, method: Document | None = None, *, may_wait: bool = True) -> Result:
    """Try once to settle an open invoice; nothing is told yet, so that the caller sets the order."""
    if invoice["amount_due"] == 0:
        return _settled(desk, invoice, None)
    subscription = desk.get("subscription", invoice["_subscription"])
    method = method or default_method(desk, subscription)
    if method is None:
        return _failed(desk, invoice, None)
    if may_wait and subscription["status"] == "incomplete" and desk.store.setting(SLOW):
        return _waiting(desk, invoice, method)
    made = charging.take(desk, _demand(desk, invoice), method, _refusal(desk, subscription, method))
    desk.change(invoice, attempted=True, attempt_count=invoice["attempt_count"] + 1)
    return _settled(desk, invoice, made) if made.succeeded else _failed(desk, invoice, made)


def collect(desk: Desk, invoice: Document, method: Document | None = None, *, may_wait: bool = True) -> Result:
    """Try once and tell."""
    result = attempt(desk, invoice, method, may_wait=may_wait)
    desk.publish(*result.charge_news, *result.news)
    return result


def settle_outside(desk: Desk, invoice: Document) -> Result:
    """Nothing is left to pay although no card was charged: by bank transfer, or by a credit note."""
    result = _settled(desk, invoice, None)
    desk.publish(*result.news)
    return result


def finalise_and_collect(desk: Desk, invoice: Document) -> None:
    """What becomes of a renewal's draft."""
    desk.tell("invoice.finalized", invoicing.finalise(desk, invoice))
    collect(desk, invoice)


def retry(desk: Desk, invoice: Document) -> None:
    """An automatic attempt after a failed one."""
    if invoice["status"] == "open":
        collect(desk, invoice)


def default_method(desk: Desk, subscription: Document) -> Document | None:
    """The card to charge: the subscription's own, else the customer's."""
    customer = desk.get("customer", subscription["customer"])
    if customer.get("deleted"):
        return None
    chosen = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    return desk.get("payment_method", chosen) if chosen else None


def _refusal(desk: Desk, subscription: Document, method: Document) -> str | None:
    flag = f"fail_next:{subscription['id']}"
    left = int(desk.store.setting(flag, 0))
    if left:
        desk.store.set(flag, left - 1 or None)
        return "generic_decline"
    refusal: str | None = method["_refusal"]
    return refusal


def _demand(desk: Desk, invoice: Document) -> Demand:
    made = desk.store.find("invoice_payment", ("invoice", "=", invoice["id"]))
    intent = made[0]["payment"]["payment_intent"] if made else None
    return Demand(invoice["amount_due"], invoice["currency"], invoice["customer"], invoice["id"], intent)


def _waiting(desk: Desk, invoice: Document, method: Document) -> Result:
    """The bank takes its time: nothing is settled, nothing has failed, nothing is tried again."""
    intent = charging.leave_with_the_bank(desk, _demand(desk, invoice), method)
    desk.change(invoice, attempted=True)
    return Result(False, [], [desk.picture("payment_intent.processing", intent)])


def _settled(desk: Desk, invoice: Document, made: Attempt | None) -> Result:
    invoicing.mark_paid(desk, invoice)
    agenda.clear(desk.store, invoice["id"])
    told = charging.told(desk, made) if made else {}
    charge_news = [told.pop("charge.succeeded")] if made else []
    news = [*pending.apply(desk, invoice), *_revived(desk, invoice)]
    news += [desk.picture("invoice.paid", invoice), desk.picture("invoice.payment_succeeded", invoice)]
    return Result(True, charge_news, [*news, *told.values()], made)


def _revived(desk: Desk, invoice: Document) -> list[Document]:
    subscription = desk.get("subscription", invoice["_subscription"])
    owed = desk.store.find("invoice", ("_subscription", "=", subscription["id"]), ("status", "=", "open"))
    if subscription["status"] not in ("incomplete", "past_due", "unpaid") or owed:
        return []
    before = desk.show(subscription)
    desk.change(subscription, status="active")
    plan(desk, subscription)
    return [desk.picture("customer.subscription.updated", subscription, before)]


def _failed(desk: Desk, invoice: Document, made: Attempt | None) -> Result:
    told = charging.told(desk, made) if made else {}
    charge_news = [told.pop("charge.failed")] if made else []
    if pending.concerns(desk, invoice):
        return Result(False, charge_news, [*told.values(), desk.picture("invoice.payment_failed", invoice)], made)
    subscription = desk.get("subscription", invoice["_subscription"])
    last = _plan_retry(desk, subscription, invoice)
    news = [*told.values(), desk.picture("invoice.payment_failed", invoice)]
    return Result(False, charge_news, news + _fallen(desk, subscription, last), made)


def _plan_retry(desk: Desk, subscription: Document, invoice: Document) -> bool:
    """Set the next attempt; True when there is none left. A first invoice is never retried by itself."""
    used = max(invoice["attempt_count"], 1) - 1
    first = subscription["status"] == "incomplete"
    at = None if first or used >= len(RETRIES) else desk.now() + RETRIES[used]
    agenda.plan(desk.store, invoice["id"], "retry", at)
    desk.change(invoice, next_payment_attempt=at, attempted=True, attempt_count=used + 1)
    return at is None and not first


def _fallen(desk: Desk, subscription: Document, last: bool) -> list[Document]:
    if subscription["status"] not in ("active", "trialing", "past_due"):
        return []
    setting = desk.config.after_retries if last else "past_due"
    if setting == "cancel":
        return [ending.ended(desk, subscription, "payment_failed")]
    before = desk.show(subscription)
    desk.change(subscription, status=setting)
    plan(desk, subscription)
    return [] if before["status"] == setting else [desk.picture("customer.subscription.updated", subscription, before)]

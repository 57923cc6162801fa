"""Collecting an open invoice: what success and failure change on the invoice and its subscription."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from portal.sandbox import agenda
from portal.sandbox.desk import Desk
from portal.sandbox.engine import cards, charging, ending, invoicing, pending, sending
from portal.sandbox.engine.charging import Attempt, Demand
from portal.sandbox.engine.planning import plan
from portal.sandbox.store import Document

DAY = 86_400
RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)
"""Pauses between automatic attempts; when they are used up, the account's setting decides."""
AFTER = "after_retries"
"""The setting that a lever puts in the place of the command line's --after-retries."""
OUTCOMES = ("cancel", "unpaid", "pause", "past_due")
SLOW = "bank_answers_later"
"""The setting under which a first payment stays with the bank; see engine/waiting.py."""


class Result(NamedTuple):
    """Whether the invoice is settled, what to tell about the charge and what to tell after."""

    settled: bool
    charge_news: list[Document]
    news: list[Document]
    attempt: Attempt | None = None
    asked: Document | None = None


@dataclass(frozen=True)
class Manner:
    """How an attempt is made: may the bank think about it, has the card's holder confirmed it."""

    may_wait: bool = True
    authenticated: bool = False


USUAL = Manner()


def attempt(desk: Desk, invoice: Document, method: Document | None = None, manner: Manner = USUAL) -> Result:
    """Try once to settle an open invoice; nothing is told yet, so that the caller sets the order."""
    if invoice["amount_due"] == 0:
        return _settled(desk, invoice, None)
    subscription = desk.get("subscription", invoice["_subscription"])
    method = method or default_method(desk, subscription)
    if method is None:
        return _failed(desk, invoice, None)
    if manner.authenticated:
        desk.change(method, _authenticated=True)
    elif cards.asks(method):
        return _asked(desk, invoice, method)
    if manner.may_wait and subscription["status"] == "incomplete" and desk.store.setting(SLOW):
        return _waiting(desk, invoice, method)
    made = charging.take(desk, _demand(desk, invoice), method, _refusal(desk, subscription, method))
    desk.change(invoice, attempted=True, attempt_count=invoice["attempt_count"] + 1)
    return _settled(desk, invoice, made) if made.succeeded else _failed(desk, invoice, made)


def collect(desk: Desk, invoice: Document, method: Document | None = None, manner: Manner = USUAL) -> Result:
    """Try once and tell."""
    result = attempt(desk, invoice, method, manner)
    desk.publish(*result.charge_news, *result.news)
    return result


def settle_outside(desk: Desk, invoice: Document, off_stripe: int = 0) -> Result:
    """Nothing is left to pay although no card was charged: by bank transfer, or by a credit note."""
    result = _settled(desk, desk.change(invoice, amount_paid_off_stripe=off_stripe or None), None)
    desk.publish(*result.news)
    return result


def void(desk: Desk, invoice: Document) -> Document:
    """Cancel an unpaid invoice for good and tell; what it kept past due goes on."""
    pending.void(desk, invoice)
    return _owed_no_longer(desk, invoice)


def give_up(desk: Desk, invoice: Document) -> Document:
    """Call an unpaid invoice uncollectible and tell; what it kept past due goes on."""
    times = invoice["status_transitions"] | {"marked_uncollectible_at": desk.now()}
    fields = {"auto_advance": False, "next_payment_attempt": None, "status_transitions": times}
    agenda.clear(desk.store, invoice["id"])
    desk.change(invoice, "invoice.marked_uncollectible", status="uncollectible", **fields)
    return _owed_no_longer(desk, invoice)


def _owed_no_longer(desk: Desk, invoice: Document) -> Document:
    subscription = desk.get("subscription", invoice["_subscription"])
    if subscription["status"] == "incomplete":
        ending.lapse(desk, subscription)
    else:
        desk.publish(*_revived(desk, invoice))
    return invoice


def finalise_and_collect(desk: Desk, invoice: Document) -> None:
    """What becomes of a renewal's draft; while collection is paused it is kept, voided or given up."""
    held = desk.get("subscription", invoice["_subscription"])["pause_collection"]
    if held and held["behavior"] == "keep_as_draft":
        desk.change(invoice, auto_advance=False)
        return
    if held:
        desk.tell("invoice.finalized", invoicing.finalise(desk, invoice))
        (void if held["behavior"] == "void" else give_up)(desk, invoice)
        return
    desk.tell("invoice.finalized", invoicing.finalise(desk, invoice))
    if invoice["collection_method"] == "send_invoice":
        sending.send(desk, invoice)
    else:
        collect(desk, invoice)


def bill(desk: Desk, invoice: Document) -> None:
    """Finalise a draft that was told already, at once or after the account's lag."""
    lag = desk.config.renewal_lag
    if not lag:
        finalise_and_collect(desk, invoice)
        return
    desk.change(invoice, automatically_finalizes_at=desk.now() + lag)
    agenda.plan(desk.store, invoice["id"], "collect", desk.now() + lag)


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


def _asked(desk: Desk, invoice: Document, method: Document) -> Result:
    """The bank wants the holder's confirmation: the invoice stays open and the hosted page takes it."""
    intent = charging.ask_the_holder(desk, _demand(desk, invoice), method)
    desk.change(invoice, attempted=True, attempt_count=invoice["attempt_count"] + 1)
    asked = [desk.picture("payment_intent.requires_action", intent)]
    result = _failed(desk, invoice, None)
    asked.append(desk.picture("invoice.payment_action_required", invoice))
    return Result(False, [], [*asked, *result.news], asked=intent)


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
    if subscription["status"] not in ("incomplete", "past_due", "unpaid") or _owed(desk, subscription):
        return []
    before = desk.show(subscription)
    desk.change(subscription, status="active")
    plan(desk, subscription)
    return [desk.picture("customer.subscription.updated", subscription, before)]


def _owed(desk: Desk, subscription: Document) -> bool:
    """Whether an invoice is owed: one to be paid by transfer is so once its due date is over."""
    found = desk.store.find("invoice", ("_subscription", "=", subscription["id"]), ("status", "=", "open"))
    return any(one["due_date"] is None or one["due_date"] <= desk.now() for one in found)


def _failed(desk: Desk, invoice: Document, made: Attempt | None) -> Result:
    told = charging.told(desk, made) if made else {}
    charge_news = [told.pop("charge.failed")] if made else []
    if pending.concerns(desk, invoice):
        return Result(False, charge_news, [*told.values(), desk.picture("invoice.payment_failed", invoice)], made)
    subscription = desk.get("subscription", invoice["_subscription"])
    if invoice["collection_method"] == "send_invoice":
        return Result(False, charge_news, [*told.values(), desk.picture("invoice.payment_failed", invoice)], made)
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
    setting = desk.store.setting(AFTER, desk.config.after_retries) if last else "past_due"
    if setting == "cancel":
        return [ending.ended(desk, subscription, "payment_failed")]
    before = desk.show(subscription)
    if setting == "pause":
        return _paused(desk, subscription, before)
    desk.change(subscription, status=setting)
    plan(desk, subscription)
    return [] if before["status"] == setting else [desk.picture("customer.subscription.updated", subscription, before)]


def _paused(desk: Desk, subscription: Document, before: Document) -> list[Document]:
    details = {"subscription": {"type": "final_payment_failure"}, "transitioned_at": desk.now(), "type": "subscription"}
    desk.change(subscription, status="paused", status_details={"paused": details})
    plan(desk, subscription)
    told = desk.picture("customer.subscription.paused", subscription)
    return [told, desk.picture("customer.subscription.updated", subscription, before)]

"""A subscription's items changed: what is written, billed at once or left for the next invoice, and told."""

from __future__ import annotations

from typing import Any, NamedTuple

from portal.sandbox.desk import Desk
from portal.sandbox.engine import collecting, invoicing, items, pending, prorating
from portal.sandbox.engine.items import Change, Period
from portal.sandbox.engine.planning import plan
from portal.sandbox.errors import card_declined
from portal.sandbox.rendering import items_of
from portal.sandbox.store import Document


class Terms(NamedTuple):
    """How a change is billed."""

    proration: str = "create_prorations"
    instant: int | None = None
    payment: str = "allow_incomplete"


class Drawn(NamedTuple):
    """A change worked out: nothing of it is written yet."""

    changes: list[Change]
    cycle: Period | None
    lines: list[Document]
    instant: int

    def at_once(self, terms: Terms) -> bool:
        """Whether an invoice is made now; a new cycle is always billed now."""
        return bool(self.cycle or terms.proration == "always_invoice")


def drawn(desk: Desk, subscription: Document, given: list[dict[str, Any]], terms: Terms) -> Drawn:
    """What a change would cost. ApiError when it is not possible."""
    changes = items.planned(desk, subscription, given)
    cycle = items.new_cycle(desk, subscription, changes)
    instant = desk.now() if terms.instant is None else terms.instant
    if terms.instant is not None:
        prorating.refuse_outside(items_of(desk.store, subscription["id"])[0], instant)
    if terms.proration == "none":
        return Drawn(changes, cycle, prorating.full(desk, changes, cycle) if cycle else [], instant)
    return Drawn(changes, cycle, prorating.lines(desk, subscription, changes, instant, cycle), instant)


def change(desk: Desk, subscription: Document, given: list[dict[str, Any]], terms: Terms) -> None:
    """Change the items, bill and tell."""
    pending.withdraw(desk, subscription)
    wish = drawn(desk, desk.get("subscription", subscription["id"]), given, terms)
    if wish.lines and wish.at_once(terms):
        _billed(desk, subscription, wish, terms)
        return
    before = desk.show(subscription)
    _write(desk, subscription, wish)
    waiting = [*(subscription.get("_prorations") or []), *wish.lines]
    desk.change(subscription, _prorations=waiting)
    if desk.show(subscription) != before:
        desk.tell("customer.subscription.updated", subscription, before)


def _write(desk: Desk, subscription: Document, wish: Drawn) -> None:
    items.written(desk, subscription, wish.changes, wish.cycle)
    plan(desk, desk.get("subscription", subscription["id"]))


def _billed(desk: Desk, subscription: Document, wish: Drawn, terms: Terms) -> None:
    """Bill at once: the change is kept when it is paid, and otherwise as the terms say."""
    before = desk.show(subscription)
    period = (wish.instant, wish.instant)
    invoice = invoicing.keep(desk, subscription, "subscription_update", period, wish.lines)
    news = [desk.picture("invoice.created", invoice)]
    news.append(desk.picture("invoice.finalized", invoicing.finalise(desk, invoice)))
    if terms.payment == "pending_if_incomplete":
        _paid_first(desk, subscription, invoice, wish, news)
        return
    _write(desk, subscription, wish)
    desk.change(subscription, latest_invoice=invoice["id"])
    updated = desk.picture("customer.subscription.updated", subscription, before)
    result = collecting.attempt(desk, invoice)
    if not result.settled and terms.payment == "error_if_incomplete":
        raise card_declined("card_declined", result.attempt.refusal if result.attempt else None)
    desk.publish(*result.charge_news, updated, *news, *result.news)


def _paid_first(desk: Desk, subscription: Document, invoice: Document, wish: Drawn, news: list[Document]) -> None:
    """Hold the change, then try to pay: success makes it, failure leaves everything as it was."""
    held = pending.hold(desk, subscription, invoice, wish.changes, wish.cycle)
    result = collecting.attempt(desk, invoice)
    if result.settled:
        applied = [one for one in result.news if not one["type"].endswith("pending_update_applied")]
        desk.publish(*result.charge_news, *news, *applied)
    else:
        desk.publish(*result.charge_news, *news, *result.news, *held)


def preview(desk: Desk, subscription: Document, given: list[dict[str, Any]], terms: Terms) -> Document:
    """The invoice that a change would make: now, or the next one with what is prorated. Nothing is kept."""
    wish = drawn(desk, subscription, given, terms)
    if wish.at_once(terms):
        now = (wish.instant, wish.instant)
        return invoicing.previewed(desk, subscription, now, wish.lines, wish.instant)
    present = items_of(desk.store, subscription["id"])[0]
    lines = [*(subscription.get("_prorations") or []), *wish.lines, *_next(desk, subscription, wish)]
    period = (present["current_period_start"], present["current_period_end"])
    return invoicing.previewed(desk, subscription, period, lines, wish.instant)


def _next(desk: Desk, subscription: Document, wish: Drawn) -> list[Document]:
    """The lines of the coming renewal."""
    end = items_of(desk.store, subscription["id"])[0]["current_period_end"]
    first = next(change.after for change in wish.changes if change.after)
    recurring = desk.get("price", first["price"])["recurring"]
    return prorating.full(desk, wish.changes, (end, prorating.following(subscription, end, recurring)))

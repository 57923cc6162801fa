"""Due work, done one piece after another, each at its own instant."""

from __future__ import annotations

from collections.abc import Callable

from portal.sandbox import agenda
from portal.sandbox.desk import Desk
from portal.sandbox.engine import collecting, ending, invoicing, pausing, pending, periods, planning, sending
from portal.sandbox.rendering import items_of
from portal.sandbox.store import Document

MOST_AT_ONCE = 500
"""A jump of many years is done in several turns, so that nobody waits behind one."""


def run_due(desk: Desk) -> bool:
    """Do what is due by now; True when nothing is left."""
    for _ in range(MOST_AT_ONCE):
        with desk.store.turn():
            due = agenda.take(desk.store, desk.clock.now())
            if due is None:
                return True
            with desk.at(due.at):
                _do(desk, due)
    return False


def _do(desk: Desk, due: agenda.Due) -> None:
    subject = desk.store.get(due.subject)
    if subject is not None and not subject.get("deleted"):
        DUTIES[due.duty](desk, subject)


def renew(desk: Desk, subscription: Document) -> None:
    """Move to the next period, then bill it: Stripe moves the period before it is paid."""
    before, closed = desk.show(subscription), _period(desk, subscription)
    _move_items(desk, subscription, closed[1])
    if subscription["status"] == "trialing":
        desk.change(subscription, status="active")
    invoice = invoicing.draw_up(desk, subscription, "subscription_cycle", closed)
    desk.change(subscription, latest_invoice=invoice["id"])
    planning.plan(desk, subscription)
    desk.tell("customer.subscription.updated", subscription, before)
    _bill(desk, invoice)


def _bill(desk: Desk, invoice: Document) -> None:
    lag = desk.config.renewal_lag
    if lag:
        desk.change(invoice, automatically_finalizes_at=desk.now() + lag)
        agenda.plan(desk.store, invoice["id"], "collect", desk.now() + lag)
    desk.tell("invoice.created", invoice)
    if not lag:
        collecting.finalise_and_collect(desk, invoice)


def _period(desk: Desk, subscription: Document) -> tuple[int, int]:
    item = items_of(desk.store, subscription["id"])[0]
    return item["current_period_start"], item["current_period_end"]


def _move_items(desk: Desk, subscription: Document, start: int) -> None:
    for item in items_of(desk.store, subscription["id"]):
        recurring = desk.get("price", item["price"])["recurring"]
        end = periods.next_boundary(subscription["billing_cycle_anchor"], start, recurring)
        desk.change(item, current_period_start=start, current_period_end=end)


def warn_of_trial_end(desk: Desk, subscription: Document) -> None:
    """Three days before a trial ends, or at once when it is shorter."""
    desk.change(subscription, _warned=True)
    desk.tell("customer.subscription.trial_will_end", subscription)


def end_as_announced(desk: Desk, subscription: Document) -> None:
    """The instant of an announced end has come."""
    ending.end(desk, subscription)


def expire_session(desk: Desk, session: Document) -> None:
    """A checkout that nobody finished."""
    if session["status"] == "open":
        desk.change(session, status="expired", url=None)
        desk.tell("checkout.session.expired", session)


DUTIES: dict[str, Callable[[Desk, Document], None]] = {
    "renew": renew,
    "end": end_as_announced,
    "lapse": ending.lapse,
    "trial_will_end": warn_of_trial_end,
    "collect": collecting.finalise_and_collect,
    "retry": collecting.retry,
    "expire": expire_session,
    "forget_update": pending.forget,
    "overdue": sending.overdue,
    "collect_again": pausing.collect_again,
}

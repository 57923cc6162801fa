"""Money that went back while a subscription lives on: access follows the subscription, staff are told.

A payment given back whole, or disputed at the buyer's bank, changes no right by itself: Stripe's subscription decides.
Somebody has to look, so each is an alert, once; a dispute that was decided is a second one.
"""

from collections.abc import Sequence

from sqlalchemy import select

from portal.billing import mirror
from portal.billing.models import Subscription
from portal.billing.money import Taken
from portal.db import AnySession

EVENTS = ("charge.refunded", "charge.dispute.", "refund.")
DECIDED = {"won": "dispute-won", "lost": "dispute-lost", "warning_closed": "dispute-closed"}


def calls(event_type: str) -> bool:
    """Whether an event is about money that may have gone back."""
    return event_type.startswith(EVENTS)


def flag(session: AnySession, subscription_ids: Sequence[str], money: Sequence[Taken]) -> None:
    """Write the alerts that the charges call for, in the caller's unit of work; repeated, nothing more is written."""
    rows = session.scalars(select(Subscription).where(Subscription.stripe_id.in_(subscription_ids)))
    for row in rows.all():
        for one in money:
            _refunded(session, row, one)
            _disputed(session, row, one)


def _refunded(session: AnySession, row: Subscription, one: Taken) -> None:
    if one.refunded >= one.amount and row.status in mirror.LIVE:
        mirror.alert(session, row, "refunded-while-live", _facts(one))


def _disputed(session: AnySession, row: Subscription, one: Taken) -> None:
    if not one.dispute:
        return
    facts = {**_facts(one), "dispute": one.dispute_id, "reason": one.reason}
    mirror.alert(session, row, "dispute-opened", facts)
    if one.dispute in DECIDED:
        mirror.alert(session, row, DECIDED[one.dispute], facts)


def _facts(one: Taken) -> dict[str, object]:
    return {"charge": one.charge_id, "amount": one.amount, "currency": one.currency}

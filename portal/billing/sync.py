"""The one way Stripe's state arrives here: webhook, return page, reconcile and worker all call `subscription()`.

A ticket is taken and committed, the state is fetched with no transaction open, and it is written only while no later
ticket was applied: whoever fetched last wins, whatever order things arrive in.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.billing import mirror
from portal.billing.gateway import Gateway
from portal.billing.models import StripeEvent, SyncTicket
from portal.billing.shapes import ObjectGone, RemoteState
from portal.db import AnySession, writing


class Outcome(StrEnum):
    """What became of a sync."""

    WRITTEN = "written"
    SKIPPED = "skipped"
    FOREIGN = "foreign"
    GONE = "gone"


def subscription(
    session: AnySession, gateway: Gateway, subscription_id: str, *, event_ids: Sequence[str] = ()
) -> Outcome:
    """Make mirror, rights and mails equal to Stripe's state; the events are marked done in the same commit.

    Raises GatewayError when Stripe cannot be read: then nothing changed and the events stay pending.
    """
    ticket = take_ticket(session, subscription_id)
    try:
        state = gateway.state(subscription_id)
    except ObjectGone:
        return _note_gone(session, subscription_id, event_ids)
    return apply(session, gateway.livemode, ticket, state, event_ids)


def take_ticket(session: AnySession, subscription_id: str) -> int:
    """The number of this fetch, committed before the fetch begins."""
    with writing(session):
        dialect = session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        row = insert(SyncTicket).values(stripe_id=subscription_id, issued=1, applied=0)
        again = {"issued": SyncTicket.issued + 1}
        statement = row.on_conflict_do_update(index_elements=["stripe_id"], set_=again).returning(SyncTicket.issued)
        return int(session.execute(statement).scalar_one())


def apply(
    session: AnySession, livemode: bool, ticket: int, state: RemoteState, event_ids: Sequence[str] = ()
) -> Outcome:
    """Write a fetched state, unless one fetched later was written already."""
    with writing(session):
        outcome = Outcome.SKIPPED
        if _claimed(session, state.subscription.id, ticket):
            known = mirror.write(session, state, livemode, ticket)
            outcome = Outcome.WRITTEN if known else Outcome.FOREIGN
        mark_done(session, event_ids, "" if outcome is Outcome.WRITTEN else outcome.value)
    return outcome


def _claimed(session: AnySession, subscription_id: str, ticket: int) -> bool:
    """True when no later fetch was written; holds the row until the commit, so that writers take turns."""
    statement = update(SyncTicket).where(SyncTicket.stripe_id == subscription_id, SyncTicket.applied < ticket)
    done = session.execute(statement.values(applied=ticket), execution_options={"synchronize_session": False})
    return bool(done.rowcount)  # type: ignore[attr-defined]


def _note_gone(session: AnySession, subscription_id: str, event_ids: Sequence[str]) -> Outcome:
    """Stripe forgets no subscription of an account; one that is gone is not ours, and staff hear of it if it was."""
    with writing(session):
        mirror.note_gone(session, subscription_id)
        mark_done(session, event_ids, Outcome.GONE.value)
    return Outcome.GONE


def mark_done(session: AnySession, event_ids: Sequence[str], note: str) -> None:
    """Close events in the caller's unit of work."""
    if not event_ids:
        return
    for event in session.scalars(select(StripeEvent).where(StripeEvent.id.in_(event_ids))):
        event.done_at = event.done_at or clock.now()
        event.note = note

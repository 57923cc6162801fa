"""What a disputed payment closes, where the setting wants it: everything its subscription opens, while it is open.

Won, and what it closed opens again. Lost, it stays closed until the buyer pays an invoice again, or staff open it. An
inquiry of the bank (Stripe's "warning_…") closes nothing: no money was taken back.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal import audit, clock
from portal.access.models import Grant
from portal.access.vocabulary import EndCause
from portal.billing.models import Subscription
from portal.billing.models_disputes import Dispute
from portal.billing.shapes import RemoteDispute, RemoteInvoice, RemoteState
from portal.db import AnySession

OPEN = ("needs_response", "under_review")
LOST = "lost"


def observe(session: AnySession, row: Subscription, state: RemoteState) -> datetime | None:
    """Mirror the disputes of a fetched state; since when one of them closes, None when none does."""
    if state.disputes is None:
        return None
    rows = [_mirrored(session, row, one) for one in state.disputes]
    return min((one.opened_at for one in rows if _closes(one, state.invoices)), default=None)


def _mirrored(session: AnySession, row: Subscription, one: RemoteDispute) -> Dispute:
    found = session.scalars(select(Dispute).where(Dispute.stripe_id == one.id)).one_or_none()
    found = found or Dispute(stripe_id=one.id, subscription_id=row.id)
    found.status, found.reason, found.opened_at = one.status[:40], one.reason[:60], one.opened
    found.amount, found.currency = one.amount, one.currency
    session.add(found)
    session.flush()
    return found


def _closes(one: Dispute, invoices: Sequence[RemoteInvoice]) -> bool:
    if one.released_at is not None:
        return False
    if one.status == LOST:
        paid = [invoice.paid_at for invoice in invoices if invoice.paid_at and invoice.amount_paid]
        return not any(at > one.opened_at for at in paid)
    return one.status in OPEN


def shuts(session: AnySession, stripe_id: str) -> bool:
    """Whether a dispute closes now what this subscription opens."""
    statement = select(Grant.id).where(Grant.reference == stripe_id, Grant.end_cause == EndCause.DISPUTED)
    return session.scalar(statement.limit(1)) is not None


def of(session: AnySession, organisation_id: int) -> list[tuple[Dispute, bool]]:
    """The last disputes about an organisation's payments, latest first, and whether staff may open what it closes."""
    shut = select(Grant.id).where(Grant.reference == Subscription.stripe_id, Grant.end_cause == EndCause.DISPUTED)
    statement = (
        select(Dispute, shut.exists())
        .join(Subscription, Subscription.id == Dispute.subscription_id)
        .where(Subscription.organisation_id == organisation_id)
        .order_by(Dispute.opened_at.desc(), Dispute.id.desc())
    )
    found = session.execute(statement.limit(10))
    return [(one, shut_now and one.released_at is None and one.status in (*OPEN, LOST)) for one, shut_now in found]


def release(session: AnySession, dispute: Dispute, *, actor_id: int | None) -> bool:
    """Staff open again what this dispute closes; the next sync does it. False when they had done so before."""
    if dispute.released_at is not None:
        return False
    dispute.released_at = clock.now()
    row = session.get_one(Subscription, dispute.subscription_id)
    values = {"dispute": dispute.stripe_id, "subscription": row.stripe_id, "status": dispute.status}
    audit.record(
        session, "dispute.released", actor_id=actor_id, target=("organisation", row.organisation_id), values=values
    )
    return True

"""What was asked of us and Stripe has to hear of: whose turn it is, and the mail that says that the request stands."""

from datetime import timedelta
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import or_, select

from portal import clock, outbox
from portal.billing.mails import plan_names
from portal.billing.models_invoiced import InvoiceOrder
from portal.billing.models_leaving import Cancellation, Withdrawal
from portal.db import AnySession, end_reading, writing
from portal.organisations import founding
from portal.organisations.models import Organisation

Wish = TypeVar("Wish", Cancellation, Withdrawal, InvoiceOrder)
LEASE = timedelta(minutes=1)
_FURTHEST = timedelta(hours=2)
"""A turn further ahead than any pause was set before the shared clock went back."""


def leased(session: AnySession, kind: type[Wish], *waits: Any, limit: int) -> list[int]:
    """Ids of rows that wait and whose turn has come, kept from other workers for a minute."""
    now = clock.now()
    turn = (*waits, or_(kind.next_attempt_at <= now, kind.next_attempt_at > now + _FURTHEST))
    anything = session.scalar(select(kind.id).where(*turn).limit(1))
    end_reading(session)
    if anything is None:
        return []
    statement = select(kind).where(*turn).order_by(kind.next_attempt_at, kind.id).limit(limit)
    with writing(session):
        rows = session.scalars(statement.with_for_update(skip_locked=True)).all()
        for row in rows:
            row.next_attempt_at = now + LEASE
        return [row.id for row in rows]


def acknowledge(session: AnySession, row: Cancellation | Withdrawal, message: str, key: str, **told: object) -> None:
    """Tell whoever pays, once, that the request was made and when."""
    organisation = session.get_one(Organisation, row.organisation_id)
    owner = founding.owner_of(session, organisation.id)
    if owner is None:
        return
    outbox.post(
        session,
        message,
        key=f"{key}:{row.id}",
        to=organisation.billing_email or owner.email,
        locale=owner.locale,
        reader_id=owner.id,
        context={
            "name": owner.name,
            "plan": plan_names(session, row.subscription_id),
            "organisation": organisation.name,
            "billing_url": f"{current_app.config['SITE_URL']}/billing/",
            "colour": None,
            **told,
        },
    )

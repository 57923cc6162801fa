"""The terms of sale: dated versions, each a template in both languages that never changes once accepted by anybody.

`house.legal` shows them; here is what an order needs of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from portal.billing.models import AttemptState, CheckoutAttempt
from portal.billing.models_invoiced import InvoiceOrder, OrderState
from portal.db import AnySession

VERSIONS = ("2026-11-01", "2026-11-27")
CURRENT = VERSIONS[-1]


def day_of(version: str) -> date:
    """The day from which a version holds."""
    return date.fromisoformat(version)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A version that was accepted with an order, and when."""

    version: str
    at: datetime

    @property
    def day(self) -> date:
        """The day from which it holds."""
        return day_of(self.version)

    @property
    def path(self) -> str:
        """Where its text stands, whatever holds now."""
        return f"/legal/terms-of-sale/{self.version}"


def accepted(session: AnySession, organisation_id: int) -> Sequence[Accepted]:
    """What this organisation accepted with its orders, by card and by invoice, newest first."""
    paid = select(CheckoutAttempt.terms_version, CheckoutAttempt.terms_accepted_at).where(
        CheckoutAttempt.organisation_id == organisation_id, CheckoutAttempt.state == AttemptState.COMPLETED
    )
    invoiced = select(InvoiceOrder.terms_version, InvoiceOrder.accepted_at).where(
        InvoiceOrder.organisation_id == organisation_id, InvoiceOrder.state != OrderState.FAILED
    )
    rows = [row for statement in (paid, invoiced) for row in session.execute(statement)]
    found = [Accepted(version, at) for version, at in rows]
    return sorted(found, key=lambda one: one.at, reverse=True)[:20]

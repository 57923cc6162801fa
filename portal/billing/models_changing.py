"""Later changes of a subscription, as they were agreed to."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of


class ChangeState(StrEnum):
    """Where a change stands: asked of Stripe, seen in its state, or refused."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class SubscriptionChange(Base):
    """A change agreed to, committed before Stripe is asked; at most one is open per subscription.

    `target` lists [Stripe's price, quantity] as the items shall be; `due` is what was shown as due at once, in cents.
    """

    __tablename__ = "subscription_changes"
    __table_args__ = (
        one_of("state", ChangeState),
        CheckConstraint("due >= 0", name="due_not_negative"),
        Index(
            "uq_subscription_changes_open",
            "subscription_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"), index=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    prorated_at: Mapped[datetime]
    target: Mapped[list[Any]]
    due: Mapped[int]
    state: Mapped[ChangeState] = mapped_column(EnumType(ChangeState))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

"""Leaving: cancellations, those asked for without an account, and withdrawals; each a row before Stripe is called."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of

BY_TRANSFER = "by transfer"
"""In place of a refund's id: people give it back, as it was paid."""
_OPEN = text("done_at IS NULL AND withdrawn_at IS NULL")


class LeavingReason(StrEnum):
    """Why somebody leaves, if they say; Stripe's own words, so that its figures count them too."""

    TOO_EXPENSIVE = "too_expensive"
    UNUSED = "unused"
    MISSING_FEATURES = "missing_features"
    SWITCHED_SERVICE = "switched_service"
    OTHER = "other"


class Cancellation(Base):
    """An end that was asked for. `done_at`: Stripe has it; `withdrawn_at`: its author changed their mind."""

    __tablename__ = "cancellations"
    __table_args__ = (
        one_of("reason", LeavingReason, optional=True),
        Index("uq_cancellations_open", "subscription_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"), index=True)
    by_link: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[LeavingReason | None] = mapped_column(EnumType(LeavingReason))
    asked_at: Mapped[datetime]
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class CancellationRequest(Base):
    """What was typed on the public page, until the worker looked at it; then only a link's hash, if one was sent."""

    __tablename__ = "cancellation_requests"
    __table_args__ = (one_of("reason", LeavingReason, optional=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    reference: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[LeavingReason | None] = mapped_column(EnumType(LeavingReason))
    locale: Mapped[str] = mapped_column(String(5))
    created_at: Mapped[datetime]
    handled_at: Mapped[datetime | None] = mapped_column(index=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class Withdrawal(Base):
    """A first order given back. `refunds` are [{"invoice", "amount", "refund"}] in cents, `refund` None until made."""

    __tablename__ = "withdrawals"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("checkout_attempts.id"), index=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"), index=True)
    by_law: Mapped[bool]
    pro_rata: Mapped[bool]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    refunds: Mapped[list[Any]]
    asked_at: Mapped[datetime]
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None] = mapped_column(index=True)

    @property
    def by_transfer(self) -> bool:
        """Whether some of it goes back by bank transfer: Stripe saw no payment that it could give back."""
        return any(part["refund"] == BY_TRANSFER for part in self.refunds)

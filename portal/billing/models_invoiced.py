"""Paying by invoice: quotes that staff write, and the orders that customers place by accepting one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, EnumType, one_of

TERMS = (30, 45, 50, 60)
"""Days from the invoice to its due date that a contract may give; sixty is the law's limit between companies."""
MOST_LICENCES = 5_000


class QuoteState(StrEnum):
    """Where a quote stands. That it has expired is said by `valid_until` alone."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class WrittenQuote(Base):
    """An offer to one organisation, or to whoever will found it by accepting; what was sent never changes.

    `vat_basis_points` is the rate it was written with; `token_hash` is of the link that opens it.
    """

    __tablename__ = "quotes"
    __table_args__ = (
        one_of("state", QuoteState),
        CheckConstraint("terms_days IN (30, 45, 50, 60)", name="terms_known"),
        CheckConstraint("grace_days BETWEEN 0 AND 60", name="grace_sensible"),
        CheckConstraint("quantity BETWEEN 1 AND 5000", name="quantity_sensible"),
        CheckConstraint("(state = 'draft') = (sent_at IS NULL)", name="sent_has_instant"),
        CheckConstraint("(sent_at IS NULL) = (token_hash IS NULL)", name="sent_has_link"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    enquiry_id: Mapped[int | None] = mapped_column(ForeignKey("enquiries.id", ondelete="SET NULL"), index=True)
    company: Mapped[str] = mapped_column(String(160))
    recipient: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(5))
    public_body: Mapped[bool] = mapped_column(default=False)
    siren: Mapped[str] = mapped_column(String(14), default="")
    vat_number: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")
    quantity: Mapped[int]
    vat_basis_points: Mapped[int]
    terms_days: Mapped[int]
    grace_days: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    valid_until: Mapped[datetime]
    state: Mapped[QuoteState] = mapped_column(EnumType(QuoteState), index=True)
    written_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)


class QuoteLine(Base):
    """One plan of a quote at its price per licence and period, in cents before tax, as it was when it was written."""

    __tablename__ = "quote_lines"
    __table_args__ = (
        CheckConstraint("unit_amount > 0", name="amount_positive"),
        UniqueConstraint("quote_id", "price_id", name="uq_quote_lines_quote_id_price_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quotes.id", ondelete="CASCADE"), index=True)
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"))
    unit_amount: Mapped[int]


class OrderState(StrEnum):
    """What is owed for an order: open, paid, closed (nothing any more); failed is one that Stripe refused."""

    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"
    FAILED = "failed"


class InvoiceOrder(Base):
    """An accepted quote, committed before Stripe is called; at most one is unpaid per organisation.

    `opened_at` is when a sync first saw its subscription: until then the worker goes on with it.
    """

    __tablename__ = "invoice_orders"
    __table_args__ = (
        one_of("state", OrderState),
        Index(
            "uq_invoice_orders_unpaid",
            "organisation_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_invoice_orders_quote",
            "quote_id",
            unique=True,
            sqlite_where=text("state <> 'failed'"),
            postgresql_where=text("state <> 'failed'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quotes.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("readers.id", ondelete="SET NULL"), index=True)
    accepted_at: Mapped[datetime]
    terms_version: Mapped[str] = mapped_column(String(20))
    purchase_reference: Mapped[str] = mapped_column(String(60), default="")
    service_code: Mapped[str] = mapped_column(String(100), default="")
    commitment_number: Mapped[str] = mapped_column(String(50), default="")
    buyer_reads: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str] = mapped_column(String(5))
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    stripe_subscription_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    state: Mapped[OrderState] = mapped_column(EnumType(OrderState))
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]

"""What is sold, who buys, and our mirror of Stripe's state. Amounts are integers in cents with a currency."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, EnumType, one_of
from portal.verticals import Vertical

plan_verticals = Table(
    "plan_verticals",
    Base.metadata,
    Column("plan_id", ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    Column("vertical_id", ForeignKey("verticals.id"), primary_key=True, index=True),
)


_TO_TRANSFER = text("status = 'open' AND due_at IS NOT NULL")


class Interval(StrEnum):
    """How often a price is paid."""

    MONTH = "month"
    YEAR = "year"


class Plan(Base):
    """What is sold: an explicit list of verticals. A new vertical never joins a plan by itself."""

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(default=100)
    stripe_product_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    archived_at: Mapped[datetime | None]

    verticals: Mapped[list[Vertical]] = relationship(
        secondary=plan_verticals, lazy="raise_on_sql", order_by=Vertical.position
    )
    prices: Mapped[list["Price"]] = relationship(lazy="raise_on_sql")


class Price(Base):
    """A plan's price per seat and interval, before tax; `lookup_key` ties it to Stripe's."""

    __tablename__ = "prices"
    __table_args__ = (
        one_of("interval", Interval),
        CheckConstraint("unit_amount > 0", name="amount_positive"),
        CheckConstraint("length(currency) = 3", name="currency_code"),
        UniqueConstraint("plan_id", "interval", "currency", name="uq_prices_plan_interval_currency"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    interval: Mapped[Interval] = mapped_column(EnumType(Interval))
    currency: Mapped[str] = mapped_column(String(3), default="eur")
    unit_amount: Mapped[int]
    lookup_key: Mapped[str] = mapped_column(String(80), unique=True)
    stripe_price_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    archived_at: Mapped[datetime | None]


class TaxRate(Base):
    """A VAT rate in hundredths of a percent (210 is 2.10 %), and Stripe's id for it."""

    __tablename__ = "tax_rates"
    __table_args__ = (CheckConstraint("basis_points >= 0", name="rate_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    basis_points: Mapped[int]
    stripe_tax_rate_id: Mapped[str | None] = mapped_column(String(80), unique=True)


class Customer(Base):
    """An organisation's Stripe customer in one mode of the key; made by us before the first Checkout."""

    __tablename__ = "customers"
    __table_args__ = (
        Index(
            "uq_customers_live",
            "organisation_id",
            "livemode",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    stripe_id: Mapped[str] = mapped_column(String(80), unique=True)
    livemode: Mapped[bool]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class AttemptState(StrEnum):
    """Where a checkout stands."""

    OPEN = "open"
    COMPLETED = "completed"
    EXPIRED = "expired"
    FAILED = "failed"


class StartChoice(StrEnum):
    """When a bought right begins."""

    TODAY = "today"
    AFTER_TRIAL = "after-trial"


class CheckoutAttempt(Base):
    """An intended purchase, committed before Stripe is called; at most one is open per organisation."""

    __tablename__ = "checkout_attempts"
    __table_args__ = (
        one_of("state", AttemptState),
        one_of("start", StartChoice),
        CheckConstraint("quantity BETWEEN 1 AND 500", name="quantity_sensible"),
        Index(
            "uq_checkout_attempts_open",
            "organisation_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"), index=True)
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    start: Mapped[StartChoice] = mapped_column(EnumType(StartChoice))
    starts_at: Mapped[datetime | None]
    buyer_reads: Mapped[bool] = mapped_column(default=True)
    promotion_code: Mapped[str] = mapped_column(String(80), default="")
    promotion_code_id: Mapped[str | None] = mapped_column(String(80))
    return_path: Mapped[str] = mapped_column(String(500), default="")
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    stripe_session_id: Mapped[str | None] = mapped_column(String(120), unique=True)
    stripe_session_url: Mapped[str | None] = mapped_column(String(1000))
    terms_version: Mapped[str] = mapped_column(String(20))
    terms_accepted_at: Mapped[datetime]
    immediate_start: Mapped[bool] = mapped_column(default=False)
    state: Mapped[AttemptState] = mapped_column(EnumType(AttemptState))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]


class Subscription(Base):
    """Our mirror of a Stripe subscription, written only by sync. `status` keeps Stripe's word, known or not."""

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    stripe_id: Mapped[str] = mapped_column(String(80), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    status: Mapped[str] = mapped_column(String(40))
    quantity: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str] = mapped_column(String(3))
    collection_method: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    trial_end: Mapped[datetime | None]
    renews_at: Mapped[datetime | None] = mapped_column(index=True)
    ending_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    unpaid_since: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    card_brand: Mapped[str] = mapped_column(String(20), default="")
    card_last4: Mapped[str] = mapped_column(String(4), default="")
    card_expires_on: Mapped[date | None]
    reductions: Mapped[list[Any]] = mapped_column(default=list)
    synced_at: Mapped[datetime]

    items: Mapped[list["SubscriptionItem"]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan", order_by="SubscriptionItem.id"
    )


class SubscriptionItem(Base):
    """One line of a subscription; `price_id` is None for a price we do not sell (no access, and an alert)."""

    __tablename__ = "subscription_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"), index=True)
    stripe_id: Mapped[str] = mapped_column(String(80), unique=True)
    price_id: Mapped[int | None] = mapped_column(ForeignKey("prices.id"))
    stripe_price_id: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[int]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]


class SyncTicket(Base):
    """Who fetched last wins: a fetch takes `issued`, and is written only while `applied` is smaller."""

    __tablename__ = "sync_tickets"
    __table_args__ = (CheckConstraint("applied <= issued", name="applied_was_issued"),)

    stripe_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    issued: Mapped[int] = mapped_column(default=0)
    applied: Mapped[int] = mapped_column(default=0)


class StripeEvent(Base):
    """A webhook as it was stored: ids and type only; state is always read again from Stripe."""

    __tablename__ = "stripe_events"
    __table_args__ = (
        Index(
            "ix_stripe_events_pending",
            "next_attempt_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str] = mapped_column(String(120), default="")
    subscription_id: Mapped[str | None] = mapped_column(String(80))
    customer_id: Mapped[str | None] = mapped_column(String(80))
    api_version: Mapped[str | None] = mapped_column(String(40))
    livemode: Mapped[bool]
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(300), default="")


class Invoice(Base):
    """Our mirror of a Stripe invoice: HT is `subtotal`, VAT `tax`, TTC `total`, all in cents, `discount` taken off."""

    __tablename__ = "invoices"
    __table_args__ = (Index("ix_invoices_owed", "due_at", sqlite_where=_TO_TRANSFER, postgresql_where=_TO_TRANSFER),)

    id: Mapped[int] = mapped_column(primary_key=True)
    stripe_id: Mapped[str] = mapped_column(String(80), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    number: Mapped[str | None] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    discount: Mapped[int] = mapped_column(default=0)
    amount_paid: Mapped[int]
    amount_due: Mapped[int]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    attempt_count: Mapped[int] = mapped_column(default=0)
    hosted_url: Mapped[str | None] = mapped_column(String(1000))
    pdf_url: Mapped[str | None] = mapped_column(String(1000))


class ReconcileRun(Base):
    """One pass over Stripe's state: what was seen, what had drifted and was repaired."""

    __tablename__ = "reconcile_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    subscriptions_seen: Mapped[int] = mapped_column(default=0)
    events_seen: Mapped[int] = mapped_column(default=0)
    drifts: Mapped[list[Any]] = mapped_column(default=list)
    last_event_at: Mapped[datetime | None]

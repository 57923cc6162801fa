"""What we know of Stripe's objects, as plain frozen values; nothing of Stripe's own library is in here.

Amounts are integers in cents, instants are aware UTC, ids are Stripe's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from portal.billing.reductions import Reduction


class GatewayError(Exception):
    """Stripe did not do what was asked."""


class GatewayUnavailable(GatewayError):
    """Stripe could not be reached, or failed; nothing is known, the same call may be made again."""


class GatewayBusy(GatewayUnavailable):
    """Stripe asked us to slow down (429); `StripeClient` never repeats these by itself."""


class GatewayRefused(GatewayError):
    """Stripe understood and said no; `code` is Stripe's word, `message` its sentence (English, for the log)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class CardRefused(GatewayRefused):
    """The bank said no; nothing was changed."""


class ObjectGone(GatewayRefused):
    """The object does not exist at Stripe (any more)."""


class BadWebhook(Exception):
    """The payload is not a webhook of Stripe's that we can trust; the message says why."""


@dataclass(frozen=True, slots=True)
class RemoteItem:
    """One line of a subscription; since API 2025 only items have periods."""

    id: str
    price_id: str
    quantity: int
    created: datetime
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True, slots=True)
class RemoteSubscription:
    """A subscription as Stripe has it now."""

    id: str
    customer_id: str
    livemode: bool
    status: str
    collection_method: str
    currency: str
    started_at: datetime
    items: tuple[RemoteItem, ...]
    trial_end: datetime | None = None
    cancel_at: datetime | None = None
    cancel_at_period_end: bool = False
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_reason: str | None = None
    card_brand: str = ""
    card_last4: str = ""
    card_expires_on: date | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    reductions: tuple[Reduction, ...] = ()

    @property
    def quantity(self) -> int:
        """Seats: the smallest quantity of the items (unequal ones are made in the Dashboard only)."""
        return min((item.quantity for item in self.items), default=0)

    @property
    def period_end(self) -> datetime | None:
        """The last end of the items' periods."""
        return max((item.period_end for item in self.items), default=None)

    @property
    def ending_at(self) -> datetime | None:
        """When it ends or has ended; None while it renews. Flexible billing cancels by date, classic by boolean."""
        if self.ended_at or self.cancel_at:
            return self.ended_at or self.cancel_at
        return self.period_end if self.cancel_at_period_end else None


@dataclass(frozen=True, slots=True)
class RemoteInvoice:
    """An invoice: `subtotal` before tax, `total` with it, `discount` taken off before either.

    `asked` while its bank waits for the card's holder.
    """

    id: str
    subscription_id: str | None
    number: str | None
    status: str
    currency: str
    subtotal: int
    tax: int
    total: int
    amount_paid: int
    amount_due: int
    created: datetime
    due_at: datetime | None
    paid_at: datetime | None
    attempt_count: int
    next_attempt_at: datetime | None
    hosted_url: str | None
    pdf_url: str | None
    discount: int = 0
    asked: bool = False


@dataclass(frozen=True, slots=True)
class RemoteDispute:
    """A payment disputed at the buyer's bank; `payment` is its payment intent, `status` Stripe's word."""

    id: str
    payment: str
    status: str
    reason: str
    amount: int
    currency: str
    opened: datetime


@dataclass(frozen=True, slots=True)
class RemoteState:
    """A subscription, its invoices and disputes, read together under one ticket; None: disputes decide nothing here."""

    subscription: RemoteSubscription
    invoices: tuple[RemoteInvoice, ...]
    disputes: tuple[RemoteDispute, ...] | None = None


@dataclass(frozen=True, slots=True)
class RemoteSession:
    """A Checkout session; `status` is open, complete or expired, `total` the cents that are due on its page."""

    id: str
    status: str
    url: str | None
    customer_id: str | None
    subscription_id: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class RemoteEvent:
    """A webhook: ids only. `object_id` leads to the subscription: a payment intent's, an invoice's."""

    id: str
    type: str
    livemode: bool
    created: datetime
    api_version: str | None
    object_id: str
    subscription_id: str | None
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class RemotePrice:
    """A price: its product and what it costs."""

    id: str
    product_id: str
    lookup_key: str | None
    unit_amount: int
    currency: str
    interval: str
    active: bool


@dataclass(frozen=True, slots=True)
class RemotePromotion:
    """A promotion code and the coupon it stands for; amounts in cents before tax, None where nothing is asked.

    `usable` is false for a code or a coupon that was switched off, ran out or was deleted; `used_up` and `over` say
    which, where that is known. `currency` is that of an amount off, `least_currency` that of the least amount.
    """

    id: str
    reduction: Reduction
    usable: bool
    used_up: bool
    over: datetime | None
    customer_id: str | None
    first_order_only: bool
    least: int | None
    least_currency: str
    currency: str


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A line of a previewed invoice, before tax; `proration` when it is a share of the running period."""

    price_id: str
    quantity: int
    amount: int
    proration: bool
    period_end: datetime


@dataclass(frozen=True, slots=True)
class RemotePreview:
    """What a change would be invoiced at once: `total` may be negative (a credit), `due` never is."""

    subtotal: int
    tax: int
    total: int
    due: int
    lines: tuple[PreviewLine, ...]
    discount: int = 0


@dataclass(frozen=True, slots=True)
class RemoteChange:
    """What became of a change: `pending` when its payment failed or waits; `to_confirm` is where the payer agrees."""

    pending: bool
    to_confirm: str | None = None

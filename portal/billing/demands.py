"""What we ask of Stripe, as plain data; `parameters` turns it into Stripe's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SessionOrder:
    """What a Checkout session is asked for."""

    customer_id: str
    price_id: str
    quantity: int
    tax_rate_ids: tuple[str, ...]
    trial_end: datetime | None
    reference: str
    metadata: Mapping[str, str]
    success_url: str
    cancel_url: str
    expires_at: datetime
    locale: str
    promotion_code_id: str | None = None


@dataclass(frozen=True, slots=True)
class InvoicedOrder:
    """A subscription that is paid by transfer, so many days after each invoice."""

    customer_id: str
    price_ids: tuple[str, ...]
    quantity: int
    tax_rate_ids: tuple[str, ...]
    days_until_due: int
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """Who is invoiced; `fields` (name, value) and `footer` are printed on each invoice."""

    name: str
    email: str
    line1: str
    postal_code: str
    city: str
    country: str
    locale: str
    reverse_charge: bool
    metadata: Mapping[str, str]
    fields: tuple[tuple[str, str], ...] = ()
    footer: str = ""


@dataclass(frozen=True, slots=True)
class ItemWish:
    """One item as it shall be: new without `item_id`, gone with `deleted`."""

    item_id: str | None
    price_id: str = ""
    quantity: int = 0
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """A change of a subscription's items, prorated to the second of `prorated_at`; rates are for new items."""

    subscription_id: str
    items: tuple[ItemWish, ...]
    tax_rate_ids: tuple[str, ...]
    prorated_at: datetime

    @property
    def removes(self) -> bool:
        """True when an item goes: Stripe cannot let such a change wait for its payment."""
        return any(item.deleted for item in self.items)

    @property
    def adds(self) -> bool:
        """True when an item is new."""
        return any(item.item_id is None for item in self.items)

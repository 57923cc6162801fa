"""What a reader asks for on the summary page, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from portal.billing.catalogue import Offer
from portal.billing.reductions import Reduction
from portal.organisations.models import Organisation, OrganisationKind


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is invoiced."""

    kind: OrganisationKind
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    siren: str = ""
    vat_number: str = ""
    purchase_reference: str = ""


def write_identity(organisation: Organisation, identity: Identity) -> None:
    """Keep who is invoiced: the same words fill the next form in."""
    for name in ("kind", "name", "street", "postal_code", "city", "country", "siren", "vat_number"):
        setattr(organisation, name, getattr(identity, name))
    organisation.purchase_reference = identity.purchase_reference


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion code that may be used for an order: Stripe's id of it, and what it takes off."""

    id: str
    reduction: Reduction


@dataclass(frozen=True, slots=True)
class Order:
    """What a reader asks for on the summary page, checked by its form; `due` is what they were told to pay at once."""

    reader_id: int
    offer: Offer
    quantity: int
    identity: Identity
    buyer_reads: bool
    starts_at: datetime | None
    terms_version: str
    immediate_start: bool
    return_path: str
    locale: str
    buyer_name: str = ""
    buyer_company: str = ""
    promotion: Promotion | None = None
    due: int | None = None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Stripe's page leads back to; `success` holds the literal {CHECKOUT_SESSION_ID}."""

    success: str
    cancelled: str

"""The Stripe customer of an organisation: made by us before its first checkout, one per mode of the key."""

import hashlib
import logging
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Reader
from portal.billing import catalogue, on_invoices
from portal.billing.demands import CustomerDetails, InvoicedOrder
from portal.billing.gateway import Gateway
from portal.billing.models import CheckoutAttempt, Customer, Price, TaxRate
from portal.billing.quotes import is_reverse_charge
from portal.billing.shapes import ObjectGone
from portal.db import AnySession, broke, end_reading, writing
from portal.i18n import LOCALES
from portal.organisations import founding
from portal.organisations.models import Organisation

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom a customer is needed for: the organisation, who orders, what (prices by row id), under which key."""

    organisation_id: int
    reader_id: int
    price_row_ids: tuple[int, ...]
    key: str


def ensure(session: AnySession, gateway: Gateway, attempt_id: int, locale: str) -> str:
    """The id of the customer a checkout is for, as `ensure_for`."""
    attempt = session.get_one(CheckoutAttempt, attempt_id)
    buyer = Buyer(attempt.organisation_id, attempt.reader_id, (attempt.price_id,), attempt.idempotency_key)
    return ensure_for(session, gateway, buyer, locale)


def ensure_for(session: AnySession, gateway: Gateway, buyer: Buyer, locale: str) -> str:
    """The id of the buyer's customer, its details brought up to date; prices known at Stripe.

    A customer that Stripe forgot, or knows in the other mode only, is replaced.
    """
    _ensure_prices(session, gateway, buyer)
    organisation_id, key = buyer.organisation_id, buyer.key
    organisation, reader = session.get_one(Organisation, organisation_id), session.get_one(Reader, buyer.reader_id)
    details = _details(session, organisation, reader.email, locale)
    known = stripe_id(session, organisation_id, gateway.livemode)
    end_reading(session)
    if known is not None and gateway.customer_exists(known):
        gateway.update_customer(known, details)
        return known
    if known is not None:
        _forget(session, known)
    made = gateway.create_customer(details, f"{key}-customer-{digest(details)}")
    return _keep(session, organisation_id, made, gateway.livemode)


def stripe_id(session: AnySession, organisation_id: int, livemode: bool) -> str | None:
    """The organisation's customer in this mode."""
    return session.scalar(
        select(Customer.stripe_id).where(
            Customer.organisation_id == organisation_id, Customer.livemode == livemode, Customer.deleted_at.is_(None)
        )
    )


def of_other_mode(session: AnySession, livemode: bool) -> int:
    """How many stored customers belong to the other mode of the key: they are ignored, and this is worth a warning."""
    statement = select(func.count()).where(Customer.livemode != livemode, Customer.deleted_at.is_(None))
    return session.scalar(statement) or 0


def warn_of_other_mode(session: AnySession, livemode: bool) -> None:
    """Say in the log that customers of the other mode are stored (a database copied from production, for example)."""
    count = of_other_mode(session, livemode)
    if count:
        mode = "test" if livemode else "live"
        log.warning("%d stored Stripe customers belong to %s mode and are ignored with this key", count, mode)


def sold_at_stripe(session: AnySession, price_row_id: int) -> tuple[str, str]:
    """Stripe's ids of a price and of the VAT rate. Raises LookupError when plans were never synchronised."""
    price = session.scalar(select(Price.stripe_price_id).where(Price.id == price_row_id))
    rate = session.scalar(select(TaxRate.stripe_tax_rate_id).where(TaxRate.key == catalogue.PRESS_VAT))
    if price is None or rate is None:
        raise LookupError("portal stripe sync-plans was never run")
    return price, rate


def digest(details: CustomerDetails | InvoicedOrder) -> str:
    """Short and stable: the same wish under the same key is carried out once, however often it is sent."""
    return hashlib.sha256(repr(details).encode()).hexdigest()[:12]


def _ensure_prices(session: AnySession, gateway: Gateway, buyer: Buyer) -> None:
    try:
        for price_id in buyer.price_row_ids:
            sold_at_stripe(session, price_id)
    except LookupError:
        end_reading(session)
        catalogue.sync_plans(session, gateway)


def tell(session: AnySession, gateway: Gateway, organisation_id: int) -> bool:
    """Write at Stripe who is invoiced now; False when nobody is known there. Raises GatewayError."""
    known, owner = stripe_id(session, organisation_id, gateway.livemode), founding.owner_of(session, organisation_id)
    if known is None or owner is None:
        return False
    organisation = session.get_one(Organisation, organisation_id)
    details = _details(session, organisation, owner.email, owner.locale or LOCALES[0])
    end_reading(session)
    try:
        gateway.update_customer(known, details)
    except ObjectGone:
        return False
    return True


def _details(session: AnySession, organisation: Organisation, buyer: str, locale: str) -> CustomerDetails:
    return CustomerDetails(
        name=organisation.name,
        email=organisation.billing_email or buyer,
        line1=organisation.street,
        postal_code=organisation.postal_code,
        city=organisation.city,
        country=organisation.country,
        locale=locale,
        reverse_charge=is_reverse_charge(organisation.country, organisation.vat_number),
        metadata={
            "organisation": str(organisation.id),
            "siren": organisation.siren,
            "vat_number": organisation.vat_number,
            "purchase_reference": organisation.purchase_reference,
        },
        fields=on_invoices.fields(session, organisation, locale),
        footer=on_invoices.footer(organisation, locale),
    )


def _forget(session: AnySession, customer_id: str) -> None:
    with writing(session):
        row = session.scalars(select(Customer).where(Customer.stripe_id == customer_id)).one()
        row.deleted_at = clock.now()


def _keep(session: AnySession, organisation_id: int, customer_id: str, livemode: bool) -> str:
    """Store a new customer; when somebody stored one meanwhile, theirs counts."""
    try:
        with writing(session):
            session.add(
                Customer(
                    organisation_id=organisation_id, stripe_id=customer_id, livemode=livemode, created_at=clock.now()
                )
            )
    except IntegrityError as error:
        if not broke(error, "uq_customers_live") and not broke(error, "uq_customers_stripe_id"):
            raise
    return stripe_id(session, organisation_id, livemode) or customer_id

"""Demo companies that pay by invoice: sales wrote a quote, most accepted it, and the transfer has not come yet."""

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.accounts import readers
from portal.accounts.models import Reader
from portal.billing import offering, ordering, placing, terms
from portal.billing.gateway import Gateway
from portal.billing.models import Interval, Plan
from portal.billing.models_invoiced import InvoiceOrder, WrittenQuote
from portal.billing.offering import QuoteWish
from portal.billing.orders import Identity
from portal.clock import paris_date, paris_midnight
from portal.db import AnySession, db, end_reading, writing
from portal.organisations.models import OrganisationKind
from portal.roles import Role

if TYPE_CHECKING:
    from portal.dev.subscribers import Subscriber

GOOD_FOR = timedelta(days=31)


def was_sent(session: AnySession, email: str) -> bool:
    """True when a quote went to this address."""
    return session.scalar(select(WrittenQuote.id).where(WrittenQuote.email == email).limit(1)) is not None


def by_quote(gateway: Gateway, one: "Subscriber") -> str | None:
    """Write, send and (unless it waits) accept a quote; returns Stripe's id of the subscription."""
    reader = readers.by_address(db.session, one.email)
    if reader is None or one.invoice is None:
        raise LookupError(f"{one.email} is missing.")
    reader_id, waits = reader.id, bool(one.invoice.get("waits"))
    with writing() as unit:
        writer = unit.scalars(select(Reader).where(Reader.role == Role.SALES).order_by(Reader.id).limit(1)).one()
        wish = _wish(unit, one, unit.get_one(Reader, reader_id))
        quote_id = offering.write(unit, wish, actor_id=writer.id).id
        offering.send(unit, quote_id, actor_id=writer.id)
        order_id = None if waits else ordering.accept(unit, quote_id, reader_id, _given(one, reader))
    if order_id is None:
        return None
    placing.carry_out(db.session, gateway, order_id)
    opened = db.session.get_one(InvoiceOrder, order_id).stripe_subscription_id
    end_reading()
    return opened


def _wish(unit: AnySession, one: "Subscriber", reader: Reader) -> QuoteWish:
    statement = select(Plan).where(Plan.slug == one.plan).options(selectinload(Plan.verticals))
    titles = frozenset(vertical.slug for vertical in unit.scalars(statement).one().verticals)
    said = one.invoice or {}
    details = {
        "company": reader.company,
        "recipient": reader.name,
        "email": one.email,
        "locale": "fr",
        "siren": said["siren"],
        "vat_number": "",
        "country": "FR",
        "public_body": bool(said.get("public_body")),
        "quantity": one.quantity,
        "terms_days": said["terms_days"],
        "grace_days": 15,
        "note": "",
        "valid_until": paris_midnight(paris_date(clock.now() + GOOD_FOR)),
        "organisation_id": None,
        "enquiry_id": None,
    }
    return QuoteWish(titles, Interval(one.interval), details)


def _given(one: "Subscriber", reader: Reader) -> ordering.Acceptance:
    said = one.invoice or {}
    return ordering.Acceptance(
        identity=Identity(
            kind=OrganisationKind.PUBLIC if said.get("public_body") else OrganisationKind.COMPANY,
            name=reader.company,
            street="4 place du Vieux-Marché",
            postal_code="35000",
            city="Rennes",
            country="FR",
            siren=said["siren"],
            purchase_reference=said.get("purchase_reference", ""),
        ),
        billing_email=one.email,
        service_code=said.get("service_code", ""),
        commitment_number=said.get("commitment_number", ""),
        buyer_reads=True,
        terms_version=terms.CURRENT,
        locale="fr",
    )

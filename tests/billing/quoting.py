"""Quotes and their acceptance, without pages."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.billing import offering, ordering, placing, terms
from portal.billing.models import Interval
from portal.billing.models_invoiced import InvoiceOrder
from portal.billing.offering import QuoteWish
from portal.billing.ordering import Acceptance
from portal.billing.orders import Identity
from portal.db import db, end_reading, writing
from portal.organisations.models import OrganisationKind
from portal.outbox import Mail
from portal.roles import Role
from tests.billing.world import World
from tests.builders import a_reader

DETAILS: dict[str, Any] = {
    "company": "Clinique des Tilleuls",
    "recipient": "Ada Morvan",
    "email": "ada@clinique.example.org",
    "locale": "fr",
    "siren": "732829320",
    "vat_number": "",
    "country": "FR",
    "public_body": False,
    "quantity": 30,
    "terms_days": 30,
    "grace_days": 15,
    "note": "",
    "organisation_id": None,
    "enquiry_id": None,
}
CITY: dict[str, Any] = {
    "kind": OrganisationKind.PUBLIC,
    "siren": "73282932000074",
    "service_code": "COMPTA-9",
    "commitment_number": "EJ-2026-88",
}


FORM = {
    "company": "Clinique des Tilleuls",
    "siren": "732 829 320",
    "street": "12 rue des Tilleuls",
    "postal_code": "69003",
    "city": "Lyon",
    "billing_email": "compta@clinique.example.org",
    "purchase_reference": "PO-4711",
    "buyer_reads": "y",
    "terms": "y",
}


def drafted(*, titles: set[str] | None = None, interval: Interval = Interval.YEAR, **details: Any) -> int:
    """A quote that nobody was sent."""
    writer = a_reader(role=Role.SALES)
    wished = {**DETAILS, "valid_until": clock.now() + timedelta(days=30), **details}
    with writing() as unit:
        wish = QuoteWish(frozenset(titles or {"health"}), interval, wished)
        return offering.write(unit, wish, actor_id=writer.id).id


def sent(**wish: Any) -> str:
    """A quote that was sent; returns the token of its link."""
    quote_id = drafted(**wish)
    with writing() as unit:
        offering.send(unit, quote_id, actor_id=a_staff_id(unit))
    end_reading()
    text = db.session.scalars(select(Mail.text).where(Mail.kind == "quote_sent").order_by(Mail.id.desc())).first()
    found = re.search(r"/quote/([\w-]+)", text or "")
    assert found
    return found[1]


def a_staff_id(unit: Any) -> int:
    return int(unit.scalars(select(Reader.id).where(Reader.role == Role.SALES).limit(1)).one())


def given(**more: Any) -> Acceptance:
    """What whoever accepts fills in."""
    identity = Identity(
        kind=more.get("kind", OrganisationKind.COMPANY),
        name="Clinique des Tilleuls",
        street="12 rue des Tilleuls",
        postal_code="69003",
        city="Lyon",
        country="FR",
        siren=more.get("siren", "732829320"),
        purchase_reference="PO-4711",
    )
    return Acceptance(
        identity=identity,
        billing_email="compta@clinique.example.org",
        service_code=more.get("service_code", ""),
        commitment_number=more.get("commitment_number", ""),
        buyer_reads=True,
        terms_version=terms.CURRENT,
        locale="fr",
    )


def quote_of(token: str) -> int:
    """The quote that a link opens."""
    quote_id = offering.look(db.session, token).quote.id
    end_reading()
    return quote_id


def accepts(world: World, token: str, reader: Reader, **more: Any) -> int:
    """Accept, and carry the order out; returns its id."""
    with writing() as unit:
        order = ordering.accept(unit, quote_of(token), reader.id, given(**more))
    assert placing.carry_out(db.session, world.gateway, order)
    end_reading()
    return order


def an_order(world: World, reader: Reader, **wish: Any) -> str:
    """An order with its subscription; returns Stripe's id of it."""
    order = accepts(world, sent(**wish), reader)
    return str(db.session.get_one(InvoiceOrder, order).stripe_subscription_id)

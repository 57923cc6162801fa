"""The acts after which mails about quotes and orders by invoice are written."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.billing import cut, offering, ordering, terms
from portal.billing.models import Interval, Invoice, Subscription
from portal.billing.orders import Identity
from portal.clock import paris_date, paris_midnight
from portal.dev.scene import MONTH, Scene
from portal.organisations.models import OrganisationKind


def by_invoice(scene: Scene) -> None:
    """A quote sent, accepted, its invoice late."""
    unit, reader = scene.unit, scene.reader
    details = {
        "company": "Clinique du Parc de Valmère",
        "recipient": reader.name,
        "email": reader.email,
        "locale": scene.locale,
        "public_body": True,
        "quantity": 30,
        "terms_days": 30,
        "grace_days": 15,
        "valid_until": paris_midnight(paris_date(scene.now + MONTH)),
    }
    wish = offering.QuoteWish(frozenset({scene.vertical.slug}), Interval.YEAR, details)
    quote = offering.write(unit, wish, actor_id=reader.id)
    offering.send(unit, quote.id, actor_id=reader.id)
    _end_what_runs(scene)
    ordering.accept(unit, quote.id, reader.id, _given(scene))
    _late(scene)


def _end_what_runs(scene: Scene) -> None:
    """Nothing is ordered beside a live subscription."""
    for row in scene.unit.scalars(select(Subscription).where(Subscription.stripe_id == "sub_example")):
        row.status, row.ended_at = "canceled", scene.now


def _given(scene: Scene) -> ordering.Acceptance:
    place = {"street": "4 rue du Parc", "postal_code": "35000", "city": "Rennes", "country": "FR"}
    name, siren, reference = "Clinique du Parc de Valmère", "90412233000016", "BC-2026-0417"
    identity = Identity(kind=OrganisationKind.PUBLIC, name=name, siren=siren, purchase_reference=reference, **place)
    return ordering.Acceptance(
        identity=identity,
        billing_email=scene.reader.email,
        service_code="DAF-02",
        commitment_number="EJ-1500417",
        buyer_reads=True,
        terms_version=terms.CURRENT,
        locale=scene.locale,
    )


def _late(scene: Scene) -> None:
    """An invoice whose access closes in four days."""
    unit = scene.unit
    row = unit.scalars(select(Subscription).where(Subscription.stripe_id == "sub_example")).one()
    row.status, row.ended_at, row.ending_at = "active", None, None
    amounts = {"subtotal": 2_670_000, "tax": 56_070, "total": 2_726_070, "amount_paid": 0, "amount_due": 2_726_070}
    invoice = Invoice(
        stripe_id=f"in_late_{scene.locale}",
        organisation_id=row.organisation_id,
        subscription_id=row.id,
        number="EXEMPLE-0009",
        status="open",
        currency="eur",
        created_at=scene.now - 2 * MONTH,
        due_at=clock.now() - timedelta(days=11),
        **amounts,
    )
    unit.add(invoice)
    unit.flush()
    cut.tell(unit, invoice.id)

"""The acts after which mails about money are written."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from portal import clock
from portal.accounts import readers
from portal.billing import alarm, cancelling, mirror, renewals, requested, terms, withdrawing
from portal.billing.models import (
    AttemptState,
    CheckoutAttempt,
    Customer,
    Interval,
    Price,
    StartChoice,
    Subscription,
    SubscriptionItem,
)
from portal.billing.models_changing import ChangeState, SubscriptionChange
from portal.billing.shapes import RemoteInvoice, RemoteItem, RemoteState, RemoteSubscription
from portal.db import AnySession
from portal.dev.scene import MONTH, Scene
from portal.enquiries import leave
from portal.organisations import founding
from portal.roles import Role


def billing(scene: Scene) -> None:
    """A subscription's story, told to the mirror as Stripe tells it: paid, cancelled, resumed, refused, paid, over."""
    unit, now = scene.unit, scene.now
    organisation = founding.organisation_of(unit, scene.reader.id)
    unit.add(Customer(organisation_id=organisation.id, stripe_id="cus_example", livemode=False, created_at=now))
    price = unit.scalars(select(Price).order_by(Price.id).limit(1)).one()
    price.stripe_price_id = price.stripe_price_id or "price_example"
    unit.flush()
    item = RemoteItem("si_example", price.stripe_price_id, 1, now, now, now + MONTH)
    active = RemoteSubscription(
        id="sub_example",
        customer_id="cus_example",
        livemode=False,
        status="active",
        collection_method="charge_automatically",
        currency="eur",
        started_at=now,
        items=(item,),
        card_brand="visa",
        card_last4="4242",
    )
    paid, owed = _invoice("in_1", price, now), replace(_invoice("in_2", price, now), status="open", paid_at=None)
    owed = replace(owed, amount_paid=0, attempt_count=1, next_attempt_at=now + timedelta(days=3))
    story = (
        (active, (paid,)),
        (replace(active, items=(replace(item, quantity=3),)), (paid,)),
        (replace(active, cancel_at=now + MONTH, canceled_at=now), (paid,)),
        (active, (paid,)),
        (replace(active, status="past_due"), (paid, replace(owed, id="in_3", asked=True))),
        (replace(active, status="past_due"), (paid, owed)),
        (active, (paid, replace(owed, status="paid", amount_paid=owed.total, amount_due=0, paid_at=now))),
        (replace(active, status="canceled", ended_at=now), (paid,)),
    )
    for ticket, (subscription, invoices) in enumerate(story, 1):
        mirror.write(unit, RemoteState(subscription, invoices), False, ticket)
        if ticket == 1:
            _announced(unit, now)
            email = f"admin-{scene.locale}@example.org"
            readers.create_reader(unit, email=email, locale=scene.locale, role=Role.ADMIN, confirmed=True)
            alarm.raise_alarm(unit, "exemple", "two-live", [("sub_example", "sub_other")])
            _cancelled_while_stripe_is_silent(unit)
            _agreed(scene, item)
    _withdrawn(scene, price)


def _agreed(scene: Scene, item: RemoteItem) -> None:
    """Three licences instead of one, as the page of changes writes it down."""
    row = scene.unit.scalars(select(Subscription).where(Subscription.stripe_id == "sub_example")).one()
    change = SubscriptionChange(
        subscription_id=row.id,
        reader_id=scene.reader.id,
        idempotency_key=f"exemple-{scene.locale}",
        prorated_at=scene.now,
        target=[[item.price_id, 3]],
        due=14_538,
        state=ChangeState.OPEN,
        created_at=scene.now,
    )
    scene.unit.add(change)
    scene.unit.flush()


def _announced(unit: AnySession, now: datetime) -> None:
    """The year ends in two months, the card this month."""
    row = unit.scalars(select(Subscription).where(Subscription.stripe_id == "sub_example")).one()
    row.renews_at, row.card_expires_on = now + 2 * MONTH, clock.paris_date(now + MONTH / 2)
    item = unit.scalars(select(SubscriptionItem).where(SubscriptionItem.subscription_id == row.id)).one()
    monthly, yearly = item.price_id, select(Price.id).where(Price.interval == Interval.YEAR).order_by(Price.id).limit(1)
    item.price_id = unit.scalars(yearly).one()
    unit.flush()
    renewals.tell_renewal(unit, row.id, renewals.slots()[0])
    renewals.tell_card(unit, row.id)
    item.price_id = monthly
    unit.flush()


def _cancelled_while_stripe_is_silent(unit: AnySession) -> None:
    row = unit.scalars(select(Subscription).where(Subscription.stripe_id == "sub_example")).one()
    cancelling.acknowledge_request(unit, cancelling.ask(unit, row.id, reader_id=None))


def _withdrawn(scene: Scene, price: Price) -> None:
    """The order given back on its first day."""
    unit, now = scene.unit, scene.now
    row = unit.scalars(select(Subscription).where(Subscription.stripe_id == "sub_example")).one()
    row.status, row.ended_at, row.ending_at = "active", None, None
    unit.add(
        CheckoutAttempt(
            organisation_id=row.organisation_id,
            reader_id=scene.reader.id,
            price_id=price.id,
            start=StartChoice.TODAY,
            idempotency_key=f"exemple-{scene.locale}",
            terms_version=terms.CURRENT,
            terms_accepted_at=now,
            state=AttemptState.COMPLETED,
            created_at=now,
            expires_at=now,
        )
    )
    unit.flush()
    withdrawing.ask(unit, row.organisation_id, scene.reader.id, by_law=True)


def leaving_without_account(scene: Scene) -> None:
    """The public page of cancelling, by somebody who is found and by somebody who is not."""
    unit = scene.unit
    row = unit.scalars(select(Subscription).where(Subscription.stripe_id == "sub_example")).one()
    row.status, row.ended_at, row.ending_at = "active", None, None
    for email in (scene.reader.email, f"inconnue-{scene.locale}@example.org"):
        typed = requested.Typed(scene.reader.name, email, "EXEMPLE-0001", None)
        leave.handle(unit, requested.keep(unit, typed, scene.locale))


def _invoice(stripe_id: str, price: Price, now: datetime) -> RemoteInvoice:
    tax = round(price.unit_amount * 0.021)
    total = price.unit_amount + tax
    return RemoteInvoice(
        id=stripe_id,
        subscription_id="sub_example",
        number=f"EXEMPLE-000{stripe_id[-1]}",
        status="paid",
        currency="eur",
        subtotal=price.unit_amount,
        tax=tax,
        total=total,
        amount_paid=total,
        amount_due=total,
        created=now,
        due_at=None,
        paid_at=now,
        attempt_count=1,
        next_attempt_at=None,
        hosted_url=None,
        pdf_url=None,
    )

"""Every state a mirrored subscription may be in, and what the billing page must say of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.billing import catalogue
from portal.billing.models import Customer, Invoice, Price, Subscription, SubscriptionItem
from portal.billing.queries import State
from portal.db import writing
from portal.organisations.models import Organisation
from tests.builders import a_grant, a_vertical, an_organisation

DAY = timedelta(days=1)
HOSTED = "https://invoice.example/in_1"


@dataclass(frozen=True)
class Row:
    """A subscription as Stripe would leave it, and what the page must say."""

    name: str
    state: State
    english: str
    french: str
    offers: tuple[str, ...]
    tone: str = "ok"
    subscription: dict[str, Any] = field(default_factory=dict)
    invoice: dict[str, Any] | None = None
    open_for: timedelta | None = 30 * DAY
    banner: str = ""


TABLE = [
    Row(
        "active",
        State.ACTIVE,
        "renewed on 9 April 2026 for €89.00 excl. VAT, each month",
        "renouvelé le 9 avril 2026",
        ("Change my card", "Invoices and details at Stripe", "Cancel the subscription"),
    ),
    Row(
        "active, an invoice to pay by transfer",
        State.ACTIVE,
        "renewed on",
        "renouvelé le",
        (HOSTED, "Pay €90.87 now"),
        subscription={"collection_method": "send_invoice"},
        invoice={"due_at": 20 * DAY},
        banner="is to be paid by 30 March 2026",
    ),
    Row(
        "trialing",
        State.TRIALING,
        "the first payment, €89.00 excl. VAT, is on 15 March 2026",
        "premier paiement",
        ("Cancel the subscription",),
        subscription={"status": "trialing", "trial_end": 5 * DAY},
    ),
    Row(
        "ending",
        State.ENDING,
        "ends on 15 March 2026 at 12:00. You read until then",
        "se termine le 15 mars 2026",
        ("Resume the subscription",),
        "warn",
        {"ending_at": 5 * DAY, "renews_at": None},
        banner="You may change your mind until 15 March 2026",
    ),
    Row(
        "past due",
        State.PAST_DUE,
        "failed. You keep access until 17 March 2026 at 12:00",
        "jusqu’au 17 mars 2026",
        ("Change my card", HOSTED),
        "bad",
        {"status": "past_due", "next_attempt_at": 3 * DAY},
        {},
        7 * DAY,
        "Next attempt on 13 March 2026 at 12:00",
    ),
    Row(
        "past due, no attempt left",
        State.PAST_DUE,
        "You keep access until",
        "Vous gardez",
        ("Change my card", HOSTED),
        "bad",
        {"status": "past_due"},
        {},
        7 * DAY,
        "You can change your card or pay now",
    ),
    Row(
        "past due, grace over",
        State.PAST_DUE,
        "access is closed",
        "accès est fermé",
        (HOSTED,),
        "bad",
        {"status": "past_due"},
        {},
        -1 * DAY,
        "Your payment did not go through",
    ),
    Row(
        "past due by invoice",
        State.PAST_DUE,
        "The invoice for mind Health is overdue",
        "échue",
        (HOSTED,),
        "bad",
        {"status": "past_due", "collection_method": "send_invoice"},
        {},
        7 * DAY,
        "Your invoice is not paid",
    ),
    Row(
        "unpaid",
        State.UNPAID,
        "is closed because an invoice is unpaid",
        "est fermé",
        (HOSTED, "Change my card"),
        "bad",
        {"status": "unpaid"},
        {},
        -1 * DAY,
        "Every attempt failed",
    ),
    Row(
        "paused",
        State.PAUSED,
        "is paused: nothing is charged",
        "rien n’est débité",
        ("Resume the subscription",),
        "warn",
        {"status": "paused"},
        None,
        -1 * DAY,
    ),
    Row(
        "incomplete",
        State.INCOMPLETE,
        "was not finished: nothing was charged",
        "n’a pas abouti",
        (HOSTED, "Pay €90.87 now"),
        "warn",
        {"status": "incomplete"},
        {},
        None,
    ),
    Row(
        "incomplete, nothing to pay",
        State.INCOMPLETE,
        "was not finished",
        "n’a pas abouti",
        ('href="/plans"',),
        "warn",
        {"status": "incomplete"},
        None,
        None,
    ),
    Row(
        "canceled",
        State.CANCELED,
        "ended on 5 March 2026 at 12:00. Nothing more will be charged",
        "5 mars 2026",
        ('href="/plans"',),
        "plain",
        {"status": "canceled", "ended_at": -5 * DAY, "renews_at": None},
        None,
        -5 * DAY,
    ),
    Row(
        "canceled, a debt left",
        State.CANCELED,
        "ended on 5 March 2026 at 12:00 because an invoice was not paid",
        "parce qu’une facture",
        (HOSTED, "Pay €90.87 now"),
        "bad",
        {"status": "canceled", "ended_at": -5 * DAY, "renews_at": None},
        {},
        -5 * DAY,
        "An invoice of €90.87 is still to be paid",
    ),
    Row(
        "unknown",
        State.UNKNOWN,
        "in a state we do not know",
        "dans un état",
        ("/help/access",),
        "warn",
        {"status": "hibernating"},
        None,
        None,
    ),
]


def mirrored(reader: Reader, row: Row) -> Organisation:
    """The mirror as sync would have written it."""
    a_vertical("health")
    with writing() as unit:
        catalogue.add_default_plans(unit)
    firm = an_organisation(reader, name="Clinique des Tilleuls")
    now = clock.now()
    instants = {
        name: now + value if isinstance(value, timedelta) else value for name, value in row.subscription.items()
    }
    values = {"status": "active", "collection_method": "charge_automatically", "renews_at": now + 30 * DAY, **instants}
    with writing() as unit:
        price = unit.scalars(select(Price).where(Price.lookup_key == "health-month-eur")).one()
        found = Subscription(
            stripe_id="sub_1",
            organisation_id=firm.id,
            currency="eur",
            started_at=now - 40 * DAY,
            synced_at=now,
            **values,
        )
        unit.add(found)
        unit.add(Customer(organisation_id=firm.id, stripe_id="cus_1", livemode=False, created_at=now))
        unit.flush()
        item = {"price_id": price.id, "stripe_price_id": "price_1", "quantity": 1}
        unit.add(SubscriptionItem(subscription_id=found.id, stripe_id="si_1", period_start=now, period_end=now, **item))
        if row.invoice is not None:
            unit.add(an_invoice(firm, found, due_at=row.invoice.get("due_at")))
    if row.open_for is not None:
        more = {"starts_in": -40 * DAY, "ends_in": row.open_for, "reference": "sub_1"}
        a_grant(organisation=firm, source=Source.SUBSCRIPTION, **more)
    return firm


def an_invoice(firm: Organisation, subscription: Subscription, *, due_at: timedelta | None = None) -> Invoice:
    amounts = {"subtotal": 8900, "tax": 187, "total": 9087, "amount_paid": 0, "amount_due": 9087}
    return Invoice(
        stripe_id="in_1",
        organisation_id=firm.id,
        subscription_id=subscription.id,
        number="MIND-0001",
        status="open",
        currency="eur",
        created_at=clock.now() - DAY,
        due_at=clock.now() + due_at if due_at else None,
        hosted_url=HOSTED,
        **amounts,
    )

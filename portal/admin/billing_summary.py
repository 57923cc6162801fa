"""What staff see of a reader's money, read only: contracts they manage, and the last invoices."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select

from portal import formats
from portal.billing import renewals
from portal.billing.models import Interval, Invoice, Plan, Price, Subscription, SubscriptionItem
from portal.db import AnySession
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.organisations.models import Organisation

STATUSES = {
    "trialing": (_("Starts later"), "ok"),
    "active": (_("Up to date"), "ok"),
    "past_due": (_("Payment due"), "bad"),
    "unpaid": (_("Not paid"), "bad"),
    "paused": (_("Paused"), "warn"),
    "canceled": (_("Ended"), "plain"),
    "incomplete": (_("Not completed"), "warn"),
    "incomplete_expired": (_("Not completed"), "plain"),
}
_INVOICES = {
    "paid": (_("Paid"), "ok"),
    "open": (_("To pay"), "warn"),
    "draft": (_("Draft"), "plain"),
    "void": (_("Void"), "plain"),
    "uncollectible": (_("Lost"), "bad"),
}


@dataclass(slots=True)
class Contract:
    """One subscription as a definition list, with its chip."""

    organisation: str
    chip: tuple[str, str]
    rows: list[tuple[str, str]] = field(default_factory=list)
    stripe_id: str = ""
    subscription_id: int = 0


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One line of the last invoices."""

    number: str
    day: str
    total: str
    chip: tuple[str, str]
    id: int
    due: str


# Built once: building them takes longer than the database does.
_CONTRACTS = (
    select(Subscription, Organisation.name, Price, Plan.name.label("plan"), SubscriptionItem.quantity)
    .join(Organisation, Organisation.id == Subscription.organisation_id)
    .outerjoin(SubscriptionItem, SubscriptionItem.subscription_id == Subscription.id)
    .outerjoin(Price, Price.id == SubscriptionItem.price_id)
    .outerjoin(Plan, Plan.id == Price.plan_id)
    .where(Subscription.organisation_id.in_(bindparam("ids", expanding=True)))
    .order_by(Subscription.started_at.desc(), Subscription.id.desc(), SubscriptionItem.id)
    .limit(20)
)
_LATEST = (
    select(Invoice)
    .where(Invoice.organisation_id.in_(bindparam("ids", expanding=True)))
    .order_by(Invoice.created_at.desc(), Invoice.id.desc())
    .limit(5)
)


def contracts(session: AnySession, organisation_ids: tuple[int, ...]) -> list[Contract]:
    """The subscriptions of these organisations, latest first, with what is on them; in two statements."""
    rows = session.execute(_CONTRACTS, {"ids": organisation_ids}).all()
    notices = renewals.notices_of(session, {subscription.stripe_id for subscription, *_rest in rows}) if rows else {}
    found: dict[int, Contract] = {}
    for subscription, organisation, price, plan, quantity in rows:
        contract = found.get(subscription.id)
        if contract is None:
            contract = found[subscription.id] = _contract(subscription, organisation)
            contract.rows.extend(_notice(mail) for mail in notices.get(subscription.stripe_id, [])[:4])
        contract.rows.insert(0, _item(price, plan, quantity))
    return list(found.values())


def _contract(subscription: Subscription, organisation: str) -> Contract:
    word, tone = STATUSES.get(subscription.status, (subscription.status, "plain"))
    contract = Contract(organisation, (str(word), tone), [], subscription.stripe_id, subscription.id)
    ending, renews = subscription.ending_at or subscription.ended_at, subscription.renews_at
    if ending:
        contract.rows.append((gettext("Ends"), formats.day(ending)))
    elif renews:
        contract.rows.append((gettext("Renews"), formats.day(renews)))
    if subscription.card_last4:
        contract.rows.append((gettext("Card"), f"{subscription.card_brand.title()} •••• {subscription.card_last4}"))
    return contract


def _notice(mail: Any) -> tuple[str, str]:
    """The proof that a renewal was announced: when the notice left, and to whom."""
    return gettext("Renewal notice"), _sent(mail)


def _sent(mail: Any) -> str:
    at = formats.moment(mail.closed_at or mail.created_at)
    if mail.closed_at is None:
        return gettext("waits to be sent to %(address)s", address=mail.to_address)
    if mail.outcome in ("sent", "kept"):
        return gettext("sent on %(day)s to %(address)s", day=at, address=mail.to_address)
    return gettext("not sent (%(why)s)", why=mail.outcome)


def _item(price: Price | None, plan: str | None, quantity: int | None) -> tuple[str, str]:
    if price is None or plan is None:
        return gettext("Plan"), gettext("a price we do not sell")
    amount = formats.money(price.unit_amount * (quantity or 1), price.currency)
    each = gettext("a month") if price.interval is Interval.MONTH else gettext("a year")
    return plan, gettext("%(amount)s before tax %(each)s", amount=amount, each=each)


def invoices(session: AnySession, organisation_ids: tuple[int, ...]) -> list[InvoiceRow]:
    """The last invoices of these organisations."""
    return [_invoice(row) for row in session.scalars(_LATEST, {"ids": organisation_ids})]


def _invoice(invoice: Invoice) -> InvoiceRow:
    word, tone = _INVOICES.get(invoice.status, (invoice.status, "plain"))
    return InvoiceRow(
        invoice.number or invoice.stripe_id,
        formats.day(invoice.created_at),
        formats.money(invoice.total, invoice.currency),
        (str(word), tone),
        invoice.id,
        formats.day(invoice.due_at) if invoice.status == "open" and invoice.due_at else "",
    )

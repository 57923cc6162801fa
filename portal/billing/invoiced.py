"""What is known here of orders by invoice: read by pages and the mirror; what is owed, until when, with what grace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal import clock
from portal.billing.models import Invoice, Subscription
from portal.billing.models_invoiced import InvoiceOrder, OrderState, WrittenQuote
from portal.billing.rights import INVOICE_GRACE
from portal.db import AnySession
from portal.organisations import seats


class OrderUnpaid(Exception):
    """The organisation owes an invoice of an order: it is paid before anything else is bought."""


def unpaid_order(session: AnySession, organisation_id: int) -> InvoiceOrder | None:
    """The order nobody has paid yet, if there is one."""
    mine = (InvoiceOrder.organisation_id == organisation_id, InvoiceOrder.state == OrderState.OPEN)
    return session.scalars(select(InvoiceOrder).where(*mine)).one_or_none()


def owed(session: AnySession, organisation_id: int) -> Invoice | None:
    """The invoice to be paid by transfer that is due first."""
    mine = (Invoice.organisation_id == organisation_id, Invoice.status == "open", Invoice.due_at.is_not(None))
    return session.scalars(select(Invoice).where(*mine).order_by(Invoice.due_at, Invoice.id).limit(1)).one_or_none()


def is_unpaid(session: AnySession, organisation_id: int) -> bool:
    """True while an order or an invoice by transfer waits for its money."""
    return unpaid_order(session, organisation_id) is not None or owed(session, organisation_id) is not None


def refuse_unpaid(session: AnySession, organisation_id: int) -> None:
    """Raises OrderUnpaid while something is unpaid."""
    if is_unpaid(session, organisation_id):
        raise OrderUnpaid


@dataclass(frozen=True, slots=True)
class Contract:
    """An order with the terms of its quote."""

    order: InvoiceOrder
    terms_days: int
    grace: timedelta


def contract(session: AnySession, stripe_subscription_id: str) -> Contract | None:
    """The order behind a subscription; None when it was bought otherwise."""
    statement = (
        select(InvoiceOrder, WrittenQuote.terms_days, WrittenQuote.grace_days)
        .join(WrittenQuote, WrittenQuote.id == InvoiceOrder.quote_id)
        .where(InvoiceOrder.stripe_subscription_id == stripe_subscription_id)
    )
    found = session.execute(statement).one_or_none()
    return Contract(found[0], found[1], timedelta(days=found[2])) if found else None


def grace(session: AnySession, stripe_subscription_id: str) -> timedelta:
    """How long access is kept after a due date."""
    known = contract(session, stripe_subscription_id)
    return known.grace if known else INVOICE_GRACE


def cut_at(session: AnySession, invoice: Invoice, subscription: Subscription) -> datetime | None:
    """When access ends if an open invoice stays unpaid; None for one that no transfer is awaited for."""
    if invoice.status != "open" or invoice.due_at is None:
        return None
    until = invoice.due_at + grace(session, subscription.stripe_id)
    return min(until, subscription.ending_at) if subscription.ending_at else until


def recognise(session: AnySession, organisation_id: int, stripe_id: str, metadata: Mapping[str, str]) -> None:
    """Tie a subscription to the order its metadata names, should the answer that told its id have been lost."""
    word = metadata.get("order", "")
    if not word.isdecimal() or len(word) > 9:
        return
    order = session.get(InvoiceOrder, int(word))
    if order is not None and order.organisation_id == organisation_id and order.stripe_subscription_id is None:
        order.stripe_subscription_id = stripe_id
        session.flush()


def settle(session: AnySession, subscription: Subscription, invoices: Sequence[Invoice]) -> None:
    """What a sync saw of an order: it is there, whoever accepted sits down if they wished to, and what is owed."""
    known = contract(session, subscription.stripe_id)
    if known is None or known.order.state is OrderState.FAILED:
        return
    order = known.order
    if order.opened_at is None:
        order.opened_at = clock.now()
        _seat(session, order)
    if order.state is OrderState.OPEN:
        order.state = _state(subscription, invoices)
    session.flush()


def _seat(session: AnySession, order: InvoiceOrder) -> None:
    if not order.buyer_reads or order.accepted_by is None:
        return
    try:
        seats.open_seat(session, order.organisation_id, order.accepted_by, actor_id=order.accepted_by)
    except seats.NoSeatLeft:
        return


def _state(subscription: Subscription, invoices: Sequence[Invoice]) -> OrderState:
    """Paid once its invoice is; closed when it was voided or written off, or the contract ended before any was sent."""
    states = {invoice.status for invoice in invoices}
    if "open" in states:
        return OrderState.OPEN
    if "paid" in states:
        return OrderState.PAID
    given_up = bool(states & {"void", "uncollectible"}) or subscription.status == "canceled"
    return OrderState.CLOSED if given_up else OrderState.OPEN

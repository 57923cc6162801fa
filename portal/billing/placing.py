"""An accepted quote at Stripe: the subscription opened, its first invoice sent, its state read; each step once.

The request that accepted does it; what it could not do, the worker does later.
"""

from sqlalchemy import select

from portal import clock
from portal.billing import alarm, catalogue, customers, offering, quote_documents, sync
from portal.billing.demands import InvoicedOrder
from portal.billing.gateway import Gateway, current
from portal.billing.inbox import pause
from portal.billing.models_invoiced import InvoiceOrder, OrderState, QuoteState, WrittenQuote
from portal.billing.passing_on import leased
from portal.billing.shapes import GatewayBusy, GatewayRefused, GatewayUnavailable, ObjectGone
from portal.db import AnySession, db, end_reading, writing
from portal.organisations import founding

WAITS = (InvoiceOrder.state == OrderState.OPEN, InvoiceOrder.opened_at.is_(None))


def carry_out(session: AnySession, gateway: Gateway, order_id: int) -> bool:
    """Open the subscription, send its invoice, read the state: each step once. False: the worker tries again."""
    try:
        known = _at_stripe(session, gateway, order_id)
        _send(gateway, known)
        sync.subscription(session, gateway, known)
    except GatewayRefused as refusal:
        _refused(session, order_id, refusal)
        return False
    except GatewayUnavailable as error:
        _postpone(session, order_id, busy=isinstance(error, GatewayBusy))
        return False
    return True


def _send(gateway: Gateway, known: str) -> None:
    """Somebody else may have sent the invoice a moment ago; at the latest Stripe does by itself within the hour."""
    try:
        gateway.send_first_invoice(known)
    except GatewayRefused:
        return


def _at_stripe(session: AnySession, gateway: Gateway, order_id: int) -> str:
    """The id of the order's subscription, made now if it was not; an emptied Stripe is furnished once more."""
    try:
        return _subscription(session, gateway, order_id)
    except ObjectGone:
        catalogue.sync_plans(session, gateway)
        return _subscription(session, gateway, order_id)


def _subscription(session: AnySession, gateway: Gateway, order_id: int) -> str:
    order = session.get_one(InvoiceOrder, order_id)
    if order.stripe_subscription_id is not None:
        known = order.stripe_subscription_id
        end_reading(session)
        return known
    buyer, again = _buyer_of(session, order), order.attempts > 0
    customer_id = customers.ensure_for(session, gateway, buyer, order.locale)
    found = gateway.subscription_of_order(customer_id, str(order_id)) if again else None
    wish = _wish(session, order_id, customer_id)
    made = found or gateway.subscribe_by_invoice(wish, f"{buyer.key}-order-{customers.digest(wish)}")
    with writing(session):
        session.get_one(InvoiceOrder, order_id).stripe_subscription_id = made
    return made


def _buyer_of(session: AnySession, order: InvoiceOrder) -> customers.Buyer:
    quote = session.get_one(WrittenQuote, order.quote_id)
    prices = tuple(line.price_id for line in quote_documents.document(session, quote).lines)
    owner = founding.owner_of(session, order.organisation_id)
    reader_id = order.accepted_by or (owner.id if owner else 0)
    return customers.Buyer(order.organisation_id, reader_id, prices, order.idempotency_key)


def _wish(session: AnySession, order_id: int, customer_id: str) -> InvoicedOrder:
    order = session.get_one(InvoiceOrder, order_id)
    quote = session.get_one(WrittenQuote, order.quote_id)
    document = quote_documents.document(session, quote)
    sold = [customers.sold_at_stripe(session, line.price_id) for line in document.lines]
    wish = InvoicedOrder(
        customer_id=customer_id,
        price_ids=tuple(price for price, _rate in sold),
        quantity=quote.quantity,
        tax_rate_ids=(sold[0][1],) if document.sums.basis_points else (),
        days_until_due=quote.terms_days,
        metadata={"order": str(order.id), "organisation": str(order.organisation_id)},
    )
    end_reading(session)
    return wish


def _postpone(session: AnySession, order_id: int, *, busy: bool) -> None:
    with writing(session):
        order = session.get_one(InvoiceOrder, order_id)
        order.attempts += 1
        order.next_attempt_at = clock.now() + pause(order.attempts, busy=busy)


def _refused(session: AnySession, order_id: int, refusal: GatewayRefused) -> None:
    """Stripe's no to an order that opened nothing frees its quote again; staff hear of it either way."""
    with writing(session):
        order = session.get_one(InvoiceOrder, order_id)
        order.attempts, order.next_attempt_at = order.attempts + 1, clock.now() + pause(order.attempts + 9)
        if order.stripe_subscription_id is None:
            order.state = OrderState.FAILED
            offering.held(session, order.quote_id).state = QuoteState.SENT
        _tell_staff(session, order, refusal)


def _tell_staff(session: AnySession, order: InvoiceOrder, refusal: GatewayRefused) -> None:
    values = {"what": "order-refused", "order": order.id, "code": refusal.code}
    alarm.raise_once(session, order.organisation_id, values)


def failed(session: AnySession, order_id: int) -> bool:
    """True when Stripe refused the order."""
    return session.scalar(select(InvoiceOrder.state).where(InvoiceOrder.id == order_id)) is OrderState.FAILED


def finish_due(limit: int = 20) -> int:
    """The worker's turn: orders that Stripe has not heard of; returns how many were finished."""
    session, gateway = db.session, current()
    return sum(carry_out(session, gateway, one) for one in leased(session, InvoiceOrder, *WAITS, limit=limit))

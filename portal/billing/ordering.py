"""Accepting a quote: the order is committed, then Stripe is asked, then its answer is committed.

At most one order is unpaid per organisation, and one stands for a quote (the database says so both); what creates
anything at Stripe carries the order's key. While Stripe is silent the order stands, and the worker goes on with it.
"""

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock, outbox
from portal.accounts import acquaintance
from portal.accounts.models import Reader
from portal.billing import checkout, offering
from portal.billing.gateway import Gateway
from portal.billing.invoiced import OrderUnpaid
from portal.billing.models import Interval
from portal.billing.models_invoiced import InvoiceOrder, OrderState, QuoteState, WrittenQuote
from portal.billing.offering import QuoteError
from portal.billing.orders import Identity, write_identity
from portal.billing.passing_on import LEASE
from portal.billing.quote_documents import Document, document
from portal.db import AnySession, broke
from portal.formats import integer, money
from portal.i18n import gettext, use_locale
from portal.organisations import founding
from portal.organisations.models import Organisation
from portal.web import absolute


class NotYours(Exception):
    """The quote is for an organisation that this reader does not manage."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What whoever accepts fills in, checked by its form."""

    identity: Identity
    billing_email: str
    service_code: str
    commitment_number: str
    buyer_reads: bool
    terms_version: str
    locale: str
    buyer_name: str = ""


def make_room(session: AnySession, gateway: Gateway, reader_id: int, quote: WrittenQuote) -> None:
    """See to it that no payment page of the organisation takes money beside the order.

    Raises AlreadySubscribed (one was paid), CheckoutBusy, GatewayUnavailable.
    """
    organisation_id = quote.organisation_id
    if organisation_id is None:
        mine = founding.managed_by(session, reader_id)
        organisation_id = mine.id if mine else None
    if organisation_id is not None:
        checkout.close_open_page(session, gateway, organisation_id)


def accept(session: AnySession, quote_id: int, reader_id: int, given: Acceptance) -> int:
    """The order of this quote: the one that stands already, or a new one, in the caller's unit of work.

    Raises NotYours, QuoteError (answered otherwise, or expired), AlreadySubscribed, OrderUnpaid and
    CheckoutBusy.
    """
    quote = offering.held(session, quote_id)
    organisation = _buyer(session, quote, reader_id)
    if (known := _order_of(session, quote.id)) is not None:
        return known.id
    if quote.state is not QuoteState.SENT:
        raise QuoteError(quote.state.value)
    if clock.now() >= quote.valid_until:
        raise QuoteError("expired")
    checkout.refuse_beside(session, organisation.id)
    return _placed(session, quote, organisation, reader_id, given)


def _buyer(session: AnySession, quote: WrittenQuote, reader_id: int) -> Organisation:
    """The organisation that orders, held. Raises NotYours."""
    if quote.organisation_id is None:
        return founding.organisation_held(session, reader_id)
    if not founding.manages(session, reader_id, quote.organisation_id):
        raise NotYours
    return session.get_one(Organisation, quote.organisation_id, with_for_update=True)


def _order_of(session: AnySession, quote_id: int) -> InvoiceOrder | None:
    statement = select(InvoiceOrder).where(InvoiceOrder.quote_id == quote_id, InvoiceOrder.state != OrderState.FAILED)
    return session.scalars(statement).one_or_none()


def _placed(
    session: AnySession, quote: WrittenQuote, organisation: Organisation, reader_id: int, given: Acceptance
) -> int:
    write_identity(organisation, given.identity)
    organisation.billing_email = given.billing_email
    acquaintance.learn(session, reader_id, name=given.buyer_name, company=given.identity.name)
    quote.organisation_id = organisation.id
    order = _row(quote, organisation, reader_id, given)
    session.add(order)
    try:
        session.flush()
    except IntegrityError as error:
        if broke(error, "uq_invoice_orders_unpaid"):
            raise OrderUnpaid from error
        raise
    offering.accepted(session, quote, actor_id=reader_id)
    _note(session, order, reader_id)
    _acknowledge(session, order, document(session, quote), organisation)
    return order.id


def _row(quote: WrittenQuote, organisation: Organisation, reader_id: int, given: Acceptance) -> InvoiceOrder:
    now = clock.now()
    return InvoiceOrder(
        quote_id=quote.id,
        organisation_id=organisation.id,
        accepted_by=reader_id,
        accepted_at=now,
        terms_version=given.terms_version,
        purchase_reference=given.identity.purchase_reference,
        service_code=given.service_code,
        commitment_number=given.commitment_number,
        buyer_reads=given.buyer_reads,
        locale=given.locale,
        idempotency_key=secrets.token_hex(16),
        state=OrderState.OPEN,
        attempts=0,
        next_attempt_at=now + LEASE,
    )


def _note(session: AnySession, order: InvoiceOrder, reader_id: int) -> None:
    values = {"order": order.id, "quote": order.quote_id, "terms": order.terms_version}
    target = ("organisation", order.organisation_id)
    audit.record(session, "order.placed", actor_id=reader_id, target=target, values=values)


def _acknowledge(session: AnySession, order: InvoiceOrder, shown: Document, organisation: Organisation) -> None:
    """To whoever accepted: what was ordered, on what terms, and that the invoice follows."""
    reader = session.get_one(Reader, order.accepted_by)
    outbox.post(
        session,
        "order_received",
        key=f"order-received:{order.id}",
        to=reader.email,
        locale=order.locale,
        reader_id=reader.id,
        context={
            "name": reader.name,
            "document": shown,
            "order": order,
            "rows": _rows(shown, order),
            "organisation": organisation.name,
            "invoices_to": organisation.billing_email,
            "billing_url": absolute("/billing/"),
            "terms_url": absolute(f"/legal/terms-of-sale/{order.terms_version}"),
            "colour": None,
        },
    )


def _rows(shown: Document, order: InvoiceOrder) -> list[tuple[str, str]]:
    """The order in words, in the language it was placed in."""
    sums, currency = shown.sums, shown.currency
    with use_locale(order.locale):
        each = gettext("each year") if shown.interval is Interval.YEAR else gettext("each month")
        found = [
            (gettext("Plan"), shown.plan),
            (gettext("Licences"), integer(shown.quote.quantity)),
            (gettext("Total before VAT"), money(sums.net, currency)),
            (gettext("VAT"), money(sums.tax, currency)),
            (gettext("Total incl. VAT"), f"{money(sums.total, currency)}, {each}"),
            (gettext("Purchase order reference"), order.purchase_reference),
            (gettext("Service code"), order.service_code),
            (gettext("Commitment number"), order.commitment_number),
        ]
    return [(term, value) for term, value in found if value]

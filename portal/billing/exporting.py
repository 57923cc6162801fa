"""An organisation's invoices as a file for its accounts: one line each, with who sells, who buys, and the references.

The buyer's names, numbers and references are those of now; the invoice itself keeps those of its day.
"""

from datetime import datetime

from sqlalchemy import select

from portal.billing import on_invoices
from portal.billing.models import Invoice, Subscription
from portal.billing.models_invoiced import InvoiceOrder
from portal.clock import paris_date
from portal.db import AnySession
from portal.i18n import gettext as _
from portal.organisations.models import Organisation
from portal.spreadsheets import Cents, table


def exported(session: AnySession, organisation: Organisation, locale: str) -> bytes:
    """Every invoice that has a number, newest first. Call it in the language of the file."""
    statement = select(Invoice).where(Invoice.organisation_id == organisation.id, Invoice.status != "draft")
    rows = session.scalars(statement.order_by(Invoice.created_at.desc(), Invoice.id.desc()))
    orders = _orders(session, organisation.id)
    return table(_header(), [_row(one, organisation, orders.get(one.subscription_id or 0)) for one in rows], locale)


def _orders(session: AnySession, organisation_id: int) -> dict[int, InvoiceOrder]:
    """The orders behind subscriptions that are paid by invoice, by the subscription's row: they carry references."""
    statement = (
        select(Subscription.id, InvoiceOrder)
        .join(InvoiceOrder, InvoiceOrder.stripe_subscription_id == Subscription.stripe_id)
        .where(Subscription.organisation_id == organisation_id)
    )
    return {found.id: found.InvoiceOrder for found in session.execute(statement)}


def _header() -> list[str]:
    return [
        _("Number"),
        _("Date"),
        _("Due date"),
        _("State"),
        _("Paid on"),
        _("Reduction"),
        _("Before VAT"),
        _("VAT"),
        _("Incl. VAT"),
        _("Amount paid"),
        _("Currency"),
        _("Seller"),
        _("Buyer"),
        _("SIREN or SIRET"),
        _("VAT number"),
        _("Purchase order reference"),
        _("Service code"),
        _("Commitment number"),
        _("Stripe’s id"),
    ]


def _row(invoice: Invoice, organisation: Organisation, order: InvoiceOrder | None) -> list[object]:
    words = {"paid": _("Paid"), "open": _("To pay"), "void": _("Void"), "uncollectible": _("Written off")}
    amounts = (invoice.discount, invoice.subtotal, invoice.tax, invoice.total, invoice.amount_paid)
    return [
        invoice.number or "",
        _day(invoice.created_at),
        _day(invoice.due_at),
        words.get(invoice.status, invoice.status),
        _day(invoice.paid_at),
        *(Cents(amount) for amount in amounts),
        invoice.currency.upper(),
        on_invoices.publisher(),
        organisation.name,
        organisation.siren,
        organisation.vat_number,
        (order.purchase_reference if order else "") or organisation.purchase_reference,
        order.service_code if order else "",
        order.commitment_number if order else "",
        invoice.stripe_id,
    ]


def _day(at: datetime | None) -> str:
    """The civil day in Paris as every program reads it: 2026-11-27."""
    return paris_date(at).isoformat() if at else ""


def file_name(day: str) -> str:
    """What the file is called."""
    return _("invoices-%(day)s.csv", day=day)

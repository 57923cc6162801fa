"""Transfers: which invoices wait for one, and the act that notes that the money came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, render_template, url_for
from flask_login import current_user
from sqlalchemy import select

from portal import audit
from portal.access.asking import forget_facts
from portal.admin.forms_quotes import ReceivedForm
from portal.admin.pages import bp, found
from portal.audit import AuditEvent
from portal.billing import invoiced, sync
from portal.billing.gateway import current
from portal.billing.models import Invoice, Subscription
from portal.billing.shapes import GatewayRefused, GatewayUnavailable
from portal.db import AnySession, db, end_reading, writing
from portal.i18n import gettext
from portal.organisations.models import Organisation
from portal.roles import Permission
from portal.web import allow, private, see_other, staff

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Awaited:
    """An invoice that waits for a transfer, and when access closes without it."""

    invoice: Invoice
    organisation: str
    cut_at: datetime | None


def awaited(session: AnySession) -> list[Awaited]:
    """Open invoices with a due date, the one that is due first first."""
    statement = (
        select(Invoice, Organisation.name, Subscription)
        .join(Organisation, Organisation.id == Invoice.organisation_id)
        .outerjoin(Subscription, Subscription.id == Invoice.subscription_id)
        .where(Invoice.status == "open", Invoice.due_at.is_not(None))
        .order_by(Invoice.due_at, Invoice.id)
        .limit(SHOWN)
    )
    rows = session.execute(statement)
    return [Awaited(one, name, invoiced.cut_at(session, one, row) if row else None) for one, name, row in rows]


@bp.route("/admin/invoices/<int:invoice_id>/received", methods=["GET", "POST"])
@allow(staff(Permission.REPAIR_BILLING))
@private
def received(invoice_id: int) -> Any:
    """Note that an invoice was paid by transfer, on a page of its own; Stripe is told, and rights follow."""
    invoice, form = found(Invoice, invoice_id), ReceivedForm()
    if invoice.status == "paid":
        flash(gettext("This invoice is paid already."), "info")
        return see_other(_back(invoice))
    if form.validate_on_submit() and _noted(form, invoice_id):
        return see_other(_back(found(Invoice, invoice_id)))
    page = render_template(
        "admin/received.html",
        form=form,
        invoice=found(Invoice, invoice_id),
        organisation=found(Organisation, invoice.organisation_id),
    )
    return page, 422 if form.errors else 200


def _back(invoice: Invoice) -> str:
    return url_for("admin.organisation", organisation_id=invoice.organisation_id)


def _noted(form: ReceivedForm, invoice_id: int) -> bool:
    """Tell Stripe, read the state, write the act down once; asked again after an answer was lost, it is still once."""
    invoice = found(Invoice, invoice_id)
    known, stripe_id = invoice.stripe_id, _subscription_of(invoice)
    end_reading()
    try:
        _pay(known)
        if stripe_id is not None:
            sync.subscription(db.session, current(), stripe_id)
    except GatewayUnavailable:
        form.refuse(gettext("Stripe does not answer. Nothing was noted: try again in a moment."))
        return False
    if found(Invoice, invoice_id).status != "paid":
        form.refuse(gettext("Stripe did not take it: this invoice cannot be paid any more. Nothing was noted."))
        return False
    _record(invoice_id, form.reference.data)
    forget_facts()
    flash(gettext("Noted: the invoice is paid, and access follows."), "success")
    return True


def _pay(known: str) -> None:
    """A refusal says that it is paid, void or given up already: what is read afterwards tells."""
    try:
        current().paid_by_transfer(known, f"received-{known}")
    except GatewayRefused:
        return


def _subscription_of(invoice: Invoice) -> str | None:
    row = db.session.get(Subscription, invoice.subscription_id) if invoice.subscription_id else None
    return row.stripe_id if row else None


def _record(invoice_id: int, reference: str) -> None:
    with writing() as unit:
        invoice = unit.get_one(Invoice, invoice_id, with_for_update=True)
        target = ("organisation", invoice.organisation_id)
        values = {"invoice": invoice.stripe_id, "number": invoice.number or "–", "amount": invoice.total}
        same = (AuditEvent.act == "invoice.received", AuditEvent.target_id == invoice.organisation_id)
        past = unit.scalars(select(AuditEvent.values).where(*same))
        if all(one.get("invoice") != invoice.stripe_id for one in past):
            personal = {"reason": reference}
            audit.record(
                unit, "invoice.received", actor_id=current_user.id, target=target, values=values, personal=personal
            )

"""What the billing page adds for whoever pays by invoice: until when it may be paid, when access closes, where to."""

from dataclasses import dataclass, replace
from datetime import datetime

from portal import clock
from portal.billing import invoiced, on_invoices
from portal.billing.mirror import LIVE
from portal.billing.models import Invoice
from portal.billing.models_invoiced import InvoiceOrder
from portal.billing.on_invoices import Account
from portal.billing.queries import Standing, State
from portal.billing.told import Step, Told
from portal.db import AnySession
from portal.formats import day, moment, money
from portal.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is to be paid by transfer, until when access lasts without it, and where the money goes to.

    `access_until` is None once access is closed.
    """

    invoice: Invoice
    cut_at: datetime
    access_until: datetime | None
    account: Account | None
    order: InvoiceOrder | None = None

    @property
    def due_at(self) -> datetime:
        """The due date."""
        return self.invoice.due_at or self.cut_at


def transfer(session: AnySession, standing: Standing) -> Transfer | None:
    """The invoice that waits for a transfer; None when none does."""
    row = standing.subscription
    if row is None:
        return None
    owed = invoiced.owed(session, row.organisation_id)
    cut = invoiced.cut_at(session, owed, row) if owed is not None else None
    if owed is None or cut is None:
        return None
    known = invoiced.contract(session, row.stripe_id)
    lasts = cut if row.status in LIVE and clock.now() < cut else None
    return Transfer(owed, cut, lasts, on_invoices.account(), known.order if known else None)


def with_transfer(said: Told, standing: Standing, owed: Transfer | None, now: datetime) -> Told:
    """The words of the page, with the date that counts: due before it, cut after it."""
    if owed is None or standing.state not in (State.ACTIVE, State.PAST_DUE, State.ENDING) or now >= owed.cut_at:
        return said
    values = {"total": money(owed.invoice.amount_due, owed.invoice.currency), "number": owed.invoice.number or "–"}
    if now < owed.due_at:
        title = _("Invoice %(number)s of %(total)s is to be paid by %(day)s", **values, day=day(owed.due_at))
        text = _("Access stays open until %(day)s, even if the transfer takes its time.", day=moment(owed.cut_at))
        return replace(said, banner=("warn", title, text))
    title = _("Invoice %(number)s of %(total)s was due on %(day)s", **values, day=day(owed.due_at))
    text = _("Access closes on %(day)s if it is not paid by then.", day=moment(owed.cut_at))
    return replace(said, banner=("bad", title, text))


def waiting(order: InvoiceOrder) -> Told:
    """An order that the payment service has not heard of yet."""
    sentence = _("Your order of %(day)s is kept, and being passed on.", day=moment(order.accepted_at))
    title = _("The payment service does not answer right now")
    text = _("There is nothing left for you to do: access opens as soon as it does, and the invoice follows by e-mail.")
    again = Step(_("Look again"), "/billing/", icon="refresh")
    return Told(sentence, "plain", _("Opening"), ("warn", title, text), [again])

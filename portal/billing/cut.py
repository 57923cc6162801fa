"""The notice before access closes for an unpaid invoice: five days before, once, decided again when it is sent.

Scheduled from the data: an indexed query finds the invoices that wait for a transfer, and no row waits for a mail.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day

from sqlalchemy import select

from portal import clock, outbox
from portal.accounts.models import Reader
from portal.billing import invoiced, on_invoices
from portal.billing.mails import plan_names
from portal.billing.mirror import LIVE
from portal.billing.models import Invoice, Subscription
from portal.billing.models_invoiced import InvoiceOrder, WrittenQuote
from portal.billing.rights import INVOICE_GRACE
from portal.clock import PARIS
from portal.db import AnySession, db, end_reading, writing
from portal.organisations import founding
from portal.organisations.models import Organisation
from portal.outbox import Mail
from portal.web import absolute

NOTICE = timedelta(days=5)
MORNING = time_of_day(9)


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice: to a manager (in their language), or to the address invoices go to."""

    key: str
    to: str
    locale: str | None
    reader_id: int | None
    name: str


def process_due(limit: int = 50) -> int:
    """The worker's turn: write what is due, one unit of work for each invoice; returns how many mails were written."""
    now = clock.now()
    if now.astimezone(PARIS).time() < MORNING:
        return 0
    due = [invoice_id for invoice_id, cut in _near(db.session, now) if _untold(db.session, invoice_id, cut)]
    end_reading()
    done = 0
    for invoice_id in due[:limit]:
        with writing() as unit:
            done += tell(unit, invoice_id)
    return done


def _near(session: AnySession, now: datetime) -> list[tuple[int, datetime]]:
    """Open invoices, by their due dates, whose access closes within the days of the notice; with when it does."""
    statement = (
        select(Invoice.id, Invoice.due_at, Subscription.ending_at, WrittenQuote.grace_days)
        .join(Subscription, Subscription.id == Invoice.subscription_id)
        .outerjoin(InvoiceOrder, InvoiceOrder.stripe_subscription_id == Subscription.stripe_id)
        .outerjoin(WrittenQuote, WrittenQuote.id == InvoiceOrder.quote_id)
        .where(Invoice.status == "open", Invoice.due_at < now + NOTICE)
        .where(Subscription.status.in_(LIVE))
        .order_by(Invoice.due_at, Invoice.id)
    )
    found: list[tuple[int, datetime]] = []
    for invoice_id, due_at, ending_at, days in session.execute(statement):
        if due_at is None:
            continue
        cut: datetime = due_at + (INVOICE_GRACE if days is None else timedelta(days=days))
        if now < cut <= now + NOTICE and (ending_at is None or cut < ending_at):
            found.append((invoice_id, cut))
    return found


def _untold(session: AnySession, invoice_id: int, cut: datetime) -> bool:
    """True while somebody who should hear of it has no mail: a manager who came yesterday is told, too."""
    invoice = session.get_one(Invoice, invoice_id)
    keys = {letter.key for letter in _letters(session, invoice, cut)}
    told = set(session.scalars(select(Mail.key).where(Mail.key.in_(keys))))
    return bool(keys - told)


def _letters(session: AnySession, invoice: Invoice, cut: datetime) -> Iterator[Letter]:
    once = f"cut:{invoice.stripe_id}:{int(cut.timestamp())}"
    organisation, addresses = session.get_one(Organisation, invoice.organisation_id), set()
    for office in founding.managers_of(session, organisation.id):
        person = session.get_one(Reader, office.reader_id)
        addresses.add(person.email.lower())
        yield Letter(f"{once}:{person.id}", person.email, person.locale, person.id, person.name)
    to = organisation.billing_email
    if to and to.lower() not in addresses:
        owner = founding.owner_of(session, organisation.id)
        yield Letter(f"{once}:billing", to, owner.locale if owner else None, None, "")


def tell(session: AnySession, invoice_id: int) -> int:
    """Write this notice to everybody it concerns when it is right now; returns how many were written."""
    invoice = session.get_one(Invoice, invoice_id)
    row = session.get(Subscription, invoice.subscription_id) if invoice.subscription_id else None
    cut = invoiced.cut_at(session, invoice, row) if row else None
    if row is None or cut is None or cut <= clock.now():
        return 0
    told = {
        "plan": plan_names(session, row.id),
        "organisation": session.get_one(Organisation, row.organisation_id).name,
        "invoice": invoice,
        "cut_at": cut,
        "account": on_invoices.account(),
        "billing_url": absolute("/billing/"),
        "colour": None,
    }
    facts: dict[str, object] = {"invoice": invoice.stripe_id, "cut_at": cut.isoformat()}
    letters = list(_letters(session, invoice, cut))
    return sum(_post(session, letter, {**told, "name": letter.name}, facts, cut - clock.now()) for letter in letters)


def _post(
    session: AnySession, letter: Letter, context: dict[str, object], facts: dict[str, object], lasts: timedelta
) -> bool:
    return outbox.post(
        session,
        "invoice_cut",
        key=letter.key,
        to=letter.to,
        locale=letter.locale,
        reader_id=letter.reader_id,
        context=context,
        facts=facts,
        expires_in=lasts,
    )


@outbox.still_wanted("invoice_cut")
def _still_closing(session: AnySession, mail: Mail) -> bool:
    """Nobody is told of a cut that a payment, or another date, has undone."""
    statement = select(Invoice).where(Invoice.stripe_id == mail.facts.get("invoice"))
    invoice = session.scalars(statement).one_or_none()
    row = session.get(Subscription, invoice.subscription_id) if invoice and invoice.subscription_id else None
    cut = invoiced.cut_at(session, invoice, row) if invoice and row and row.status in LIVE else None
    return cut is not None and cut.isoformat() == mail.facts.get("cut_at")

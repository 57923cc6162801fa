"""What is kept no longer: one table of rules that the worker, `portal retention run` and the tests read.

Periods are those of the privacy page. Accounts that nobody has used for three years and that hold no right are erased
as their owner would erase them; everything else here is rows deleted.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import ColumnElement, delete, func, select

from portal import audit, clock
from portal.access import ledger
from portal.access.models import Grant, TrialLedger
from portal.accounts.models import (
    AccountToken,
    AddressProof,
    PendingRegistration,
    PersonKey,
    Reader,
    ReaderSession,
)
from portal.accounts.models_security import AddressChange, DataExport, SignInCode
from portal.billing.models import Invoice, StripeEvent
from portal.billing.models_invoiced import InvoiceOrder, WrittenQuote
from portal.billing.models_leaving import CancellationRequest
from portal.billing.models_renewals import RenewalProof
from portal.clock import paris_date
from portal.db import AnySession, db, end_reading, writing
from portal.enquiries.models import Enquiry, EnquiryState
from portal.organisations.models import Manager, Seat
from portal.outbox import Mail
from portal.profile import erasure
from portal.reading.models import Reading
from portal.roles import Role
from portal.throttle import ThrottleHit
from portal.trials.models import TrialRequest

log = logging.getLogger(__name__)
DAY = timedelta(days=1)
WEEK, MONTHS = timedelta(days=7), timedelta(days=60)
YEAR = timedelta(days=365)
FORGOTTEN = 3 * YEAR
_AT_ONCE = 100  # accounts erased in one look


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of a table that are due once they are `age` past what `due` looks at; it is given that instant."""

    words: str
    table: type[Any]
    age: timedelta
    due: Callable[[datetime], ColumnElement[bool]]

    def condition(self, now: datetime) -> ColumnElement[bool]:
        """Which rows are due now."""
        return self.due(now - self.age)


def _over_since(at: datetime) -> ColumnElement[bool]:
    ended = func.coalesce(ReaderSession.ended_at, ReaderSession.idle_until)
    return ended < at


def _audited_before(at: datetime) -> ColumnElement[bool]:
    events = select(audit.AuditEvent.id).where(audit.AuditEvent.at < at)
    return audit.AuditPersonal.event_id.in_(events)


def _settled_before(at: datetime) -> ColumnElement[bool]:
    settled = func.coalesce(Enquiry.answered_at, Enquiry.created_at) < at
    return (Enquiry.state != EnquiryState.OPEN) & settled


def _asked_to_cancel_before(at: datetime) -> ColumnElement[bool]:
    return func.coalesce(CancellationRequest.expires_at, CancellationRequest.handled_at) < at


def _came_to_nothing_before(at: datetime) -> ColumnElement[bool]:
    ordered = select(InvoiceOrder.id).where(InvoiceOrder.quote_id == WrittenQuote.id)
    return (WrittenQuote.valid_until < at) & ~ordered.exists()


RULES: tuple[Rule, ...] = (
    Rule("counts of attempts", ThrottleHit, DAY, lambda at: ThrottleHit.at < at),
    Rule("links of mails", AccountToken, 30 * DAY, lambda at: AccountToken.expires_at < at),
    Rule(
        "registrations nobody confirmed", PendingRegistration, 30 * DAY, lambda at: PendingRegistration.expires_at < at
    ),
    Rule("codes that sign in", SignInCode, DAY, lambda at: SignInCode.expires_at < at),
    Rule("codes that prove an address", AddressProof, DAY, lambda at: AddressProof.expires_at < at),
    Rule("changes of address", AddressChange, 30 * DAY, lambda at: AddressChange.expires_at < at),
    Rule("copies of one's data", DataExport, timedelta(), lambda at: DataExport.expires_at <= at),
    Rule("sessions that are over", ReaderSession, YEAR, _over_since),
    Rule("articles read", Reading, YEAR, lambda at: Reading.day < paris_date(at)),
    Rule("mails", Mail, YEAR, lambda at: Mail.closed_at < at),
    Rule("personal values of the audit", audit.AuditPersonal, YEAR, _audited_before),
    Rule("webhooks", StripeEvent, YEAR, lambda at: StripeEvent.done_at < at),
    Rule("questions and answers", Enquiry, 3 * YEAR, _settled_before),
    Rule("requests about trials", TrialRequest, 3 * YEAR, lambda at: TrialRequest.answered_at < at),
    Rule("trials in the ledger", TrialLedger, timedelta(), lambda at: TrialLedger.forget_at < at),
    Rule("hashes of people nobody knows", PersonKey, timedelta(), lambda _at: ledger.unknown()),
    Rule("requests to cancel", CancellationRequest, 30 * DAY, _asked_to_cancel_before),
    Rule("proofs of renewal notices", RenewalProof, 5 * YEAR, lambda at: RenewalProof.sent_at < at),
    Rule("quotes that came to nothing", WrittenQuote, 3 * YEAR, _came_to_nothing_before),
    Rule("invoices", Invoice, 10 * YEAR, lambda at: Invoice.created_at < at),
)


def due(session: AnySession, now: datetime) -> dict[str, int]:
    """How much would go now, by the words of each rule; accounts last."""
    counts = {rule.words: _count(session, select(rule.table).where(rule.condition(now))) for rule in RULES}
    return {**counts, "accounts nobody uses": _count(session, _forgotten(now))}


def _count(session: AnySession, rows: Any) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def run() -> dict[str, int]:
    """Remove what is due, each rule in a unit of its own; how much went, by the words of each rule."""
    now = clock.now()
    gone: dict[str, int] = {}
    for rule in RULES:
        with writing() as unit:
            gone[rule.words] = unit.execute(delete(rule.table).where(rule.condition(now))).rowcount  # type: ignore[attr-defined]
    return {**gone, "accounts nobody uses": sum(1 for _one in _erase_forgotten(now))}


def _forgotten(now: datetime) -> Any:
    """Readers without contact for three years who have no right, no office and no seat."""
    last = func.coalesce(Reader.last_seen_at, Reader.created_at)
    live = select(Grant.id).where(Grant.reader_id == Reader.id, Grant.ends_at > now, Grant.revoked_at.is_(None))
    seat = select(Seat.id).where(Seat.reader_id == Reader.id, Seat.closed_at.is_(None))
    office = select(Manager.reader_id).where(Manager.reader_id == Reader.id, Manager.ended_at.is_(None))
    nobody = [~held.exists() for held in (live, seat, office)]
    alive = (Reader.role == Role.READER, Reader.erased_at.is_(None))
    return select(Reader.id).where(*alive, last < now - FORGOTTEN, *nobody)


def _erase_forgotten(now: datetime) -> Iterator[int]:
    ids = list(db.session.scalars(_forgotten(now).order_by(Reader.id).limit(_AT_ONCE)))
    end_reading()
    for reader_id in ids:
        with contextlib.suppress(erasure.EraseRefused):  # somebody must look at it: it holds an organisation together
            with writing() as unit:
                erasure.erase(unit, unit.get_one(Reader, reader_id), actor_id=None)
            yield reader_id


def look() -> int:
    """The worker's look; it takes what is due and says how much, so that a long list goes in several looks.

    A clock that leaps ahead by years would make everything due: after a leap nothing lies in the last two months.
    """
    if _leapt(clock.now()):
        log.error("nothing happened here for months: is the clock right? `portal retention run` deletes nevertheless")
        return 0
    return sum(run().values())


def _leapt(now: datetime) -> bool:
    """True when much was done here once, and nothing between two months and a week ago."""
    at = audit.AuditEvent.at
    lived = db.session.scalar(select(audit.AuditEvent.id).where(at < now - MONTHS).limit(1))
    lately = select(audit.AuditEvent.id).where(at >= now - MONTHS, at < now - WEEK).limit(1)
    found = lived is not None and db.session.scalar(lately) is None
    end_reading()
    return found


@click.group("retention")
def retention_group() -> None:
    """What is kept no longer."""


@retention_group.command("run")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@with_appcontext
def run_command(dry_run: bool) -> None:
    """Remove what its period is over for; the worker does the same every hour."""
    counts = due(db.session, clock.now()) if dry_run else run()
    for words, count in counts.items():
        if count:
            click.echo(f"{count:>8}  {words}")
    total = sum(counts.values())
    click.echo(f"{total} would go." if dry_run else f"{total} removed.")


commands: list[click.Command] = [retention_group]

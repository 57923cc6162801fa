"""The figures and the work queue of the start page: each by one query on an index."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from portal import clock, formats
from portal.access import words
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts import signals
from portal.accounts.models import Reader
from portal.admin.queries import SOON
from portal.admin.words import ACTS
from portal.audit import AuditEvent
from portal.billing.models import StripeEvent, Subscription
from portal.db import AnySession
from portal.enquiries import words as words_of_enquiries
from portal.enquiries.queries import oldest_open, open_count
from portal.i18n import gettext
from portal.organisations.models import Manager, Organisation
from portal.outbox import Mail
from portal.reading import pace
from portal.roles import Permission
from portal.trials import queue
from portal.trials.models import RequestKind
from portal.verticals import Vertical

LIVE = ("trialing", "active", "past_due")
SIGNALS = (pace.ACT, signals.ACT)
UNPAID = ("past_due", "unpaid")
QUEUE = 12

May = Callable[[Permission], bool]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its label."""

    label: str
    value: str
    source: str = ""
    delta: str = ""


def figures(session: AnySession, now: datetime, may: May) -> list[Figure]:
    """What this person may know of the house at this moment."""
    found = []
    if may(Permission.SEE_READERS):
        found += _about_readers(session, now, may(Permission.ANSWER_ENQUIRIES))
    if may(Permission.SEE_BILLING):
        found += _about_money(session)
    if may(Permission.SEE_READERS):
        found.append(Figure(gettext("Mails that fail"), formats.integer(_failing_mails(session))))
    return found


def _about_readers(session: AnySession, now: datetime, answers: bool) -> list[Figure]:
    return [
        Figure(gettext("Running trials"), formats.integer(_trials(session, now))),
        Figure(gettext("Trials ending within 48 h"), formats.integer(_trials(session, now, now + SOON))),
        Figure(gettext("Accesses granted this week"), formats.integer(_granted(session, _monday(now)))),
        _to_answer(session, answers),
    ]


def _to_answer(session: AnySession, answers: bool) -> Figure:
    """Requests about trials and, for those who may answer them, what was asked by the forms."""
    asked = open_count(session) if answers else 0
    told = gettext("of which %(count)s through our forms", count=formats.integer(asked)) if asked else ""
    return Figure(gettext("Requests to answer"), formats.integer(queue.waiting_count(session) + asked), delta=told)


def _about_money(session: AnySession) -> list[Figure]:
    seen = session.scalar(select(func.max(StripeEvent.received_at)))
    return [
        Figure(gettext("Live subscriptions"), formats.integer(_subscriptions(session, LIVE))),
        Figure(gettext("Payments due"), formats.integer(_subscriptions(session, UNPAID))),
        Figure(
            gettext("Last word from Stripe"),
            formats.hour(seen) if seen else "–",
            delta=formats.day(seen) if seen else "",
        ),
    ]


def _trials(session: AnySession, now: datetime, before: datetime | None = None) -> int:
    """Trials running now; only those ending by `before` when given. The partial index on ends_at serves both."""
    statement = select(func.count(Grant.id)).where(
        Grant.source == Source.TRIAL, Grant.ends_at > now, Grant.starts_at <= now, Grant.revoked_at.is_(None)
    )
    if before is not None:
        statement = statement.where(Grant.ends_at <= before)
    return session.scalar(statement) or 0


def _monday(now: datetime) -> datetime:
    today = clock.paris_date(now)
    return clock.paris_midnight(today - timedelta(days=today.weekday()))


def _granted(session: AnySession, since: datetime) -> int:
    statement = select(func.count(AuditEvent.id)).where(AuditEvent.act == "grant.given", AuditEvent.at >= since)
    return session.scalar(statement) or 0


def _subscriptions(session: AnySession, statuses: tuple[str, ...]) -> int:
    statement = select(func.count(Subscription.id)).where(Subscription.status.in_(statuses))
    return session.scalar(statement) or 0


def _failing_mails(session: AnySession) -> int:
    """Mails still waiting after a failed attempt (the index holds only those that wait)."""
    statement = select(func.count(Mail.id)).where(Mail.closed_at.is_(None), Mail.attempts > 0)
    return session.scalar(statement) or 0


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person should look at."""

    what: str
    who: str
    reader_id: int | None
    slug: str
    when: str
    url: str = ""


def work_queue(session: AnySession, now: datetime, may: May) -> list[Task]:
    """Questions and requests, unpaid contracts, then trials about to end."""
    tasks: list[Task] = _enquiries(session) if may(Permission.ANSWER_ENQUIRIES) else []
    if may(Permission.SEE_READERS):
        tasks += _waiting_requests(session, may(Permission.EXTEND_TRIALS))
        tasks += _signals(session, now)
    if may(Permission.SEE_BILLING):
        tasks += _unpaid(session)
    if may(Permission.SEE_READERS):
        tasks += _ending_trials(session, now)
    return tasks[: 2 * QUEUE]


def _enquiries(session: AnySession) -> list[Task]:
    return [
        Task(
            what=words_of_enquiries.heading(row),
            who=row.name or row.email,
            reader_id=None,
            slug="",
            when=formats.moment(row.created_at),
            url=f"/admin/enquiries/{row.id}",
        )
        for row in oldest_open(session, QUEUE // 2)
    ]


def _waiting_requests(session: AnySession, answers: bool) -> list[Task]:
    """With the way to the answer for those who may give it."""
    asks = {
        RequestKind.COMPANY_CAP: gettext("Asks for a trial of %(vertical)s beyond the company's cap"),
        RequestKind.EXTENSION: gettext("Asks for more days of %(vertical)s"),
    }
    return [
        Task(
            asks[row.kind] % {"vertical": vertical.name},
            reader.email,
            reader.id,
            vertical.slug,
            formats.moment(row.created_at),
            f"/admin/trial-requests/{row.id}" if answers else "",
        )
        for row, reader, vertical in queue.oldest_waiting(session, QUEUE)
    ]


def _signals(session: AnySession, now: datetime) -> list[Task]:
    """Logins that look as if several people used them, of the last seven days."""
    statement = (
        select(AuditEvent.act, AuditEvent.values, AuditEvent.at, Reader.id, Reader.email)
        .join(Reader, Reader.id == AuditEvent.target_id)
        .where(AuditEvent.target_kind == "reader", AuditEvent.act.in_(SIGNALS), AuditEvent.at > now - timedelta(days=7))
        .order_by(AuditEvent.id.desc())
        .limit(QUEUE // 2)
    )
    return [
        Task(str(ACTS[row.act]) % row.values, row.email, row.id, "", formats.moment(row.at))
        for row in session.execute(statement)
    ]


def _unpaid(session: AnySession) -> list[Task]:
    manager = select(func.min(Manager.reader_id)).where(
        Manager.organisation_id == Organisation.id, Manager.ended_at.is_(None)
    )
    statement = (
        select(Organisation.name, Subscription.unpaid_since, manager.scalar_subquery().label("reader_id"))
        .join(Organisation, Organisation.id == Subscription.organisation_id)
        .where(Subscription.status.in_(UNPAID))
        .order_by(Subscription.unpaid_since)
        .limit(QUEUE)
    )
    return [
        Task(
            gettext("Payment due"),
            row.name,
            row.reader_id,
            "",
            gettext("since %(start)s", start=formats.day(row.unpaid_since)) if row.unpaid_since else "",
        )
        for row in session.execute(statement)
    ]


def _ending_trials(session: AnySession, now: datetime) -> list[Task]:
    statement = (
        select(Grant.ends_at, Reader.id, Reader.email, Vertical.slug, Vertical.name)
        .join(Reader, Reader.id == Grant.reader_id)
        .join(Vertical, Vertical.id == Grant.vertical_id)
        .where(Grant.source == Source.TRIAL, Grant.ends_at > now, Grant.ends_at <= now + SOON)
        .where(Grant.revoked_at.is_(None))
        .order_by(Grant.ends_at, Grant.id)
        .limit(QUEUE)
    )
    return [
        Task(
            gettext("Trial of %(vertical)s about to end", vertical=row.name),
            row.email,
            row.id,
            row.slug,
            words.end_words(row.ends_at),
        )
        for row in session.execute(statement)
    ]

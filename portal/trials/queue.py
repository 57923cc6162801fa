"""The staff's queue of requests about trials, and who else tries in the company of whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select

from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.trials.dates import last_day
from portal.trials.models import CompanyCap, RequestKind, TrialRequest
from portal.verticals import Vertical


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to; None narrows nothing."""

    kind: RequestKind | None = None
    waiting: bool | None = None


def requests(session: AnySession, filters: Filters, *, offset: int, limit: int) -> Sequence[Any]:
    """Rows (request, reader, vertical): those that wait, oldest first, then answered ones, newest first.

    One more than `limit` tells that there are more.
    """
    waits = TrialRequest.answered_at.is_(None)
    statement = (
        select(TrialRequest, Reader, Vertical)
        .join(Reader, Reader.id == TrialRequest.reader_id)
        .join(Vertical, Vertical.id == TrialRequest.vertical_id)
        .order_by(case((waits, 0), else_=1), case((waits, TrialRequest.created_at)))
        .order_by(TrialRequest.created_at.desc(), case((waits, TrialRequest.id), else_=-TrialRequest.id))
        .offset(offset)
        .limit(limit + 1)
    )
    if filters.kind is not None:
        statement = statement.where(TrialRequest.kind == filters.kind)
    if filters.waiting is not None:
        statement = statement.where(waits if filters.waiting else ~waits)
    return session.execute(statement).all()


WAITING = select(func.count(TrialRequest.id)).where(TrialRequest.answered_at.is_(None))
"""How many requests wait for an answer."""


def waiting_count(session: AnySession) -> int:
    """How many requests wait for an answer."""
    return session.scalar(WAITING) or 0


def oldest_waiting(session: AnySession, limit: int) -> Sequence[Any]:
    """Rows (request, reader, vertical) that have waited longest."""
    return requests(session, Filters(waiting=True), offset=0, limit=limit - 1)


@dataclass(frozen=True, slots=True)
class Trying:
    """A trial that runs for somebody of a company."""

    reader_id: int
    name: str
    vertical_id: int
    slug: str
    vertical: str
    ends_at: datetime

    @property
    def last_day(self) -> date:
        """The last civil day in Paris that the trial includes."""
        return last_day(self.ends_at)


def running(session: AnySession, company: str, at: datetime) -> list[Trying]:
    """Every trial that runs for this company, vertical by vertical, the nearest end first."""
    statement = (
        select(Reader.id, Reader.name, Reader.email, Vertical.id, Vertical.slug, Vertical.name, Grant.ends_at)
        .join(Grant, Grant.reader_id == Reader.id)
        .join(Vertical, Vertical.id == Grant.vertical_id)
        .where(Reader.company_key == company, Grant.source == Source.TRIAL, Grant.revoked_at.is_(None))
        .where(Grant.starts_at <= at, Grant.ends_at > at)
        .order_by(Vertical.position, Vertical.id, Grant.ends_at, Grant.id)
    )
    return [Trying(row[0], row[1] or row[2], *row[3:]) for row in session.execute(statement)]


def tried_until(session: AnySession, request: TrialRequest) -> date | None:
    """The last day of the reader's trial of what is asked for; none when another account of theirs had it."""
    mine = (Grant.reader_id == request.reader_id, Grant.vertical_id == request.vertical_id)
    ends_at = session.scalar(select(Grant.ends_at).where(*mine, Grant.source == Source.TRIAL))
    return None if ends_at is None else last_day(ends_at)


def own_caps(session: AnySession) -> Sequence[CompanyCap]:
    """Companies with a cap of their own, by name."""
    return session.scalars(select(CompanyCap).order_by(CompanyCap.company_key)).all()

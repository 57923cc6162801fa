"""What the back office's lists read, page after page by keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations.models import Organisation, Seat
from portal.verticals import Vertical

SOON = timedelta(hours=48)
STATES = ("open", "trial-ending", "ended", "never", "suspended", "unconfirmed")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list of readers is narrowed to; empty words narrow nothing."""

    q: str = ""
    state: str = ""
    vertical: str = ""
    source: str = ""


def readers(session: AnySession, filters: Filters, now: datetime, *, before: int, limit: int) -> list[Reader]:
    """Readers, newest account first, with an id below `before`; one more than `limit` tells that there are more."""
    statement = select(Reader).where(Reader.id < before).order_by(Reader.id.desc()).limit(limit + 1)
    for condition in _conditions(filters, now):
        statement = statement.where(condition)
    return list(session.scalars(statement))


def _conditions(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    found = [_words(word) for word in filters.q.split()[:5]]
    if filters.state == "suspended":
        found.append(Reader.suspended_at.is_not(None))
    elif filters.state == "unconfirmed":
        found.append(Reader.confirmed_at.is_(None))
    if filters.vertical or filters.source or filters.state in ("open", "trial-ending", "ended", "never"):
        found.append(_by_rights(filters, now))
    return found


def _words(word: str) -> ColumnElement[bool]:
    """Every word is found in the address, the name or the company."""
    return or_(*(column.icontains(word, autoescape=True) for column in (Reader.email, Reader.name, Reader.company)))


def _by_rights(filters: Filters, now: datetime) -> ColumnElement[bool]:
    grant = aliased(Grant)
    seat = select(Seat.organisation_id).where(Seat.reader_id == Reader.id, Seat.closed_at.is_(None))
    holder = or_(grant.reader_id == Reader.id, grant.organisation_id.in_(seat.scalar_subquery()))
    matching = select(grant.id).where(holder)
    if filters.vertical:
        matching = matching.join(Vertical, Vertical.id == grant.vertical_id).where(Vertical.slug == filters.vertical)
    if filters.source:
        matching = matching.where(grant.source == Source(filters.source))
    live = is_live(grant, now)
    if filters.state == "never":
        return ~exists(matching)
    if filters.state == "ended":
        return and_(exists(matching), ~exists(matching.where(live)))
    if filters.state == "open":
        matching = matching.where(live)
    elif filters.state == "trial-ending":
        matching = matching.where(live, grant.source == Source.TRIAL, grant.ends_at <= now + SOON)
    return exists(matching)


def is_live(grant: type[Grant], now: datetime) -> ColumnElement[bool]:
    end = func.coalesce(grant.grace_until, grant.ends_at)
    return and_(grant.starts_at <= now, end > now, or_(grant.revoked_at.is_(None), grant.revoked_at > now))


def open_rights(session: AnySession, reader_ids: Sequence[int], now: datetime) -> dict[int, list[tuple[str, Source]]]:
    """{reader id: [(name of the vertical, source)]} of what is open now, own and by seats, in one statement."""
    if not reader_ids:
        return {}
    own = select(Grant.reader_id.label("reader_id"), Grant.id).where(Grant.reader_id.in_(reader_ids))
    seats = (
        select(Seat.reader_id, Grant.id)
        .join(Grant, Grant.organisation_id == Seat.organisation_id)
        .where(Seat.reader_id.in_(reader_ids), Seat.closed_at.is_(None))
    )
    held = own.where(is_live(Grant, now)).union(seats.where(is_live(Grant, now))).subquery()
    statement = (
        select(held.c.reader_id, Vertical.name, Grant.source)
        .join(Grant, Grant.id == held.c.id)
        .join(Vertical, Vertical.id == Grant.vertical_id)
        .order_by(Vertical.position, Vertical.id)
    )
    found: dict[int, list[tuple[str, Source]]] = {}
    for reader_id, name, source in session.execute(statement):
        found.setdefault(reader_id, []).append((name, source))
    return found


@dataclass(frozen=True, slots=True)
class GrantNote:
    """What staff want to know of a grant beyond its facts."""

    giver: str
    reason: str
    organisation: str
    created_at: datetime


def _notes() -> Select[Any]:
    actor = aliased(Reader)
    statement: Any = (
        select(Grant.id, Grant.reason, Grant.created_at, actor.name, actor.email, Organisation.name.label("firm"))
        .outerjoin(actor, and_(actor.id == Grant.actor_id, actor.id != func.coalesce(Grant.reader_id, 0)))
        .outerjoin(Organisation, Organisation.id == Grant.organisation_id)
        .where(Grant.id.in_(bindparam("ids", expanding=True)))
    )
    return cast("Select[Any]", statement)


_NOTES = _notes()  # built once: building it takes longer than the database does


def grant_notes(session: AnySession, grant_ids: Sequence[int]) -> dict[int, GrantNote]:
    """{grant id: GrantNote}, in one statement."""
    if not grant_ids:
        return {}
    return {
        row.id: GrantNote(row.name or row.email or "", row.reason, row.firm or "", row.created_at)
        for row in session.execute(_NOTES, {"ids": grant_ids})
    }

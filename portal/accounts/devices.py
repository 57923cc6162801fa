"""The devices a reader is signed in on: their live sessions, listed and ended."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.accounts import sessions, user_agents
from portal.accounts.models import ReaderSession
from portal.db import AnySession

ENDED, BY_HOUSE = "ended-by-reader", "ended-by-house"


@dataclass(frozen=True, slots=True)
class Device:
    """One live session as its reader sees it; `here` says that it is the one they look through."""

    session_id: int
    name: str
    since: datetime
    seen: datetime
    here: bool


def of_reader(session: AnySession, reader_id: int, here: int) -> list[Device]:
    """The present device first, then those used last."""
    statement = select(ReaderSession).where(ReaderSession.reader_id == reader_id, *sessions.live())
    rows = session.scalars(statement.order_by(ReaderSession.last_seen_at.desc(), ReaderSession.id.desc()))
    found = [_device(row, here) for row in rows]
    return sorted(found, key=lambda device: not device.here)


def _device(row: ReaderSession, here: int) -> Device:
    name = user_agents.parse(row.device).words()
    return Device(row.id, name, row.created_at, row.last_seen_at, row.id == here)


def end_one(session: AnySession, reader_id: int, session_id: int) -> None:
    """Sign one device out; one that was signed out already stays so. Raises LookupError for somebody else's."""
    row = session.get(ReaderSession, session_id, populate_existing=True)
    if row is None or row.reader_id != reader_id:
        raise LookupError("This reader has no such session.")
    sessions.end_one(session, row, ENDED)


def end_others(session: AnySession, reader_id: int, here: int) -> int:
    """Sign every device out but this one; returns how many."""
    others = (ReaderSession.reader_id == reader_id, ReaderSession.id != here)
    statement = select(ReaderSession).where(*others, *sessions.live()).order_by(ReaderSession.id)
    rows = session.scalars(statement).all()
    return sum(sessions.end_one(session, row, ENDED) for row in rows)


def end_by_house(session: AnySession, reader_id: int | None) -> int:
    """Sign every device of a reader out, of all readers when there is none given; returns how many."""
    theirs = () if reader_id is None else (ReaderSession.reader_id == reader_id,)
    rows = session.scalars(select(ReaderSession).where(*theirs, *sessions.live()).order_by(ReaderSession.id)).all()
    return sum(sessions.end_one(session, row, BY_HOUSE) for row in rows)

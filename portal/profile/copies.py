"""Copies of one's data: asked for by the reader, made by the worker, handed to nobody else, for a week.

portal.retention deletes them.
"""

import logging
from datetime import timedelta

from sqlalchemy import delete, select, update

from portal import audit, clock
from portal.accounts import mails
from portal.accounts.models import Reader
from portal.accounts.models_security import DataExport
from portal.db import AnySession, db, end_reading, writing
from portal.profile import export, packing

log = logging.getLogger(__name__)
KEPT = timedelta(days=7)
PAUSE = timedelta(days=1)


class BeingMade(Exception):
    """A copy was asked for and is not made yet."""


class TooSoon(Exception):
    """One was asked for within the last day."""


def ask(session: AnySession, reader_id: int) -> DataExport:
    """Keep the wish for the worker. Raises BeingMade, TooSoon."""
    session.get_one(Reader, reader_id, with_for_update=True, populate_existing=True)
    last = last_of(session, reader_id)
    if last is not None and last.made_at is None:
        raise BeingMade
    if last is not None and last.asked_at > clock.now() - PAUSE:
        raise TooSoon
    wish = DataExport(reader_id=reader_id, asked_at=clock.now())
    session.add(wish)
    session.flush()
    audit.record(session, "account.copy-asked", actor_id=reader_id, target=("reader", reader_id))
    return wish


def last_of(session: AnySession, reader_id: int) -> DataExport | None:
    """The reader's latest wish, made or not; its content is not loaded."""
    statement = select(DataExport).where(DataExport.reader_id == reader_id).order_by(DataExport.id.desc())
    return session.scalars(statement.limit(1)).one_or_none()


def ready_of(session: AnySession, reader_id: int) -> DataExport | None:
    """The copy that can be downloaded now."""
    ready = (DataExport.made_at.is_not(None), DataExport.expires_at > clock.now())
    statement = select(DataExport).where(DataExport.reader_id == reader_id, *ready)
    return session.scalars(statement.order_by(DataExport.id.desc()).limit(1)).one_or_none()


def content_of(session: AnySession, reader_id: int, copy_id: int) -> bytes | None:
    """The file; None for somebody else's, for one that is not made, and for one whose week is over."""
    mine = (DataExport.id == copy_id, DataExport.reader_id == reader_id, DataExport.expires_at > clock.now())
    return session.scalar(select(DataExport.content).where(*mine))


def make_due() -> int:
    """The worker's job: make what was asked for. One that cannot be made does not keep the others waiting."""
    ids = list(db.session.scalars(select(DataExport.id).where(DataExport.made_at.is_(None)).order_by(DataExport.id)))
    failed: Exception | None = None
    done = 0
    for copy_id in ids:
        try:
            done += _make(copy_id)
        except Exception as error:
            log.exception("a copy could not be made", extra={"copy_id": copy_id})
            db.session.rollback()
            failed = error
    if failed is not None and not done:
        raise failed
    return done


def _make(copy_id: int) -> bool:
    """Read, pack, then write: no lock is held meanwhile. False when another worker was faster, or it is not wanted."""
    end_reading()
    reader_id = db.session.scalar(select(DataExport.reader_id).where(DataExport.id == copy_id))
    if reader_id is None:
        return False
    now, reader = clock.now(), db.session.get_one(Reader, reader_id)
    content = packing.pack(export.collect(db.session, reader_id), locale=reader.locale or "fr", at=now)
    with writing() as unit:
        mine = update(DataExport).where(DataExport.id == copy_id, DataExport.made_at.is_(None))
        made = unit.execute(mine.values(content=content, made_at=now, expires_at=now + KEPT))
        if not made.rowcount:  # type: ignore[attr-defined]
            return False
        unit.execute(delete(DataExport).where(DataExport.reader_id == reader_id, DataExport.id < copy_id))
        mails.export_ready(unit, unit.get_one(Reader, reader_id), now + KEPT)
    return True

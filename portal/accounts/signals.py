"""One login at many networks at once: a sign for staff that it is shared; nobody is locked out by it."""

from datetime import timedelta

from sqlalchemy import func, select, update

from portal import audit, clock
from portal.accounts.keyed import keyed
from portal.accounts.models import ReaderSession
from portal.db import AnySession

ACT = "reader.many-networks"
MANY = 4  # an office, a home, a phone are one person's
AT_ONCE, TOLD_EVERY = timedelta(hours=1), timedelta(days=1)


def note_network(session: AnySession, reader_id: int, session_id: int, network: str) -> None:
    """Keep which network this session was last seen at, as a keyed hash, and tell staff once a day of too many."""
    mine = update(ReaderSession).where(ReaderSession.id == session_id)
    session.execute(mine.values(network_hash=keyed("network", network)))
    found = _networks(session, reader_id)
    if found >= MANY:
        since = clock.now() - TOLD_EVERY
        audit.record_once(session, ACT, since=since, target=("reader", reader_id), values={"networks": found})


def _networks(session: AnySession, reader_id: int) -> int:
    """At how many networks this reader's live sessions were within the hour."""
    seen = (ReaderSession.last_seen_at > clock.now() - AT_ONCE, ReaderSession.ended_at.is_(None))
    count = select(func.count(ReaderSession.network_hash.distinct())).where(ReaderSession.reader_id == reader_id, *seen)
    return session.scalar(count) or 0

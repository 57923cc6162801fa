"""Staff looking through a reader's eyes: noted on their own session, written down, and over when they say so."""

from sqlalchemy import update

from portal import audit
from portal.accounts.models import Reader, ReaderSession
from portal.accounts.person import SignedIn
from portal.db import AnySession


def begin(session: AnySession, person: SignedIn, reader: Reader) -> None:
    """Look through this reader's eyes from now on, in this session only; audited."""
    _look(session, person.session_id, reader.id)
    audit.record(session, "reader.viewed-as", actor_id=person.id, target=("reader", reader.id))


def stop(session: AnySession, person: SignedIn) -> None:
    """Back to one's own eyes; audited."""
    _look(session, person.session_id, None)
    audit.record(session, "reader.viewed-as-ended", actor_id=person.viewer_id, target=("reader", person.id))


def _look(session: AnySession, session_id: int, reader_id: int | None) -> None:
    mine = update(ReaderSession).where(ReaderSession.id == session_id)
    session.execute(mine.values(viewing_as_id=reader_id))

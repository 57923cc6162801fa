"""Who wants which letter. Nothing is sent that was not chosen; what was chosen outlives the right to receive it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.db import AnySession
from portal.newsletters.models import Newsletter, NewsletterChoice


def wanted(session: AnySession, reader_id: int) -> set[int]:
    """Ids of the letters this reader has chosen."""
    mine = (NewsletterChoice.reader_id == reader_id, NewsletterChoice.wanted.is_(True))
    return set(session.scalars(select(NewsletterChoice.newsletter_id).where(*mine)))


def choose(session: AnySession, reader_id: int, letters: Collection[int]) -> None:
    """Want these letters and no others. Only what changes is written, so that its date stays the day of the choice."""
    ids = set(session.scalars(select(Newsletter.id)))
    before = wanted(session, reader_id)
    after = set(letters) & ids
    rows = [_row(reader_id, letter, letter in after) for letter in sorted(before ^ after)]
    if rows:
        _write(session, rows)


def refuse_all(session: AnySession, reader_id: int) -> None:
    """Want none of them."""
    choose(session, reader_id, ())


def _row(reader_id: int, newsletter_id: int, wish: bool) -> dict[str, Any]:
    return {"reader_id": reader_id, "newsletter_id": newsletter_id, "wanted": wish, "changed_at": clock.now()}


def _write(session: AnySession, rows: list[dict[str, Any]]) -> None:
    dialect = session.get_bind().dialect.name
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(NewsletterChoice)
    changed = {"wanted": insert.excluded.wanted, "changed_at": insert.excluded.changed_at}
    session.execute(insert.on_conflict_do_update(index_elements=["reader_id", "newsletter_id"], set_=changed), rows)

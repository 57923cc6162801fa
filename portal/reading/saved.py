"""Articles put aside, by their ids: what was saved stays in the list, whatever becomes of the right to read it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.db import AnySession
from portal.reading.models import SavedArticle


def save(session: AnySession, reader_id: int, article_id: int) -> None:
    """Put an article aside; saved again, it keeps its place."""
    dialect = session.get_bind().dialect.name
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(SavedArticle)
    row = {"reader_id": reader_id, "article_id": article_id, "saved_at": clock.now()}
    session.execute(insert.on_conflict_do_nothing(index_elements=["reader_id", "article_id"]), row)


def unsave(session: AnySession, reader_id: int, article_id: int) -> None:
    """Take an article off the list; one that is not there is no mistake."""
    session.execute(delete(SavedArticle).where(*_this(reader_id, article_id)))


def is_saved(session: AnySession, reader_id: int, article_id: int) -> bool:
    """True when the reader has put this article aside."""
    return session.scalar(select(SavedArticle.article_id).where(*_this(reader_id, article_id))) is not None


def listed(session: AnySession, reader_id: int) -> Sequence[int]:
    """Ids of what the reader has put aside, the latest first."""
    statement = select(SavedArticle.article_id).where(SavedArticle.reader_id == reader_id)
    return session.scalars(statement.order_by(SavedArticle.saved_at.desc(), SavedArticle.article_id.desc())).all()


def _this(reader_id: int, article_id: int) -> tuple[Any, Any]:
    return SavedArticle.reader_id == reader_id, SavedArticle.article_id == article_id

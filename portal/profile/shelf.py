"""What a reader has put aside, as their list shows it: open, closed and why, or withdrawn since."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select

from portal.access import doors
from portal.access.decision import decide
from portal.access.vocabulary import ArticleState, Outcome, ReaderFacts
from portal.content import lists, queries
from portal.content.lists import Headline
from portal.content.models import Article
from portal.db import AnySession
from portal.reading.models import SavedArticle

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """An article of the list. `closed` says why this reader sees only its beginning; a withdrawn one has no page."""

    article_id: int
    item: Headline
    closed: str = ""
    withdrawn: bool = False


def count(session: AnySession, reader_id: int, at: datetime) -> int:
    """How many articles the list has."""
    mine = _mine(select(func.count()).select_from(SavedArticle).join(Article, _SAME), reader_id)
    return int(session.execute(mine, {"at": at}).scalar_one())


def page(session: AnySession, reader: ReaderFacts, at: datetime, number: int) -> list[Kept]:
    """One page of the list, the latest first."""
    statement = _mine(queries.LISTED.join(SavedArticle, _SAME), reader.reader_id or 0)
    statement = statement.order_by(SavedArticle.saved_at.desc(), Article.id.desc())
    statement = statement.limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    return [_kept(row, reader, at) for row in session.execute(statement, {"at": at})]


def may_be_saved(session: AnySession, article_id: int, reader: ReaderFacts, at: datetime) -> bool:
    """True for articles that exist for this reader, be it as a beginning only."""
    row = session.execute(queries.LISTED.where(Article.id == article_id)).one_or_none()
    outcome = decide(lists.article_facts(row), reader, at).outcome if row else Outcome.ABSENT
    return outcome in (Outcome.FULL, Outcome.PREVIEW)


_SAME = SavedArticle.article_id == Article.id


def _mine(statement: Select[Any], reader_id: int) -> Select[Any]:
    """A list tells nothing of what is not published: it waits unseen."""
    shown = or_(queries.public(), Article.state == ArticleState.WITHDRAWN)
    return statement.where(SavedArticle.reader_id == reader_id, shown)


def _kept(row: Any, reader: ReaderFacts, at: datetime) -> Kept:
    decision = decide(lists.article_facts(row), reader, at)
    item = lists.headline(row, reader, at)
    closed = doors.briefly(decision) if decision.outcome is Outcome.PREVIEW else ""
    return Kept(row.id, item, closed, withdrawn=row.state == ArticleState.WITHDRAWN)

"""What the letterbox reads: who is writing, and the staff's queue."""

from dataclasses import dataclass

from sqlalchemy import case, func, select

from portal.accounts.models import Reader
from portal.content.models import Article
from portal.db import AnySession
from portal.enquiries.models import Enquiry, EnquiryKind, EnquiryState
from portal.verticals import Vertical


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to; None narrows nothing."""

    kind: EnquiryKind | None = None
    state: EnquiryState | None = None


def queue(session: AnySession, filters: Filters, *, offset: int, limit: int) -> list[Enquiry]:
    """Open ones, oldest first, then settled ones, newest first; one more than `limit` tells that there are more."""
    is_open = Enquiry.state == EnquiryState.OPEN
    statement = (
        select(Enquiry)
        .order_by(case((is_open, 0), else_=1), case((is_open, Enquiry.created_at)))
        .order_by(Enquiry.created_at.desc(), case((is_open, Enquiry.id), else_=-Enquiry.id))
        .offset(offset)
        .limit(limit + 1)
    )
    if filters.kind is not None:
        statement = statement.where(Enquiry.kind == filters.kind)
    if filters.state is not None:
        statement = statement.where(Enquiry.state == filters.state)
    return list(session.scalars(statement))


WAITING = select(func.count(Enquiry.id)).where(Enquiry.state == EnquiryState.OPEN)
"""How many enquiries wait for an answer."""


def open_count(session: AnySession) -> int:
    """How many enquiries wait for an answer."""
    return session.scalar(WAITING) or 0


def oldest_open(session: AnySession, limit: int) -> list[Enquiry]:
    """The enquiries that have waited longest."""
    return queue(session, Filters(state=EnquiryState.OPEN), offset=0, limit=limit - 1)


def article_of(session: AnySession, enquiry: Enquiry) -> tuple[str, str] | None:
    """(title, path) of the article an enquiry is about."""
    statement = select(Article.title, Article.slug, Vertical.slug.label("vertical"))
    statement = statement.join(Vertical, Vertical.id == Article.primary_vertical_id)
    row = session.execute(statement.where(Article.id == enquiry.article_id)).first()
    return None if row is None else (row.title, f"/{row.vertical}/article/{row.slug}")


def name_of(session: AnySession, reader_id: int | None) -> str:
    """What a reader or a member of staff is called."""
    row = session.execute(select(Reader.name, Reader.email).where(Reader.id == reader_id)).first()
    return "" if row is None else row.name or row.email

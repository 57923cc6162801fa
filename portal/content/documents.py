"""Documents of articles: given with the article's own right, listed under "Ressources", never loaded without one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from slugify import slugify
from sqlalchemy import select

from portal import clock
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.vocabulary import ArticleAccess, ArticleFacts, Decision
from portal.content import lists, queries
from portal.content.models import Article, Resource, ResourceFile, ResourceKind
from portal.db import AnySession
from portal.moulds import without_marks
from portal.typography import french

MIMETYPES = {
    ResourceKind.PDF: "application/pdf",
    ResourceKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LARGEST = 20 * 1024 * 1024


class DocumentError(ValueError):
    """The document cannot be attached; the message says why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A document in the list of all, with the article it belongs to; `url` is None when this reader may not have it."""

    title: str
    summary: str
    kind: str
    size: int
    url: str | None
    article: lists.Headline


def attach(
    session: AnySession,
    article: Article,
    *,
    title: str,
    kind: ResourceKind,
    content: bytes,
    summary: str = "",
    access: ArticleAccess | None = None,
    position: int = 0,
) -> Resource:
    """Attach a document. It opens with its article unless it has an access of its own. Raises DocumentError."""
    if not 0 < len(content) <= LARGEST:
        raise DocumentError(f"“{title}” must have something in it, and at most {LARGEST // 1024 // 1024} MB.")
    polish = french if article.lang == "fr" else str
    resource = Resource(
        article_id=article.id,
        position=position,
        filename=f"{slugify(title.replace('’', ' '), max_length=90) or 'document'}.{kind.value}",
        title=polish(without_marks(title)),
        summary=polish(without_marks(summary)),
        kind=kind,
        access=access,
        size=len(content),
    )
    session.add(resource)
    session.flush()
    session.add(ResourceFile(resource_id=resource.id, content=content))
    article.revision += 1
    article.modified_at = clock.now()
    session.flush()
    return resource


def find(session: AnySession, article_id: int, filename: str) -> Any:
    """The document's row without its content, or None."""
    columns = (Resource.id, Resource.filename, Resource.kind, Resource.access, Resource.size)
    statement = select(*columns).where(Resource.article_id == article_id, Resource.filename == filename)
    return session.execute(statement).one_or_none()


def content_of(session: AnySession, resource_id: int) -> bytes:
    """The document itself: asked for only after a full decision."""
    return session.scalars(select(ResourceFile.content).where(ResourceFile.resource_id == resource_id)).one()


def decided(facts: ArticleFacts, access: ArticleAccess | None, at: datetime) -> Decision:
    """Whether the present reader may have a document of this article; its own access replaces the article's."""
    own = facts if access is None else replace(facts, access=access)
    return decide(own, reader_facts(), at)


_LIST = queries.LIST.add_columns(
    Resource.title.label("document"),
    Resource.summary,
    Resource.kind,
    Resource.size,
    Resource.filename,
    Resource.access.label("own_access"),
).join(Resource, Resource.article_id == Article.id)


def page(number: int, endpoint: str, *where: Any, **address: Any) -> lists.Page:
    """One page of all documents, those of the newest articles first."""
    return lists.numbered(number, endpoint, _LIST.where(*where).order_by(Resource.position), _listed, **address)


def _listed(row: Any, at: datetime) -> Listed:
    article = lists.headline(row, reader_facts(), at)
    may = decided(lists.article_facts(row), row.own_access, at).full
    url = f"{article.url}/document/{row.filename}" if may else None
    return Listed(row.document, row.summary, row.kind.value, row.size, url, article)

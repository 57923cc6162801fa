"""Writing articles: creating, changing, publishing, withdrawing and moving them. Callers hold the unit of work."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleState
from portal.content import body, charts, search
from portal.content.models import (
    Article,
    ArticleAuthor,
    ArticleFormat,
    ArticleText,
    Author,
    Category,
    FormerSlug,
    Rubric,
    Tag,
)
from portal.db import AnySession, broke
from portal.history import ever
from portal.moulds import without_marks
from portal.typography import french
from portal.verticals import Vertical

_PLAIN = ("lang", "format", "exclusive", "research", "access", "free_from", "free_until", "updated_at", "corrected_at")


class ArticleError(ValueError):
    """The article cannot be saved so; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Manuscript:
    """An article as its editors hand it in. `verticals` begins with the primary one; `authors` are in byline order."""

    title: str
    standfirst: str
    source: str
    verticals: Sequence[Vertical]
    rubric: Rubric
    category: Category | None = None
    authors: Sequence[Author] = ()
    tags: Sequence[Tag] = ()
    format: ArticleFormat = ArticleFormat.BREVE
    access: ArticleAccess = ArticleAccess.SUBSCRIBER
    lang: str = "fr"
    exclusive: bool = False
    research: bool = True
    free_from: datetime | None = None
    free_until: datetime | None = None
    updated_at: datetime | None = None
    correction: str | None = None
    corrected_at: datetime | None = None
    figures: Sequence[dict[str, str]] = ()
    persons: Sequence[dict[str, str]] = ()


def create(session: AnySession, slug: str, manuscript: Manuscript) -> Article:
    """A new draft. Raises ArticleError when the address is taken or no vertical is named."""
    _check_address(session, slug)
    article = Article(slug=slug, state=ArticleState.DRAFT, revision=0, verticals=[], tags=[], bylines=[])
    text = ArticleText(source="", preview_html="", body_html="")
    _write(session, article, text, manuscript)
    return article


def change(session: AnySession, article_id: int, manuscript: Manuscript) -> Article:
    """Save a new state of an article's content. Raises ArticleError; LookupError when there is no such article."""
    article = load(session, article_id)
    text = session.get_one(ArticleText, article_id)
    _write(session, article, text, manuscript)
    return article


def load(session: AnySession, article_id: int) -> Article:
    """The article with everything it is ordered by. Raises LookupError."""
    parts = (Article.verticals, Article.tags, Article.bylines)
    statement = select(Article).where(Article.id == article_id).options(*(selectinload(part) for part in parts))
    article = session.scalars(statement).one_or_none()
    if article is None:
        raise LookupError(f"There is no article {article_id}.")
    return article


def publish(session: AnySession, article_id: int, at: datetime) -> Article:
    """Publish at this instant; one that lies ahead schedules the article, and the clock alone opens it."""
    article = load(session, article_id)
    article.published_at = at
    article.state = ArticleState.SCHEDULED if at > clock.now() else ArticleState.PUBLISHED
    return _touched(session, article)


def withdraw(session: AnySession, article_id: int) -> Article:
    """Take an article off the site for good: its address answers 410."""
    article = load(session, article_id)
    article.state = ArticleState.WITHDRAWN
    return _touched(session, article)


def move(session: AnySession, article_id: int, slug: str) -> Article:
    """Give an article another address; the former one leads to it. Raises ArticleError when it is taken."""
    article = load(session, article_id)
    if slug == article.slug:
        return article
    _check_address(session, slug, article_id)
    session.merge(FormerSlug(slug=article.slug, article_id=article_id))
    own = session.get(FormerSlug, slug)
    if own is not None:
        session.delete(own)
    article.slug = slug
    return _touched(session, article)


def once_in(session: AnySession, article_id: int) -> set[int]:
    """Ids of the verticals the article belongs to, or belonged to before it was moved."""
    return {id_ for facts in ever(session, "article", article_id) for id_ in facts["vertical_ids"]}


def _check_address(session: AnySession, slug: str, article_id: int | None = None) -> None:
    owner = session.scalar(select(Article.id).where(Article.slug == slug))
    former = session.scalar(select(FormerSlug.article_id).where(FormerSlug.slug == slug))
    if owner is not None or former not in (None, article_id):
        raise ArticleError(f"The address “{slug}” is taken.")


def _write(session: AnySession, article: Article, text: ArticleText, manuscript: Manuscript) -> None:
    if not manuscript.verticals:
        raise ArticleError("An article belongs to at least one vertical.")
    try:
        rendered = body.render(without_marks(manuscript.source), manuscript.lang)
    except charts.ChartError as error:
        raise ArticleError(str(error)) from error
    _order(article, manuscript)
    _describe(article, manuscript, rendered)
    session.add(article)
    _touched(session, article)
    text.article_id = article.id
    text.source, text.preview_html, text.body_html = manuscript.source, rendered.preview, rendered.html
    text.figures, text.persons = _polished(manuscript.figures, manuscript), _polished(manuscript.persons, manuscript)
    session.add(text)
    search.index(session, article, rendered.preview_plain)
    session.flush()


def _polish(manuscript: Manuscript) -> Callable[[str], str]:
    """What every short text goes through: no marks of moulds, and the typography of its language."""
    french_too = manuscript.lang == "fr"
    return lambda text: french(without_marks(text)) if french_too else without_marks(text)


def _describe(article: Article, manuscript: Manuscript, rendered: body.Text) -> None:
    polish = _polish(manuscript)
    article.title, article.standfirst = polish(manuscript.title), polish(manuscript.standfirst)
    article.correction = polish(manuscript.correction) if manuscript.correction else None
    for name in _PLAIN:
        setattr(article, name, getattr(manuscript, name))
    article.words, article.words_locked = rendered.words, rendered.words_locked
    article.tables_locked = rendered.tables_locked
    article.outline = [asdict(heading) for heading in rendered.outline]


def _order(article: Article, manuscript: Manuscript) -> None:
    article.primary_vertical_id = manuscript.verticals[0].id
    article.verticals = list(manuscript.verticals)
    article.rubric_id = manuscript.rubric.id
    article.category_id = manuscript.category.id if manuscript.category else None
    article.tags = list(manuscript.tags)
    wanted = [author.id for author in manuscript.authors]
    if [line.author_id for line in article.bylines] != wanted:
        known = {line.author_id: line for line in article.bylines}
        article.bylines = [known.get(id_) or ArticleAuthor(author_id=id_, position=0) for id_ in wanted]
        for position, line in enumerate(article.bylines):
            line.position = position


def _polished(rows: Sequence[dict[str, str]], manuscript: Manuscript) -> list[Any]:
    polish = _polish(manuscript)
    return [{key: polish(str(value)) for key, value in row.items()} for row in rows]


def _touched(session: AnySession, article: Article) -> Article:
    """Every saved change makes a new revision: pages kept in memory are known by it."""
    article.revision += 1
    article.modified_at = clock.now()
    try:
        session.flush()
    except IntegrityError as error:
        if broke(error, "uq_articles_slug"):
            raise ArticleError(f"The address “{article.slug}” is taken.") from error
        raise
    return article

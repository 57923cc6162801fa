"""What pages of articles read, as statements built once: facts first, then the page with its preview or its body.

The body, the key figures and the persons quoted stand in one statement only, `FULL_PAGE`, and it is put to the
database only when the decision is full.
"""

from typing import Any, cast

from sqlalchemy import JSON, Integer, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from portal.access.vocabulary import ArticleState
from portal.content.models import (
    Article,
    ArticleAuthor,
    ArticleText,
    Author,
    Category,
    RelatedArticle,
    Resource,
    Rubric,
    Tag,
    article_tags,
    article_verticals,
)
from portal.db import UTCDateTime
from portal.prepared import Prepared
from portal.reading.models import SavedArticle
from portal.verticals import Vertical

AT = bindparam("at", type_=UTCDateTime())
LATEST = 4


class rows_of(FunctionElement[Any]):
    """The rows of a subquery as one JSON list of lists, on either database; no rows may come as NULL."""

    name = "rows_of"
    type = JSON()
    inherit_cache = True


@compiles(rows_of, "sqlite")
def _sqlite(element: rows_of, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kwargs)}))"


@compiles(rows_of, "postgresql")
def _postgresql(element: rows_of, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **kwargs)}))"


def public() -> ColumnElement[bool]:
    """Articles whose hour has come and that nobody withdrew."""
    states = (ArticleState.PUBLISHED, ArticleState.SCHEDULED)
    return and_(Article.state.in_(states), Article.published_at <= AT)


def _verticals() -> Any:
    rows = select(rows_of(Vertical.slug, Vertical.name, Vertical.trial_open, Vertical.on_sale))
    rows = rows.join_from(article_verticals, Vertical, Vertical.id == article_verticals.c.vertical_id)
    return rows.where(article_verticals.c.article_id == Article.id).correlate(Article).scalar_subquery()


_WHAT_DECIDES = (
    Article.id,
    Article.slug,
    Article.state,
    Article.access,
    Article.published_at,
    Article.free_from,
    Article.free_until,
    Vertical.slug.label("vertical"),
    _verticals().label("verticals"),
)


def _saved() -> ColumnElement[bool]:
    """Whether whoever asks has put the article aside: asked along with its facts, it costs no statement of its own."""
    mine = SavedArticle.reader_id == bindparam("reader_id", 0, Integer)
    return select(SavedArticle.article_id).where(mine, SavedArticle.article_id == Article.id).exists()


FACTS = Prepared(
    select(*_WHAT_DECIDES, Article.revision, Article.words_locked, Article.tables_locked, _saved().label("saved"))
    .join(Vertical, Vertical.id == Article.primary_vertical_id)
    .where(Article.slug == bindparam("slug"))
)

LISTED: Select[Any] = (
    select(
        *_WHAT_DECIDES,
        Vertical.name.label("vertical_name"),
        Article.title,
        Article.standfirst,
        Article.lang,
        Article.words,
        Article.words_locked,
        Article.tables_locked,
        Article.format,
        Rubric.name.label("rubric"),
        Rubric.name_en.label("rubric_en"),
    )
    .join(Vertical, Vertical.id == Article.primary_vertical_id)
    .join(Rubric, Rubric.id == Article.rubric_id)
)
"""What a headline needs, of articles in any state."""

LIST: Select[Any] = LISTED.where(public(), Vertical.retired_at.is_(None)).order_by(
    Article.published_at.desc(), Article.id.desc()
)
"""What lists hold: articles of a vertical that was retired are found by their address alone."""


def in_vertical(vertical_id: int) -> ColumnElement[bool]:
    """Articles of a vertical, its own and those it shares."""
    shared = select(article_verticals.c.article_id).where(article_verticals.c.vertical_id == vertical_id)
    return Article.id.in_(shared)


def free_now() -> ColumnElement[bool]:
    """Articles that anyone may read at this instant."""
    begun = or_(Article.free_from.is_(None), Article.free_from <= AT)
    open_ = or_(Article.free_until.is_(None), Article.free_until > AT)
    windowed = or_(Article.free_from.is_not(None), Article.free_until.is_not(None))
    return or_(Article.access == "free", and_(windowed, begun, open_))


def counted(statement: Select[Any]) -> Select[Any]:
    """How many rows a list has, for its numbered pages."""
    return select(func.count()).select_from(
        statement.with_only_columns(Article.id, maintain_column_froms=True).order_by(None).subquery()
    )


def _authors() -> Any:
    rows = select(rows_of(ArticleAuthor.position, Author.slug, Author.name))
    rows = rows.join_from(ArticleAuthor, Author, Author.id == ArticleAuthor.author_id)
    return rows.where(ArticleAuthor.article_id == Article.id).correlate(Article).scalar_subquery()


def _tags() -> Any:
    rows = select(rows_of(Tag.slug, Tag.name)).join_from(article_tags, Tag, Tag.id == article_tags.c.tag_id)
    return rows.where(article_tags.c.article_id == Article.id).correlate(Article).scalar_subquery()


def _related() -> Any:
    """The editors' choice: [position, slug, title, lang, vertical's slug and name, published_at]."""
    other, edition = aliased(Article), aliased(Vertical)
    rows = select(
        rows_of(
            RelatedArticle.position, other.slug, other.title, other.lang, edition.slug, edition.name, other.published_at
        )
    )
    rows = rows.join_from(RelatedArticle, other, other.id == RelatedArticle.related_id)
    rows = rows.join(edition, edition.id == other.primary_vertical_id)
    shown = and_(other.state.in_((ArticleState.PUBLISHED, ArticleState.SCHEDULED)), other.published_at <= AT)
    return rows.where(RelatedArticle.article_id == Article.id, shown).correlate(Article).scalar_subquery()


def _latest() -> Any:
    """The newest of the same vertical, in the same shape, for when the editors chose too few."""
    other, edition = aliased(Article), aliased(Vertical)
    newest = (
        select(other.id, other.slug, other.title, other.lang, other.published_at, edition.name, edition.slug.label("v"))
        .join(edition, edition.id == other.primary_vertical_id)
        .where(
            other.primary_vertical_id == Article.primary_vertical_id,
            other.id != Article.id,
            other.state.in_((ArticleState.PUBLISHED, ArticleState.SCHEDULED)),
            other.published_at <= AT,
        )
        .order_by(other.published_at.desc(), other.id.desc())
        .limit(LATEST)
        .correlate(Article)
        .subquery()
    )
    columns = newest.c
    return select(
        rows_of(columns.id, columns.slug, columns.title, columns.lang, columns.v, columns.name, columns.published_at)
    ).scalar_subquery()


def _documents() -> Any:
    """What is attached: [position, filename, title, summary, kind, size, own access]; never the files themselves."""
    rows = select(
        rows_of(
            Resource.position,
            Resource.filename,
            Resource.title,
            Resource.summary,
            Resource.kind,
            Resource.size,
            Resource.access,
        )
    )
    return rows.where(Resource.article_id == Article.id).correlate(Article).scalar_subquery()


_PARENT = aliased(Category)


def _page(*text: Any) -> Select[Any]:
    statement: Any = (
        select(
            Article.title,
            Article.standfirst,
            Article.lang,
            Article.access,
            Article.exclusive,
            Article.format,
            Article.research,
            Article.published_at,
            Article.updated_at,
            Article.correction,
            Article.corrected_at,
            Article.words,
            Article.words_locked,
            Article.tables_locked,
            Article.outline,
            Rubric.slug.label("rubric_slug"),
            Rubric.name.label("rubric"),
            Rubric.name_en.label("rubric_en"),
            Category.slug.label("category_slug"),
            Category.name.label("category"),
            Category.name_en.label("category_en"),
            _PARENT.slug.label("parent_slug"),
            _PARENT.name.label("parent"),
            _PARENT.name_en.label("parent_en"),
            _authors().label("authors"),
            _tags().label("tags"),
            _related().label("related"),
            _latest().label("latest"),
            _documents().label("documents"),
            *text,
        )
        .join(ArticleText, ArticleText.article_id == Article.id)
        .join(Rubric, Rubric.id == Article.rubric_id)
        .outerjoin(Category, Category.id == Article.category_id)
        .outerjoin(_PARENT, _PARENT.id == Category.parent_id)
        .where(Article.id == bindparam("article_id"))
    )
    return cast("Select[Any]", statement)


PREVIEW_PAGE = _page(ArticleText.preview_html.label("text"))
FULL_PAGE = _page(ArticleText.body_html.label("text"), ArticleText.figures, ArticleText.persons)

FEED: Select[Any] = LIST.add_columns(_authors().label("authors"))
"""What a feed or a news sitemap tells of articles: nothing of their text."""

CHANGED: ColumnElement[Any] = case(
    (Article.updated_at > Article.published_at, Article.updated_at), else_=Article.published_at
)
"""When an article last changed for its readers."""

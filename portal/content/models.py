"""Articles, their text, and the data they are ordered by."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.vocabulary import ArticleAccess, ArticleState
from portal.db import Base, EnumType, one_of
from portal.history import Recorded, iso
from portal.verticals import Vertical


class ArticleFormat(StrEnum):
    """The shape of a piece."""

    BREVE = "breve"
    ENQUETE = "enquete"
    INTERVIEW = "interview"
    FICHE = "fiche"
    INFOGRAPHIE = "infographie"
    CLASSEMENT = "classement"
    NOMINATIONS = "nominations"
    DOSSIER = "dossier"


class Rubric(Base):
    """Infos, Essentiels, Analyses, Data: the same in every vertical, and data."""

    __tablename__ = "rubrics"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(default=100)


class Category(Base):
    """A node of a vertical's two-level tree; a child's slug is unique under its parent."""

    __tablename__ = "categories"
    __table_args__ = (
        UniqueConstraint("vertical_id", "parent_id", "slug"),
        Index(
            "uq_categories_top",
            "vertical_id",
            "slug",
            unique=True,
            sqlite_where=text("parent_id IS NULL"),
            postgresql_where=text("parent_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    position: Mapped[int] = mapped_column(default=100)


class Tag(Base):
    """A subject that crosses categories, within one vertical."""

    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("vertical_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(80))


class Author(Base):
    """Who signs; may write for several verticals."""

    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    job: Mapped[str] = mapped_column(String(120), default="")


article_verticals = Table(
    "article_verticals",
    Base.metadata,
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("vertical_id", ForeignKey("verticals.id"), primary_key=True, index=True),
)
article_categories = Table(
    "article_categories",
    Base.metadata,
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("category_id", ForeignKey("categories.id"), primary_key=True, index=True),
)
article_tags = Table(
    "article_tags",
    Base.metadata,
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True, index=True),
)


class ArticleAuthor(Base):
    """An author's place in an article's byline."""

    __tablename__ = "article_authors"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), primary_key=True, index=True)
    position: Mapped[int]


class Article(Recorded, Base):
    """An article without its text. `updated_at` is the editors' and shown; `modified_at` is technical."""

    __tablename__ = "articles"
    __table_args__ = (
        one_of("state", ArticleState),
        one_of("access", ArticleAccess),
        one_of("format", ArticleFormat),
        CheckConstraint("state NOT IN ('scheduled', 'published') OR published_at IS NOT NULL", name="dated"),
        CheckConstraint("free_until IS NULL OR free_from IS NULL OR free_until > free_from", name="free_window"),
        Index("ix_articles_vertical_date", "primary_vertical_id", "published_at", "id"),
        Index("ix_articles_date", "published_at", "id"),
    )
    history_kind = "article"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(160), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    standfirst: Mapped[str] = mapped_column(Text, default="")
    lang: Mapped[str] = mapped_column(String(5), default="fr")
    primary_vertical_id: Mapped[int] = mapped_column(ForeignKey("verticals.id"))
    rubric_id: Mapped[int] = mapped_column(ForeignKey("rubrics.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    format: Mapped[ArticleFormat] = mapped_column(EnumType(ArticleFormat))
    exclusive: Mapped[bool] = mapped_column(default=False)
    research: Mapped[bool] = mapped_column(default=True)
    state: Mapped[ArticleState] = mapped_column(EnumType(ArticleState))
    access: Mapped[ArticleAccess] = mapped_column(EnumType(ArticleAccess))
    free_from: Mapped[datetime | None]
    free_until: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    updated_at: Mapped[datetime | None]
    modified_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    correction: Mapped[str | None] = mapped_column(Text)
    corrected_at: Mapped[datetime | None]
    words: Mapped[int] = mapped_column(default=0)
    words_locked: Mapped[int] = mapped_column(default=0)
    tables_locked: Mapped[int] = mapped_column(default=0)
    outline: Mapped[list[Any]] = mapped_column(default=list)

    verticals: Mapped[list[Vertical]] = relationship(secondary=article_verticals, lazy="raise_on_sql")
    categories: Mapped[list[Category]] = relationship(secondary=article_categories, lazy="raise_on_sql")
    tags: Mapped[list[Tag]] = relationship(secondary=article_tags, lazy="raise_on_sql")
    bylines: Mapped[list[ArticleAuthor]] = relationship(
        lazy="raise_on_sql", order_by=ArticleAuthor.position, cascade="all, delete-orphan"
    )

    def snapshot(self) -> dict[str, Any]:
        others = sorted(vertical.id for vertical in self.verticals if vertical.id != self.primary_vertical_id)
        return {
            "state": self.state.value,
            "access": self.access.value,
            "published_at": iso(self.published_at),
            "free_from": iso(self.free_from),
            "free_until": iso(self.free_until),
            "vertical_ids": [self.primary_vertical_id, *others],
        }


class ArticleText(Base):
    """The text of an article, apart so that a refused body is never loaded: HTML made safe when it was saved.

    Key figures ({label, value, source}) and the persons quoted ({name, job}) are reserved like the body.
    """

    __tablename__ = "article_texts"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    preview_html: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    figures: Mapped[list[Any]] = mapped_column(default=list)
    persons: Mapped[list[Any]] = mapped_column(default=list)


class ResourceKind(StrEnum):
    """What a document is; the word is also the ending of its file's name."""

    PDF = "pdf"
    XLSX = "xlsx"


class Resource(Base):
    """A document attached to an article. `access` is the article's own unless it is set here; `size` is in bytes."""

    __tablename__ = "resources"
    __table_args__ = (
        UniqueConstraint("article_id", "filename"),
        one_of("kind", ResourceKind),
        one_of("access", ArticleAccess, optional=True),
        CheckConstraint("size > 0", name="size_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    filename: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(400), default="")
    kind: Mapped[ResourceKind] = mapped_column(EnumType(ResourceKind))
    access: Mapped[ArticleAccess | None] = mapped_column(EnumType(ArticleAccess))
    size: Mapped[int]


class ResourceFile(Base):
    """The document itself, apart so that it is loaded for nobody who may not have it."""

    __tablename__ = "resource_files"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ArticleSearch(Base):
    """What searching looks at: title, standfirst and preview without accents; never a word of the locked text."""

    __tablename__ = "article_search"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    folded: Mapped[str] = mapped_column(Text)


class FormerSlug(Base):
    """An address an article had before; answers 301."""

    __tablename__ = "former_slugs"

    slug: Mapped[str] = mapped_column(String(160), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)


class RelatedArticle(Base):
    """An editor's choice of what to read next."""

    __tablename__ = "related_articles"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    related_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)

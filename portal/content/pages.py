"""An article's page, put together: what is shown to all, what only a full decision loads, and what is one reader's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from portal.access.vocabulary import ArticleAccess
from portal.content import queries, structured
from portal.content.covers import cover
from portal.content.lists import Edition, Headline, minutes
from portal.db import AnySession
from portal.formats import moment
from portal.i18n import current_locale
from portal.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Everything of an article's page that does not depend on who reads it, for one outcome (full or preview).

    `initial` is true when the text begins with a letter, which may then be drawn large.
    """

    full: bool
    title: str
    standfirst: str
    lang: str
    foreign: bool
    url: str
    vertical: Edition
    access: ArticleAccess
    crumbs: list[tuple[str, str | None]]
    authors: list[tuple[str, str]]
    rubric: str
    published_at: datetime | None
    updated_at: datetime | None
    minutes: int
    words_locked: int
    tables_locked: int
    exclusive: bool
    cover: Markup
    research: bool
    correction: str | None
    corrected_at: datetime | None
    text: Markup
    initial: bool
    figures: list[Any]
    persons: list[Any]
    outline: list[dict[str, Any]]
    tags: list[tuple[str, str]]
    next_articles: list[Headline]
    documents: list["Document"]
    data: Markup


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the page: `url` is None while the article is closed to who reads."""

    title: str
    summary: str
    kind: str
    size: int
    url: str | None


def load(session: AnySession, facts: Any, *, full: bool, open_to_all: bool, at: datetime) -> ArticlePage:
    """Read the page's parts in one statement: with the body when `full`, else with the stored preview."""
    statement = queries.FULL_PAGE if full else queries.PREVIEW_PAGE
    row = session.execute(statement, {"article_id": facts.id, "at": at}).one()
    names = {slug: name for slug, name, *_rest in facts.verticals}
    edition = Edition(facts.vertical, names.get(facts.vertical, facts.vertical))
    url = f"/{facts.vertical}/article/{facts.slug}"
    authors = [(name, f"/{edition.slug}/author/{slug}") for _position, slug, name in sorted(row.authors or ())]
    crumbs = _crumbs(row, edition)
    told = structured.Told(url, edition.name, authors, full, open_to_all)
    return ArticlePage(
        full=full,
        title=row.title,
        standfirst=row.standfirst,
        lang=row.lang,
        foreign=row.lang != current_locale(),
        url=url,
        vertical=edition,
        access=row.access,
        crumbs=crumbs,
        authors=authors,
        rubric=_in_locale(row.rubric, row.rubric_en),
        published_at=row.published_at,
        updated_at=row.updated_at,
        minutes=minutes(row.words),
        words_locked=row.words_locked,
        tables_locked=row.tables_locked,
        exclusive=row.exclusive,
        cover=cover(facts.slug, row.format),
        research=row.research,
        correction=row.correction,
        corrected_at=row.corrected_at,
        text=Markup(row.text),  # noqa: S704  # nosec B704 - made safe by body.render when it was saved
        initial=row.text[3:4].isalpha(),
        figures=row.figures if full else [],
        persons=row.persons if full else [],
        outline=_outline(row.outline, full),
        tags=[(name, f"/{edition.slug}/tag/{slug}") for slug, name in sorted(row.tags or (), key=lambda tag: tag[1])],
        next_articles=_next_articles(row),
        documents=_documents(row, url, full),
        data=structured.news_article(row, told) + structured.breadcrumbs(crumbs),
    )


def _in_locale(french: str, english: str) -> str:
    return english if english and current_locale() == "en" else french


def _crumbs(row: Any, edition: Edition) -> list[tuple[str, str | None]]:
    crumbs: list[tuple[str, str | None]] = [(_("Home"), "/"), (edition.name, f"/{edition.slug}/")]
    base = f"/{edition.slug}/category"
    if row.parent_slug:
        crumbs.append((_in_locale(row.parent, row.parent_en), f"{base}/{row.parent_slug}"))
        base = f"{base}/{row.parent_slug}"
    if row.category_slug:
        crumbs.append((_in_locale(row.category, row.category_en), f"{base}/{row.category_slug}"))
    return [*crumbs, (row.title, None)]


def _outline(headings: Sequence[dict[str, Any]], full: bool) -> list[dict[str, Any]]:
    return [
        {
            "text": heading["text"],
            "url": f"#{heading['id']}" if full or not heading["locked"] else None,
            "locked": heading["locked"] and not full,
        }
        for heading in headings
    ]


def _documents(row: Any, url: str, full: bool) -> list[Document]:
    """One with an access of its own keeps its address: whoever follows it is judged by that."""
    return [
        Document(title, summary, kind, size, f"{url}/document/{filename}" if full or access else None)
        for _position, filename, title, summary, kind, size, access in sorted(row.documents or ())
    ]


def _next_articles(row: Any, wanted: int = 3) -> list[Headline]:
    """The editors' choice first, then the newest of the vertical."""
    newest = sorted(row.latest or (), key=lambda part: (part[6], part[0]), reverse=True)
    found: dict[str, Headline] = {}
    for part in [*sorted(row.related or ()), *newest]:
        if len(found) < wanted:
            found.setdefault(part[1], _headline(part))
    return list(found.values())


def _headline(part: Sequence[Any]) -> Headline:
    """From a row of queries: [position or id, slug, title, lang, vertical's slug and name, published_at]."""
    _order, slug, title, lang, vertical, name, published = part
    instant = datetime.fromisoformat(published)
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return Headline(
        title=title,
        url=f"/{vertical}/article/{slug}",
        standfirst="",
        vertical=Edition(vertical, name),
        rubric="",
        published=moment(instant),
        published_iso=instant.isoformat(timespec="seconds"),
        lang=lang if lang != current_locale() else None,
    )

"""What there is to read, for search engines: pages, each vertical's articles in parts, and the news of two days.

A part holds the articles of a range of ids, so that none ever moves from one part to another, and old parts rest.
Sitemaps tell addresses and dates of what anybody may open; titles only in the one for news. https://www.sitemaps.org
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from feedgenerator.django.utils.xmlutils import SimplerXMLGenerator
from flask import Blueprint, Response, abort
from sqlalchemy import func, select

from portal import clock
from portal.content import kept, machines, queries
from portal.content.fronts import find_vertical
from portal.content.models import Article, Category, Rubric
from portal.db import db
from portal.house import plan
from portal.house.legal import DOCUMENTS
from portal.verticals import Vertical, site_verticals
from portal.web import PUBLIC, absolute, allow

blueprint = Blueprint("sitemaps", __name__)
PART = 10_000  # ids; the protocol allows 50,000 addresses
NEWS_FOR = timedelta(hours=48)
MOST_NEWS = 1_000
KIND = "application/xml"
_PLAIN = {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"}
_NEWS = {**_PLAIN, "xmlns:news": "http://www.google.com/schemas/sitemap-news/0.9"}
_AT_THE_DOOR = ("/free", "/plans", "/trial", "/newsletters", "/resources", "/contact", "/research", "/quote")


@dataclass(frozen=True, slots=True)
class Entry:
    """An address. `changed`: a day or an instant, "" where no data tells; `news`: what the news sitemap adds."""

    path: str
    changed: str = ""
    news: Mapping[str, str] = field(default_factory=dict)


@blueprint.get("/sitemap.xml")
@allow(PUBLIC)
def index() -> Response:
    """Every sitemap there is. Counted at most once a minute: it looks at all articles."""
    return machines.handed(kept.remembered(("sitemap",), _index), KIND)


def _index() -> str:
    part = ((Article.id - 1) // PART + 1).label("part")
    statement = (
        select(Vertical.slug, part, func.max(queries.CHANGED).label("changed"))
        .join(Article, Article.primary_vertical_id == Vertical.id)
        .where(queries.public(), Vertical.retired_at.is_(None))
        .group_by(Vertical.slug, part)
        .order_by(Vertical.slug, part)
    )
    rows = db.session.execute(statement, {"at": clock.now()})
    parts = [Entry(f"/{row.slug}/sitemap-{row.part}.xml", _instant(row.changed)) for row in rows]
    return _written("sitemapindex", "sitemap", [Entry("/sitemap-pages.xml"), Entry("/sitemap-news.xml"), *parts])


@blueprint.get("/<slug:vertical>/sitemap-<int(min=1, max=9999):part>.xml")
@allow(PUBLIC)
def articles(vertical: str, part: int) -> Response:
    """One part of a vertical's own articles; those it shares stand in the sitemap of their first vertical."""
    here = find_vertical(vertical)
    statement = (
        select(Article.slug, queries.CHANGED.label("changed"))
        .where(Article.primary_vertical_id == here.id, Article.id > (part - 1) * PART, Article.id <= part * PART)
        .where(queries.public())
        .order_by(Article.id)
    )
    rows = db.session.execute(statement, {"at": clock.now()})
    entries = [Entry(f"/{here.slug}/article/{row.slug}", _instant(row.changed)) for row in rows]
    return machines.handed(_written("urlset", "url", entries or abort(404)), KIND)


@blueprint.get("/sitemap-news.xml")
@allow(PUBLIC)
def news() -> Response:
    """The articles of the last 48 hours."""
    at = clock.now()
    recent = queries.FEED.where(Article.published_at > at - NEWS_FOR).limit(MOST_NEWS)
    entries = [_piece_of_news(row) for row in db.session.execute(recent, {"at": at})]
    return machines.handed(_written("urlset", "url", entries, _NEWS), KIND)


def _piece_of_news(row: Any) -> Entry:
    told = {"name": row.vertical_name, "language": row.lang}
    told |= {"publication_date": _instant(row.published_at), "title": row.title}
    return Entry(f"/{row.vertical}/article/{row.slug}", news=told)


@blueprint.get("/sitemap-pages.xml")
@allow(PUBLIC)
def pages() -> Response:
    """Front pages and lists with the date of their newest article, the pages of the house, the legal texts."""
    return machines.handed(kept.remembered(("sitemap-pages",), _pages), KIND)


def _pages() -> str:
    dates = _lists()
    fronts = ["/", *(f"/{vertical.slug}/" for vertical in site_verticals())]
    house = [path for _label, path in plan.links((*plan.GROUP, *plan.SERVICES, *plan.PRACTICAL))]
    paths = dict.fromkeys([*fronts, *sorted(dates), *_AT_THE_DOOR, *house])
    legal = [Entry(document.path(), document.current) for document in DOCUMENTS.values()]
    entries = [Entry(path, _instant(dates[path]) if path in dates else "") for path in paths]
    return _written("urlset", "url", [*entries, *legal])


def _lists() -> dict[str, datetime]:
    """Front pages, rubrics and categories with something to read, each with the last change of what it shows."""
    top = Category.__table__.alias()
    statement = (
        select(
            Vertical.slug.label("vertical"),
            Rubric.slug.label("rubric"),
            Category.slug.label("category"),
            top.c.slug.label("parent"),
            func.max(queries.CHANGED).label("changed"),
        )
        .join(Article, Article.primary_vertical_id == Vertical.id)
        .join(Rubric, Rubric.id == Article.rubric_id)
        .outerjoin(Category, Category.id == Article.category_id)
        .outerjoin(top, top.c.id == Category.parent_id)
        .where(queries.public(), Vertical.retired_at.is_(None))
        .group_by(Vertical.slug, Rubric.slug, Category.slug, top.c.slug)
    )
    found: dict[str, datetime] = {}
    for row in db.session.execute(statement, {"at": clock.now()}):
        for path in _lists_of(row):
            found[path] = max(row.changed, found.get(path, row.changed))
    return found


def _lists_of(row: Any) -> Iterator[str]:
    yield from ("/", f"/{row.vertical}/", f"/rubric/{row.rubric}", f"/{row.vertical}/rubric/{row.rubric}")
    base = f"/{row.vertical}/category"
    if row.parent:
        yield f"{base}/{row.parent}"
        base = f"{base}/{row.parent}"
    if row.category:
        yield f"{base}/{row.category}"


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")


def _written(root: str, element: str, entries: Iterable[Entry], names: Mapping[str, str] = _PLAIN) -> str:
    out = StringIO()
    xml = SimplerXMLGenerator(out, "utf-8", short_empty_elements=True)
    xml.startDocument()
    with _inside(xml, root, names):
        for entry in entries:
            with _inside(xml, element):
                _write(xml, entry)
    return out.getvalue()


@contextmanager
def _inside(xml: Any, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
    xml.startElement(name, attributes or {})
    yield
    xml.endElement(name)


def _write(xml: Any, entry: Entry) -> None:
    xml.addQuickElement("loc", absolute(entry.path))
    if entry.changed:
        xml.addQuickElement("lastmod", entry.changed)
    if entry.news:
        with _inside(xml, "news:news"):
            with _inside(xml, "news:publication"):
                for name in ("name", "language"):
                    xml.addQuickElement(f"news:{name}", machines.told(entry.news[name]))
            for name in ("publication_date", "title"):
                xml.addQuickElement(f"news:{name}", machines.told(entry.news[name]))

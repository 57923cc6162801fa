"""Lists of articles: which, in what order, and which of them are locked for whoever asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, url_for
from sqlalchemy import Select
from sqlalchemy.sql.elements import ColumnElement

from portal import clock
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.vocabulary import ArticleFacts, ReaderFacts, Reason, VerticalFacts
from portal.content import queries
from portal.content.covers import cover
from portal.db import db
from portal.formats import moment
from portal.i18n import current_locale

PER_PAGE = 20
LAST_PAGE = 5000
_OPEN_TO_ALL = (Reason.FREE, Reason.FREE_WINDOW)


@dataclass(frozen=True, slots=True)
class Edition:
    """The vertical a headline belongs to."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Headline:
    """An article in a list, as the headline macro wants it. `locked` and `free` are for this reader, now."""

    title: str
    url: str
    standfirst: str
    vertical: Edition
    rubric: str
    published: str
    published_iso: str
    lang: str | None
    locked: bool = False
    free: bool = False
    minutes: int | None = None
    note: str = ""
    cover: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A numbered page of a list: headlines, or what else the list is of."""

    items: list[Any]
    page: int
    last: int
    total: int
    urls: dict[int, str]


def article_facts(row: Any) -> ArticleFacts:
    """What decisions need, from a row of queries.FACTS or queries.LIST; the primary vertical comes first."""
    verticals = sorted(row.verticals or (), key=lambda part: part[0] != row.vertical)
    return ArticleFacts(
        article_id=row.id,
        state=row.state,
        access=row.access,
        verticals=tuple(VerticalFacts(slug, bool(trial), bool(sale)) for slug, _, trial, sale in verticals),
        published_at=row.published_at,
        free_from=row.free_from,
        free_until=row.free_until,
    )


def latest(limit: int, *where: ColumnElement[bool], but: Sequence[str] = ()) -> list[Headline]:
    """The newest articles that match, without those whose addresses are in `but`. One statement."""
    statement = queries.LIST.where(*where).limit(limit + len(but))
    seen = set(but)
    return [item for item in _headlines(statement) if item.url not in seen][:limit]


def page(number: int, endpoint: str, *where: ColumnElement[bool], **address: Any) -> Page:
    """One page of a list of articles."""
    reader = reader_facts()
    return numbered(number, endpoint, queries.LIST.where(*where), lambda row, at: headline(row, reader, at), **address)


def numbered(
    number: int, endpoint: str, statement: Select[Any], draw: Callable[[Any, datetime], Any], **address: Any
) -> Page:
    """One page of a list, its count and the addresses of its neighbours. 404 beyond the last page."""
    at = clock.now()
    total = db.session.execute(queries.counted(statement), {"at": at}).scalar_one()
    last = max(1, -(-total // PER_PAGE))
    if number > last:
        abort(404)
    rows = db.session.execute(statement.limit(PER_PAGE).offset((number - 1) * PER_PAGE), {"at": at})
    items = [draw(row, at) for row in rows]
    near = {1, last, *range(max(1, number - 2), min(last, number + 2) + 1)}
    urls = {n: url_for(endpoint, page=n if n > 1 else None, **address) for n in near}
    return Page(items, number, last, total, urls)


def _headlines(statement: Select[Any]) -> list[Headline]:
    at = clock.now()
    reader = reader_facts()
    return [headline(row, reader, at) for row in db.session.execute(statement, {"at": at})]


def headline(row: Any, reader: ReaderFacts, at: datetime) -> Headline:
    """A row of queries.LIST as this reader sees it: decide() says whether it is locked."""
    decision = decide(article_facts(row), reader, at)
    english = current_locale() == "en"
    return Headline(
        title=row.title,
        url=f"/{row.vertical}/article/{row.slug}",
        standfirst=row.standfirst,
        vertical=Edition(row.vertical, row.vertical_name),
        rubric=row.rubric_en if english else row.rubric,
        published=moment(row.published_at),
        published_iso=row.published_at.isoformat(timespec="seconds"),
        lang=row.lang if row.lang != current_locale() else None,
        locked=not decision.full,
        free=decision.reason in _OPEN_TO_ALL,
        minutes=minutes(row.words),
        cover=cover(row.slug, row.format),
    )


def minutes(words: int) -> int:
    """Reading time at 220 words a minute, at least one."""
    return max(1, round(words / 220))

"""The demo set: verticals, the data they are ordered by, and articles, read from the files under demo/."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.access.vocabulary import ArticleAccess, ArticleState
from portal.clock import PARIS, paris_date, paris_midnight
from portal.content import articles, demo_documents, documents
from portal.content.models import (
    Article,
    ArticleFormat,
    Author,
    Category,
    RelatedArticle,
    ResourceKind,
    Rubric,
    Tag,
)
from portal.db import AnySession
from portal.verticals import Vertical, add_vertical

RUBRICS = (
    ("infos", "Infos", "News"),
    ("essentiels", "Essentiels", "Essentials"),
    ("analyses", "Analyses", "Analysis"),
    ("data", "Data", "Data"),
)
_APART = timedelta(minutes=7)
_SHADES = {"light": "colour", "dark": "colour_dark", "soft_light": "colour_soft", "soft_dark": "colour_soft_dark"}


@dataclass(frozen=True, slots=True)
class Piece:
    """An article's file: its name, its front matter and its Markdown."""

    slug: str
    head: dict[str, Any]
    source: str

    @property
    def state(self) -> ArticleState:
        """Where it is in its life; what is not said to be something else is published."""
        return ArticleState(self.head.get("state", "published"))

    @property
    def is_out(self) -> bool:
        """True for what was published, also when it was withdrawn since."""
        return self.state in (ArticleState.PUBLISHED, ArticleState.WITHDRAWN)


def load(session: AnySession, folder: Path, now: datetime) -> dict[str, int]:
    """Read demo/ into the database; what is there already stays as it is. Returns how many of each were added.

    `now` is the aware instant that "days ago" counts from. The caller commits.
    """
    added = {"verticals": 0, "articles": 0}
    _rubrics(session)
    for path in sorted(folder.glob("*/vertical.toml")):
        added["verticals"] += _vertical(session, tomllib.loads(path.read_text(encoding="utf-8")))
    session.flush()
    pieces = list(read_pieces(folder))
    dates = publication_dates(pieces, now)
    known, names = set(session.scalars(select(Article.slug))), _Names(session)
    for piece in pieces:
        if piece.slug not in known:
            _article(session, piece, names, dates.get(piece.slug), now)
            added["articles"] += 1
    session.flush()
    _relate(session, pieces)
    return added


def read_pieces(folder: Path) -> Iterator[Piece]:
    """Every article file below demo/, in a fixed order. Raises ValueError for one without front matter."""
    for path in sorted(folder.glob("*/articles/*.md")):
        parts = path.read_text(encoding="utf-8").split("+++\n", 2)
        if len(parts) != 3:
            raise ValueError(f"{path.name} does not begin with its front matter between +++ lines.")
        yield Piece(path.stem, tomllib.loads(parts[1]), parts[2])


def publication_dates(pieces: Iterable[Piece], now: datetime) -> dict[str, datetime]:
    """When each piece was published: on weekdays, never ahead of now, in the order the files tell."""
    wished = {piece.slug: _ago(now, piece.head["days_ago"], piece.head["time"]) for piece in pieces if piece.is_out}
    dates: dict[str, datetime] = {}
    newer: datetime | None = None
    for slug in sorted(wished, key=lambda slug: (wished[slug], slug), reverse=True):
        instant = _working(min(wished[slug], _past(wished[slug], now)))
        if newer is not None and instant > newer - _APART:
            instant = _working(newer - _APART)
        dates[slug] = newer = instant
    return dates


def _past(instant: datetime, now: datetime) -> datetime:
    """The same hour of an earlier day when the instant has not come yet."""
    while instant >= now:
        instant -= timedelta(days=1)
    return instant


def _working(instant: datetime) -> datetime:
    """Weekends go back to their Friday, at the same hour in Paris."""
    local = instant.astimezone(PARIS)
    back = max(0, local.weekday() - 4)
    return datetime.combine(local.date() - timedelta(days=back), local.time(), tzinfo=PARIS).astimezone(local.tzinfo)


def _ago(now: datetime, days: int, hour: str) -> datetime:
    day = paris_date(now) - timedelta(days=days)
    return datetime.combine(day, time.fromisoformat(hour), tzinfo=PARIS)


def _rubrics(session: AnySession) -> None:
    known = set(session.scalars(select(Rubric.slug)))
    for position, (slug, name, name_en) in enumerate(RUBRICS):
        if slug not in known:
            session.add(Rubric(slug=slug, name=name, name_en=name_en, position=position))


def _vertical(session: AnySession, data: dict[str, Any]) -> int:
    vertical = session.scalars(select(Vertical).where(Vertical.slug == data["slug"])).one_or_none()
    new = vertical is None
    if vertical is None:
        names = ("slug", "name", "tagline", "tagline_en", "position", "editor_in_chief", "trial_open", "on_sale")
        shades = {_SHADES[shade]: value for shade, value in data["colour"].items()}
        vertical = add_vertical(session, **{name: data[name] for name in names}, **shades)
    _categories(session, vertical.id, data["categories"], None)
    for tag in data["tags"]:
        _once(session, Tag, {"vertical_id": vertical.id, "slug": tag["slug"]}, name=tag["name"])
    for author in data["authors"]:
        _once(session, Author, {"slug": author["slug"]}, name=author["name"], job=author.get("job", ""))
    return int(new)


def _categories(session: AnySession, vertical_id: int, tree: list[dict[str, Any]], parent_id: int | None) -> None:
    for position, node in enumerate(tree):
        key = {"vertical_id": vertical_id, "parent_id": parent_id, "slug": node["slug"]}
        row = _once(session, Category, key, name=node["name"], name_en=node.get("name_en", ""), position=position)
        _categories(session, vertical_id, node.get("children", []), row.id)


def _once(session: AnySession, model: type[Any], key: dict[str, Any], **values: Any) -> Any:
    """The row with this key, made when it is missing."""
    found = session.scalars(select(model).filter_by(**key)).one_or_none()
    if found is None:
        found = model(**key, **values)
        session.add(found)
        session.flush()
    return found


class _Names:
    """What articles name (authors, tags, categories …), each looked up once."""

    def __init__(self, session: AnySession) -> None:
        self._session = session
        self._known: dict[tuple[Any, ...], Any] = {}

    def one(self, model: type[Any], **key: Any) -> Any:
        """The row with this key. Raises ValueError for a name that no file made."""
        name = (model, *sorted(key.items()))
        if name not in self._known:
            found = self._session.scalars(select(model).filter_by(**key)).one_or_none()
            if found is None:
                raise ValueError(f"The demo set names an unknown {model.__name__.lower()}: {key}.")
            self._known[name] = found
        return self._known[name]

    def leaf(self, vertical_id: int, path: str) -> Category:
        """The category at the end of a path of slugs."""
        found: Category | None = None
        for slug in path.split("/"):
            found = self.one(Category, vertical_id=vertical_id, parent_id=found.id if found else None, slug=slug)
        assert found is not None  # nosec B101 - a path has at least one part
        return found


def _article(session: AnySession, piece: Piece, names: _Names, published_at: datetime | None, now: datetime) -> None:
    article = articles.create(session, piece.slug, _manuscript(names, piece, published_at or now, now))
    for position, written in enumerate(piece.head.get("resources", [])):
        _document(session, article, written, position)
    if piece.state is ArticleState.SCHEDULED:
        articles.publish(session, article.id, _ahead(now, piece.head["days_ahead"], piece.head["time"]))
    elif published_at is not None:
        articles.publish(session, article.id, published_at)
    if piece.state is ArticleState.WITHDRAWN:
        articles.withdraw(session, article.id)


def _document(session: AnySession, article: Article, written: dict[str, str], position: int) -> None:
    vertical = session.get_one(Vertical, article.primary_vertical_id)
    kind = ResourceKind(written["kind"])
    content = demo_documents.make(
        kind, title=written["title"], source=written["source"], publication=vertical.name, colour=vertical.colour
    )
    title, summary = written["title"], written["summary"]
    documents.attach(session, article, title=title, summary=summary, kind=kind, content=content, position=position)


def _ahead(now: datetime, days: int, hour: str) -> datetime:
    """On a weekday so many days ahead, at this hour in Paris."""
    day = paris_date(now) + timedelta(days=days)
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
    return datetime.combine(day, time.fromisoformat(hour), tzinfo=PARIS)


def _window(head: dict[str, Any], now: datetime) -> dict[str, datetime]:
    """When everybody may read it: whole days from today, either end open."""
    window = head.get("free_window", {})
    today = paris_date(now)
    return {
        f"free_{end}": paris_midnight(today + timedelta(days=window[f"{end}_days"]))
        for end in ("from", "until")
        if f"{end}_days" in window
    }


def _manuscript(names: _Names, piece: Piece, published_at: datetime, now: datetime) -> articles.Manuscript:
    head = piece.head
    verticals = [names.one(Vertical, slug=slug) for slug in head["verticals"]]
    updated_at = None
    if "updated_days_ago" in head:
        wish = _ago(now, head["updated_days_ago"], head.get("updated_time", "12:00"))
        updated_at = _later(wish, published_at, now)
    corrected_at = None
    if head.get("correction"):
        corrected_at = _later(_ago(now, head.get("correction_days_ago", 0), "09:30"), published_at, now)
    return articles.Manuscript(
        title=head["title"],
        standfirst=head["standfirst"],
        source=piece.source,
        verticals=verticals,
        rubric=names.one(Rubric, slug=head["rubric"]),
        category=names.leaf(verticals[0].id, head["category"]),
        authors=[names.one(Author, slug=slug) for slug in head.get("authors", [])],
        tags=[names.one(Tag, slug=slug, vertical_id=verticals[0].id) for slug in head.get("tags", [])],
        format=ArticleFormat(head["format"]),
        access=ArticleAccess(head["access"]),
        lang=head.get("lang", "fr"),
        exclusive=head.get("exclusive", False),
        research=head.get("research", True),
        updated_at=updated_at,
        correction=head.get("correction"),
        corrected_at=corrected_at,
        figures=head.get("figures", []),
        persons=head.get("persons", []),
        **_window(head, now),
    )


def _later(wish: datetime, published_at: datetime, now: datetime) -> datetime:
    """After publication and not ahead of now."""
    return max(published_at + timedelta(minutes=1), min(wish, now - timedelta(minutes=1)))


def _relate(session: AnySession, pieces: Iterable[Piece]) -> None:
    ids = {row.slug: row.id for row in session.execute(select(Article.slug, Article.id))}
    known = {(a, b) for a, b in session.execute(select(RelatedArticle.article_id, RelatedArticle.related_id))}
    for piece in pieces:
        for position, slug in enumerate(piece.head.get("related", [])):
            pair = (ids[piece.slug], ids.get(slug))
            if pair[1] is not None and pair not in known:
                session.add(RelatedArticle(article_id=pair[0], related_id=pair[1], position=position))
    session.flush()

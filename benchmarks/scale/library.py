"""Articles: the demo's own texts over and over, under titles, dates and verticals of their own."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Engine, text

from benchmarks.scale.store import rows, stamp
from benchmarks.scale.world import DAY, World
from portal.content import body, demo
from portal.content.body import Text
from portal.content.search import fold
from portal.history import iso
from portal.settings import ROOT

ARTICLES = rows(
    "articles",
    "id slug title standfirst lang primary_vertical_id rubric_id category_id format exclusive research state access"
    " published_at modified_at revision words words_locked tables_locked outline",
)
TEXTS = rows("article_texts", "article_id source preview_html body_html figures persons")
SEARCH = rows("article_search", "article_id folded")
VERTICALS = rows("article_verticals", "article_id vertical_id")
AUTHORS = rows("article_authors", "article_id author_id position")
TAGS = rows("article_tags", "article_id tag_id")
_WHO, _WHAT = "L’hôpital,La start-up,Le régulateur,L’assureur,La banque,Le groupe", "ouvre,reporte,finance,mesure,vend"
_WHICH = "sa plateforme,son fonds,ses données,un essai clinique,un paiement instantané,une régie,son entrepôt,un rachat"
_ACCESS, _OFTEN = ("subscriber", "registered", "free"), (90, 5, 5)
_STATES, _HELD = ("published", "draft", "withdrawn"), (98, 1, 1)
_MODEST = range(1500, 5000)  # characters of Markdown
_DIFFERENT = 24
_TEN_YEARS = 3650 * DAY
_SECONDS = (_TEN_YEARS - DAY).total_seconds()


@dataclass(frozen=True, slots=True)
class New:
    """An article on its way: its text is a demo piece's, made once."""

    id: int
    number: int
    title: str
    piece: demo.Piece
    made: Text
    published: datetime


@dataclass(frozen=True, slots=True)
class Shelves:
    """What articles are ordered by: ids of rubrics and authors; of categories and tags, by vertical."""

    rubrics: list[int]
    authors: list[int]
    categories: dict[int, list[int]]
    tags: dict[int, list[int]]


def shelves(engine: Engine) -> Shelves:
    """What there is in this database."""
    with engine.connect() as connection:
        ids = {
            table: list(connection.scalars(text(f"SELECT id FROM {table} ORDER BY id")))
            for table in ("rubrics", "authors")
        }
        by_vertical = {
            table: _grouped(connection.execute(text(f"SELECT vertical_id, id FROM {table} ORDER BY id")))
            for table in ("categories", "tags")
        }
    return Shelves(ids["rubrics"], ids["authors"], by_vertical["categories"], by_vertical["tags"])


def _grouped(pairs: Any) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for key, id_ in pairs:
        found[key].append(id_)
    return dict(found)


@cache
def texts() -> list[tuple[demo.Piece, Text]]:
    """Some of the demo's articles of modest length, made into what is stored."""
    pieces = [piece for piece in demo.read_pieces(ROOT / "demo") if len(piece.source) in _MODEST]
    return [(piece, body.render(piece.source, piece.head.get("lang", "fr"))) for piece in pieces[:_DIFFERENT]]


def write(world: World, where: Shelves) -> Iterator[int]:
    """All articles, the oldest first; yields how many there are so far."""
    known, chance = texts(), world.chance
    for number in range(world.sizes.articles):
        piece, made = chance.choice(known)
        published = world.now - _TEN_YEARS + timedelta(seconds=int(_SECONDS * number / world.sizes.articles))
        title = " ".join(chance.choice(words.split(",")) for words in (_WHO, _WHAT, _WHICH))
        new = New(world.store.next("articles"), number, f"{title} ({number})", piece, made, published)
        verticals = world.some_verticals()
        _article(world, where, new, verticals)
        _text(world, new)
        _order(world, where, new.id, verticals)
        yield number + 1


def _article(world: World, where: Shelves, new: New, verticals: list[int]) -> None:
    chance, head = world.chance, new.piece.head
    state, access = chance.choices(_STATES, _HELD)[0], chance.choices(_ACCESS, _OFTEN)[0]
    at = None if state == "draft" else new.published
    rubric, category = chance.choice(where.rubrics), chance.choice(where.categories.get(verticals[0]) or [None])
    name = (new.id, f"article-a-l-echelle-{new.number}", new.title, head["standfirst"], head.get("lang", "fr"))
    kind = (verticals[0], rubric, category, head["format"], False, True, state, access)
    outline = json.dumps([asdict(heading) for heading in new.made.outline])
    size = (new.made.words, new.made.words_locked, new.made.tables_locked, outline)
    world.store.add(ARTICLES, (*name, *kind, stamp(at), stamp(new.published), 2, *size))
    facts: dict[str, Any] = {"state": state, "access": access, "published_at": iso(at)}
    facts |= {"free_from": None, "free_until": None, "vertical_ids": [verticals[0], *sorted(verticals[1:])]}
    world.store.snapshot("article", new.id, new.published, facts)


def _text(world: World, new: New) -> None:
    world.store.add(TEXTS, (new.id, new.piece.source, new.made.preview, new.made.html, "[]", "[]"))
    world.store.add(SEARCH, (new.id, fold(f"{new.title} {new.piece.head['standfirst']} {new.made.preview_plain}")))


def _order(world: World, where: Shelves, id_: int, verticals: list[int]) -> None:
    for vertical in verticals:
        world.store.add(VERTICALS, (id_, vertical))
    if where.authors:
        world.store.add(AUTHORS, (id_, world.chance.choice(where.authors), 0))
    tags = where.tags.get(verticals[0], [])
    for tag in world.chance.sample(tags, min(2, len(tags))):
        world.store.add(TAGS, (id_, tag))

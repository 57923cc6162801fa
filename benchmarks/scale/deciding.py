"""decide(): real readers of this database before its articles."""

import random
from collections.abc import Iterator
from itertools import product

from sqlalchemy import func, select

from benchmarks.scale.timing import Finding, best
from benchmarks.scale.world import NOW
from portal.access import facts, replay
from portal.access.decision import decide
from portal.accounts.models import Reader
from portal.content.models import Article
from portal.db import Base, db

READERS, ARTICLES = 300, 100
EXPECTED = 10e-6


def some_ids(chance: random.Random, model: type[Base], count: int) -> list[int]:
    """Ids of this table, drawn evenly; there may be holes between them."""
    last = db.session.scalar(select(func.max(model.id))) or 0  # type: ignore[attr-defined]
    return chance.sample(range(1, last + 1), min(count, last))


def measure(chance: random.Random) -> Iterator[Finding]:
    """Every article put to every reader's facts."""
    readers = db.session.scalars(select(Reader).where(Reader.id.in_(some_ids(chance, Reader, READERS)))).all()
    known = [facts.of_account(db.session, reader, NOW) for reader in readers]
    found = (replay.article_at(db.session, id_, NOW) for id_ in some_ids(chance, Article, ARTICLES))
    articles = [article for article in found if article is not None]
    took = [best(lambda a=a, r=r: decide(a, r, NOW)) for a, r in product(articles, known)]  # type: ignore[misc]
    held = sum(len(reader.grants) for reader in known) / len(known)
    yield Finding(f"decide(), readers with {held:.1f} grants on average", took, "pairs, best of 3 each", EXPECTED)

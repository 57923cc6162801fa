"""What tests of articles share: articles saved by the real service, and the statements a page puts to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleState
from portal.content import articles
from portal.content.articles import Manuscript
from portal.content.models import Article
from portal.db import db, writing
from tests.builders import a_rubric, a_vertical

OPENING = "Le guichet ouvre lundi. Les équipes s’y préparent depuis deux ans."
CANARY = "Le canari zorglub chante derrière le mur."
FIGURE = "Chiffre zorglub"
PERSON = "Zorgluba Personne"
SOURCE = f"""{OPENING}

{"Une phrase ordinaire vient ensuite, sans rien dire. " * 12}

## Une suite

{CANARY} {"Une autre phrase, plus loin, remplit la page. " * 30}

| Poste | Montant |
|---|---|
| zorglub | 12 000 € |

```chart
title = "Graphique zorglub"
kind = "bars"
source = "zorglub"
labels = ["zorglub", "autre"]
values = [1, 2]
```

## Une fin

Rien de plus.
"""


def saved(
    slug: str = "un-article", *, at: datetime | None = None, others: tuple[str, ...] = (), **more: Any
) -> Article:
    """A published article of mind Health with a canary behind its preview, saved as editors save it."""
    with writing() as unit:
        values: dict[str, Any] = {
            "title": "Un titre",
            "standfirst": "Un chapô.",
            "source": SOURCE,
            "access": ArticleAccess.SUBSCRIBER,
        }
        values |= {
            "figures": [{"label": FIGURE, "value": "400 M€", "source": "zorglub"}],
            "persons": [{"name": PERSON, "job": "zorglub"}],
        }
        verticals = [a_vertical(more.pop("vertical", "health")), *(a_vertical(other) for other in others)]
        state = more.pop("state", ArticleState.PUBLISHED)
        manuscript = Manuscript(**{**values, "verticals": verticals, "rubric": a_rubric(), **more})
        article = articles.create(unit, slug, manuscript)
        if state is not ArticleState.DRAFT:
            articles.publish(unit, article.id, at or clock.now() - timedelta(days=1))
        if state is ArticleState.WITHDRAWN:
            articles.withdraw(unit, article.id)
    return article


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SELECTs put to the database inside."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

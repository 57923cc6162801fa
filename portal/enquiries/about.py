"""The article a question is about: only one that whoever asks may know of."""

import re
from dataclasses import dataclass

from portal import clock
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.vocabulary import Outcome
from portal.content import queries
from portal.content.lists import article_facts
from portal.content.models import Article
from portal.db import db

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,159}")


@dataclass(frozen=True, slots=True)
class Subject:
    """An article as a form names it."""

    id: int
    slug: str
    title: str
    lang: str
    url: str
    vertical: str


def article_named(slug: str | None) -> Subject | None:
    """The article with this slug; None for an unknown one and for one that is not there for whoever asks."""
    if not slug or not _SLUG.fullmatch(slug):
        return None
    at = clock.now()
    row = db.session.execute(queries.LIST.where(Article.slug == slug), {"at": at}).first()
    if row is None or decide(article_facts(row), reader_facts(), at).outcome in (Outcome.ABSENT, Outcome.GONE):
        return None
    return Subject(row.id, row.slug, row.title, row.lang, f"/{row.vertical}/article/{row.slug}", row.vertical)

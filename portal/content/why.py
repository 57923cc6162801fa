"""Why may somebody (not) read an article: the one look-up and the one explanation behind every page that answers it.

The quiet line and the lock panel lead readers here, the help page and the company's manager ask it, the back office and
`portal access explain` ask it about any past instant.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import bindparam, or_, select

from portal.access.decision import decide
from portal.access.explain import Explanation, explain, panel
from portal.access.looked import Names
from portal.access.vocabulary import Outcome, ReaderFacts
from portal.content import queries
from portal.content.asked import Asked
from portal.content.lists import article_facts
from portal.content.lock import Action
from portal.content.models import Article, FormerSlug
from portal.db import AnySession
from portal.verticals import all_verticals

LONGEST = 500
_SHOWN = frozenset({Outcome.FULL, Outcome.PREVIEW})


@dataclass(frozen=True, slots=True)
class Subject:
    """The article that is asked about; a withdrawn one has no title for anybody any more."""

    article_id: int
    path: str
    vertical: str
    title: str
    lang: str
    explanation: Explanation
    actions: list[Action]
    """What the reader can do at once, as the lock panel offers it; none when there is nothing to open."""

    @property
    def panel(self) -> dict[str, Any]:
        """For the template's macros, in the order of the table."""
        return panel(self.explanation)


def subject(session: AnySession, asked: str, reader: ReaderFacts, at: datetime, email: str = "") -> Subject | None:
    """The article behind a slug, a path or a whole address, explained; None when it is not there for this reader.

    `email` is the reader's own address, for what a next step says.
    """
    row = named(session, asked)
    if row is None:
        return None
    facts = article_facts(row)
    found = Asked(row, facts, reader, decide(facts, reader, at), at)
    outcome = found.decision.outcome
    if outcome is Outcome.ABSENT:
        return None
    return Subject(
        article_id=row.id,
        path=found.path,
        vertical=row.vertical,
        title=row.title if outcome in _SHOWN else "",
        lang=row.lang,
        explanation=explain(facts, reader, at, names(session, row)),
        actions=found.panel(email).actions if outcome is Outcome.PREVIEW else [],
    )


_FORMER = select(FormerSlug.article_id).where(FormerSlug.slug == bindparam("slug")).scalar_subquery()
_NAMED = queries.LISTED.where(or_(Article.slug == bindparam("slug"), Article.id == _FORMER)).order_by(Article.id)


def named(session: AnySession, asked: str) -> Any:
    """What decides about an article, found by its address or by a former one; no text is read, None for no article."""
    slug = slug_of(asked)
    if not slug:
        return None
    found = session.execute(_NAMED, {"slug": slug})
    return max(found, key=lambda row: bool(row.slug == slug), default=None)


def slug_of(asked: str) -> str:
    """The last part of an address, where every article's slug stands; empty when there is none."""
    try:
        path = urlsplit(asked.strip()[:LONGEST]).path
    except ValueError:
        return ""
    last = path.rstrip("/").rpartition("/")[2]
    return last if len(last) <= 160 and last.isprintable() else ""


def names(session: AnySession, row: Any = None) -> Names:
    """What verticals are called, the article's own too when they were retired; who gave a right is for staff alone."""
    own = {slug: name for slug, name, *_rest in row.verticals} if row is not None else {}
    return Names({**own, **{vertical.slug: vertical.name for vertical in all_verticals(session)}}, {})

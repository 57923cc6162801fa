"""The explain box: which article or vertical is meant, at which instant, and the answer of access."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import bindparam, select

from portal import clock, formats
from portal.access import replay
from portal.access.explain import Explanation, explain
from portal.access.looked import Names
from portal.access.vocabulary import ArticleFacts, ReaderFacts
from portal.admin import queries
from portal.content import why
from portal.content.lists import article_facts
from portal.content.models import Article
from portal.content.queries import LISTED
from portal.db import AnySession
from portal.i18n import gettext
from portal.trials.queries import guarded_article
from portal.verticals import Vertical, site_verticals

LONGEST = 300
_SHOWN = 5

Notes = Mapping[int, queries.GrantNote]
Subject: TypeAlias = Any
"""A Vertical, or an article as a row of content.queries.LISTED."""

_VERTICAL = select(Vertical).where((Vertical.slug == bindparam("slug")) | (Vertical.name == bindparam("name")))


@dataclass(slots=True)
class Answer:
    """What the box shows: the explanation, or why there is none, or the articles that could be meant."""

    about: str = ""
    of_vertical: bool = False
    explanation: Explanation | None = None
    problem: str = ""
    candidates: list[tuple[str, str]] = field(default_factory=list)


class Unknown(ValueError):
    """The question cannot be answered; the message says why."""


def instant(typed: str) -> datetime:
    """The instant a person typed: ISO 8601; without an offset it is Paris time. Raises Unknown."""
    if not typed.strip():
        return clock.now()
    try:
        moment = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise Unknown(gettext("Enter a date and an hour, for example 2026-03-01T12:00.")) from None
    if not 2000 <= moment.year <= 2200:
        raise Unknown(gettext("Enter a date of this century."))
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.PARIS)


@dataclass(frozen=True, slots=True)
class Present:
    """What the page has read already: what is true of the reader now, and the notes of their grants."""

    reader: ReaderFacts
    notes: Notes


def answer(session: AnySession, reader_id: int, asked: str, typed: str, present: Present) -> Answer:
    """The whole answer for the box; never raises. The present is as the page has read it, the past is replayed."""
    result = Answer()
    try:
        at = instant(typed)
        subject = _subject(session, asked, result)
        if subject is not None and typed.strip():
            result.explanation = _replayed(session, reader_id, subject, at, present.notes)
        elif subject is not None:
            result.explanation = explain(
                _now(subject), present.reader, at, names(session, present.reader, present.notes)
            )
    except Unknown as error:
        result.problem = str(error)
    return result


def of(session: AnySession, reader_id: int, subject: Subject, at: datetime) -> Explanation:
    """The explanation of an article or a vertical for a reader at an instant, from history. Raises Unknown."""
    return _replayed(session, reader_id, subject, at, {})


def _replayed(session: AnySession, reader_id: int, subject: Subject, at: datetime, notes: Notes) -> Explanation:
    reader = replay.reader_at(session, reader_id, at)
    article = _now(subject) if isinstance(subject, Vertical) else replay.article_at(session, subject.id, at)
    if article is None or reader is None:
        what = gettext("This article") if article is None else gettext("This account")
        raise Unknown(gettext("%(what)s did not exist on %(moment)s.", what=what, moment=formats.moment(at)))
    return explain(article, reader, at, names(session, reader, notes))


def _now(subject: Subject) -> ArticleFacts:
    if isinstance(subject, Vertical):
        return guarded_article(subject.slug, trial_open=subject.trial_open)
    return article_facts(subject)


def names(session: AnySession, reader: ReaderFacts, notes: Notes) -> Names:
    """Names of verticals, and who gave each grant; only those that `notes` leaves out are read."""
    verticals = {vertical.slug: vertical.name for vertical in site_verticals()}
    missing = {grant.grant_id for grant in reader.grants} - notes.keys()
    notes = {**notes, **queries.grant_notes(session, sorted(missing))}
    return Names(verticals, {id_: _giver(note) for id_, note in notes.items() if _giver(note)})


def _giver(note: queries.GrantNote) -> str:
    given = gettext("given by %(name)s", name=note.giver) if note.giver else ""
    return ", ".join(part for part in (note.organisation, given) if part)


def _subject(session: AnySession, asked: str, result: Answer) -> Subject | None:
    """The vertical or article that is meant; several are handed back as candidates."""
    found = find(session, asked)
    if not found:
        raise Unknown(gettext("No article and no edition answers to this."))
    if len(found) > 1:
        result.candidates = [(article.title, article.slug) for article in found]
        return None
    subject = found[0]
    result.of_vertical = isinstance(subject, Vertical)
    result.about = subject.name if isinstance(subject, Vertical) else subject.title
    return subject


def find(session: AnySession, asked: str) -> list[Subject]:
    """A vertical by slug or name, an article by an address it has or had, else articles whose title holds the words."""
    asked = asked.strip()[:LONGEST]
    if not asked or "\0" in asked:
        return []
    slug = why.slug_of(asked)
    vertical = session.scalar(_VERTICAL, {"slug": slug, "name": asked})
    if vertical is not None:
        return [vertical]
    article = why.named(session, asked)
    if article is not None:
        return [article]
    titled = LISTED.where(Article.title.icontains(asked, autoescape=True))
    return list(session.execute(titled.order_by(Article.published_at.desc(), Article.id.desc()).limit(_SHOWN)))

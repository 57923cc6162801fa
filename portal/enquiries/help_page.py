"""What the page “I paid and cannot read” shows: an article and why it is open or not, or what each title opens."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from flask_login import current_user
from sqlalchemy import or_, select

from portal import clock, formats
from portal.access import replay, words
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.explain import HIT, SKIP, Explanation, explain, panel
from portal.access.looked import Names
from portal.access.vocabulary import Decision, NextStep, Outcome, ReaderFacts, Reason, Source
from portal.content.fronts import AccessChip, access_chip
from portal.content.models import Article, FormerSlug
from portal.db import AnySession, db
from portal.i18n import gettext as _
from portal.trials.queries import guarded_article
from portal.verticals import VerticalInfo, all_verticals

LONGEST = 500
_SHOWN = frozenset({Outcome.FULL, Outcome.PREVIEW})
_NOT_THEIRS = frozenset({"staff", "anonymous"})
_NONE_HERE = frozenset({Reason.OTHER_VERTICAL_TRY, Reason.OTHER_VERTICAL_BUY, Reason.TRIAL_AVAILABLE})


@dataclass(frozen=True, slots=True)
class Subject:
    """The article that is asked about; a withdrawn one has no title for anybody any more."""

    article_id: int
    path: str
    vertical: str
    title: str
    lang: str
    explanation: Explanation

    @property
    def panel(self) -> dict[str, Any]:
        """For the template's macros: the verdict, and the rules with the one that decided first.

        Rules about who is no reader at all are left out, unless one of them decided.
        """
        told = [step for step in self.explanation.steps if step.state == HIT or step.rule not in _NOT_THEIRS]
        shape = panel(replace(self.explanation, steps=tuple(told)))
        shape["steps"].sort(key=lambda step: (HIT, "miss", SKIP).index(step["state"]))
        return shape

    @property
    def unconfirmed(self) -> bool:
        """True when the link that confirms the reader's address is what is missing."""
        return self.explanation.decision.next_step is NextStep.CONFIRM

    @property
    def action(self) -> tuple[str, str] | None:
        """(label, address) of what the reader can do at once; never a sale."""
        step = self.explanation.decision.next_step
        return {
            NextStep.PAY: (_("Pay the invoice"), "/billing/"),
            NextStep.WAIT: (_("See the state of my order"), "/billing/"),
            NextStep.ACCEPT_SEAT: (_("Accept my licence"), "/profile/"),
            NextStep.TAKE_SEAT: (_("Take a licence"), "/profile/"),
        }.get(step)


@dataclass(frozen=True, slots=True)
class Title:
    """One title: whether it is open, by which right or for want of which, and when that ends."""

    vertical: VerticalInfo
    chip: AccessChip
    right: str
    end: str


def subject(asked: str) -> Subject | None:
    """The article behind a slug, a path or a whole address; None when it is not there for whoever asks."""
    row = _article(db.session, asked)
    at = clock.now()
    facts = replay.article_at(db.session, row.id, at) if row is not None else None
    if row is None or facts is None:
        return None
    explanation = explain(facts, reader_facts(), at, _names())
    outcome = explanation.decision.outcome
    if outcome is Outcome.ABSENT:
        return None
    vertical = facts.verticals[0].slug
    path, title = f"/{vertical}/article/{row.slug}", row.title if outcome in _SHOWN else ""
    return Subject(row.id, path, vertical, title, row.lang, explanation)


def _article(session: AnySession, asked: str) -> Any:
    """The article's own columns, found by its address or by a former one; no text is read."""
    slug = slug_of(asked)
    if not slug:
        return None
    former = select(FormerSlug.article_id).where(FormerSlug.slug == slug).scalar_subquery()
    statement = select(Article.id, Article.slug, Article.title, Article.lang)
    found = session.execute(statement.where(or_(Article.slug == slug, Article.id == former)).order_by(Article.id))
    return max(found, key=lambda row: bool(row.slug == slug), default=None)


def slug_of(asked: str) -> str:
    """The last part of an address, where every article's slug stands; empty when there is none."""
    try:
        path = urlsplit(asked.strip()[:LONGEST]).path
    except ValueError:
        return ""
    last = path.rstrip("/").rpartition("/")[2]
    return last if len(last) <= 160 and last.isprintable() else ""


def _names() -> Names:
    return Names({vertical.slug: vertical.name for vertical in all_verticals(db.session)}, {})


def titles() -> list[Title]:
    """What every title opens to whoever is signed in, now."""
    facts = reader_facts()
    return [_title(vertical, facts) for vertical in all_verticals(db.session)]


def _title(vertical: VerticalInfo, facts: ReaderFacts) -> Title:
    article = guarded_article(vertical.slug, trial_open=vertical.trial_open)
    decision = decide(article, facts, clock.now())
    return Title(vertical, access_chip(vertical), _right(decision), _end(decision))


def _right(decision: Decision) -> str:
    """The right that opens a title; for a closed one why it is: a right elsewhere, or none ever, is no right here."""
    if decision.full and decision.grant is not None:
        return words.source_words(decision.grant)
    return words.reason_words(Reason.BUY if decision.reason in _NONE_HERE else decision.reason)[0]


def _end(decision: Decision) -> str:
    grant = decision.grant
    if not decision.full or grant is None:
        return ""
    renews = grant.source is Source.SUBSCRIPTION and grant.end_cause is None and grant.grace_until is None
    if renews and grant.seated_until is None:
        return _("renews on %(day)s", day=formats.day(grant.told_end()))
    return words.end_words(grant.told_end())


def attached(found: Subject | None, others: list[str]) -> list[tuple[str, str]]:
    """What goes with a message, as pairs of words: shown to the reader, and kept for whoever answers."""
    pairs = [(_("Signed in as"), current_user.email), (_("Other proved addresses"), ", ".join(others))]
    if found is None:
        pairs += [(title.vertical.name, _told(title)) for title in titles()]
    else:
        pairs += [(_("Article"), found.title or found.path), (_("Answer of the portal"), found.explanation.title)]
    return [(term, value) for term, value in pairs if value]


def _told(title: Title) -> str:
    return " · ".join(part for part in (title.chip.text, title.right, title.end) if part)


def rows(found: Subject | None) -> list[tuple[str, str]]:
    """Every rule that was looked at, as pairs of words, for whoever answers."""
    if found is None:
        return []
    steps = (step for step in found.explanation.steps if step.state != SKIP)
    return [(step.title, f"{step.detail} ←" if step.state == HIT else step.detail) for step in steps]

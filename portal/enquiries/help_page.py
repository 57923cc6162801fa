"""What the page “I paid and cannot read” shows: an article and why it is open or not, or what each title opens."""

from dataclasses import dataclass, replace
from typing import Any

from flask_login import current_user

from portal import clock, formats
from portal.access import words
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.explain import HIT, SKIP, panel
from portal.access.vocabulary import Decision, NextStep, ReaderFacts, Reason, Source
from portal.content import why
from portal.content.fronts import AccessChip, access_chip
from portal.content.why import Subject
from portal.db import db
from portal.i18n import gettext as _
from portal.trials.queries import guarded_article
from portal.verticals import VerticalInfo, all_verticals

_NOT_THEIRS = frozenset({"staff", "anonymous"})
_NONE_HERE = frozenset({Reason.OTHER_VERTICAL_TRY, Reason.OTHER_VERTICAL_BUY, Reason.TRIAL_AVAILABLE})


def verdict(found: Subject | None) -> dict[str, Any] | None:
    """For the template's macros: the verdict, and the rules with the one that decided first.

    Rules about who is no reader at all are left out, unless one of them decided.
    """
    if found is None:
        return None
    explanation = found.explanation
    told = [step for step in explanation.steps if step.state == HIT or step.rule not in _NOT_THEIRS]
    shape = panel(replace(explanation, steps=tuple(told)))
    shape["steps"].sort(key=lambda step: (HIT, "miss", SKIP).index(step["state"]))
    return shape


def action(found: Subject | None) -> tuple[str, str] | None:
    """(label, address) of what the reader can do at once; never a sale."""
    steps = {
        NextStep.PAY: (_("Pay the invoice"), "/billing/"),
        NextStep.WAIT: (_("See the state of my order"), "/billing/"),
        NextStep.ACCEPT_SEAT: (_("Accept my licence"), "/profile/"),
        NextStep.TAKE_SEAT: (_("Take a licence"), "/profile/"),
    }
    return steps.get(found.explanation.decision.next_step) if found else None


def unconfirmed(found: Subject | None) -> bool:
    """True when the link that confirms the reader's address is what is missing."""
    return found is not None and found.explanation.decision.next_step is NextStep.CONFIRM


@dataclass(frozen=True, slots=True)
class Title:
    """One title: whether it is open, by which right or for want of which, and when that ends."""

    vertical: VerticalInfo
    chip: AccessChip
    right: str
    end: str


def subject(asked: str) -> Subject | None:
    """The article that is asked about, explained to whoever is signed in; None when it is not there for them."""
    return why.subject(db.session, asked, reader_facts(), clock.now(), current_user.email)


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

"""Why may this reader (not) read this article? The decision, then rule by rule what was looked at.

Takes facts, so that it explains the present and any past instant alike. Texts are in the current language.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal import formats
from portal.access import looked, words
from portal.access.case import Case
from portal.access.decision import RULES
from portal.access.looked import Names
from portal.access.vocabulary import (
    ArticleFacts,
    Decision,
    GrantFacts,
    NextStep,
    Outcome,
    ReaderFacts,
    Reason,
)
from portal.i18n import gettext, ngettext

HIT, MISS, SKIP = "hit", "miss", "skip"
_WARNED = frozenset(
    {Reason.GRACE_SUBSCRIPTION, Reason.GRACE_SEAT, Reason.PAYMENT_PENDING, Reason.SEAT_INVITED, Reason.NOT_STARTED}
)


@dataclass(frozen=True, slots=True)
class Step:
    """One rule: its key, the question it asks, what was looked at, and hit, miss or skip (not evaluated)."""

    rule: str
    title: str
    detail: str
    state: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its reasons in words. `until` and `change` are sentences, empty when there is nothing to say."""

    decision: Decision
    at: datetime
    title: str
    sentence: str
    grant: str
    until: str
    change: str
    steps: tuple[Step, ...] = field(default=())

    @property
    def kind(self) -> str:
        """The tone of the panel: ok, warn or bad."""
        if self.decision.reason in _WARNED:
            return "warn"
        return "ok" if self.decision.full else "bad"

    @property
    def text(self) -> str:
        """The verdict in a few sentences; the grant itself stands with the rule that looked at it."""
        return " ".join(part for part in (self.sentence, self.until, self.change) if part)


def explain(article: ArticleFacts, reader: ReaderFacts, at: datetime, names: Names | None = None) -> Explanation:
    """The decision at this aware instant, and every rule in the order of the table."""
    names = names or Names({}, {})
    case = Case(article, reader, at)
    steps, decision = _walk(case, names)
    title, sentence = words.reason_words(decision.reason)
    return Explanation(
        decision=decision,
        at=at,
        title=gettext("%(verdict)s: %(reason)s", verdict=_verdict(decision), reason=_lower(title)),
        sentence=sentence,
        grant=_grant_sentence(decision.grant, case, names),
        until=_until_sentence(decision),
        change=_change_sentence(decision),
        steps=tuple(steps),
    )


def _walk(case: Case, names: Names) -> tuple[list[Step], Decision]:
    found: Decision | None = None
    steps = []
    for rule in RULES:
        answer = rule(case) if found is None else None
        key, question, look = looked.TABLE[rule]
        state = SKIP if found is not None else (HIT if answer else MISS)
        detail = gettext("Not evaluated: a rule above decided.") if state is SKIP else look(case, names)
        steps.append(Step(key, str(question), detail, state))
        found = found or answer
    assert found is not None  # nosec B101 - the last rule of the table answers everything
    return steps, found


def _verdict(decision: Decision) -> str:
    return {
        Outcome.FULL: gettext("Reading allowed"),
        Outcome.PREVIEW: gettext("Beginning only"),
        Outcome.GONE: gettext("Page gone (410)"),
        Outcome.ABSENT: gettext("Page not found (404)"),
    }[decision.outcome]


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


def _grant_sentence(grant: GrantFacts | None, case: Case, names: Names) -> str:
    return f"{looked.grant_line(grant, case, names)}." if grant else ""


def _until_sentence(decision: Decision) -> str:
    if decision.until is None:
        return ""
    if decision.full:
        return words.until_words(decision.grant.told_end() if decision.grant else decision.until)
    if decision.reason is Reason.NOT_STARTED:
        return gettext("From %(start)s.", start=words.start_words(decision.until))
    if decision.outcome is Outcome.ABSENT:
        return gettext("It will be published on %(moment)s.", moment=formats.moment(decision.until))
    return gettext("Good until %(moment)s.", moment=formats.moment(decision.until))


def _change_sentence(decision: Decision) -> str:
    if decision.reason is Reason.FREE and decision.next_step is NextStep.START_TRIAL:
        return ""
    return str(words.STEPS[decision.next_step])


OF_ARTICLES = frozenset({"withdrawn", "not-published", "free", "free-window", "registered"})


def panel(explanation: Explanation, *, of_vertical: bool = False) -> dict[str, Any]:
    """The shape the template macro `explain_panel` wants; rules below the one that decided become one line.

    Asked about a vertical (`of_vertical`), what concerns single articles is left out.
    """
    walked = [s for s in explanation.steps if s.state != SKIP and not (of_vertical and s.rule in OF_ARTICLES)]
    steps = [{"title": step.title, "detail": step.detail, "state": step.state} for step in walked]
    left = sum(step.state == SKIP for step in explanation.steps)
    if left:
        title = ngettext("%(num)s further rule", "%(num)s further rules", left)
        steps.append({"title": title, "detail": gettext("Not evaluated: a rule above decided."), "state": SKIP})
    return {"kind": explanation.kind, "title": explanation.title, "text": explanation.text, "steps": steps}


_MARKS = {HIT: "[x]", MISS: "[ ]", SKIP: " - "}


def to_text(explanation: Explanation) -> str:
    """The explanation as lines of plain text."""
    lines = [f"{explanation.title} ({explanation.decision.reason.value}), {formats.moment(explanation.at)}"]
    lines += [part for part in (explanation.sentence, explanation.grant, explanation.until, explanation.change) if part]
    lines.append("")
    for number, step in enumerate(explanation.steps, 1):
        lines.append(f"{number:2} {_MARKS[step.state]} {step.title} {step.detail}".rstrip())
    return "\n".join(lines)


def to_dict(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON values; instants in ISO 8601 UTC."""
    decision = explanation.decision
    return {
        "at": explanation.at.isoformat(),
        "outcome": decision.outcome.value,
        "reason": decision.reason.value,
        "next_step": decision.next_step.value,
        "vertical": decision.vertical,
        "until": decision.until.isoformat() if decision.until else None,
        "grant": _grant_dict(decision.grant) if decision.grant else None,
        "title": explanation.title,
        "text": explanation.text,
        "steps": [
            {"rule": step.rule, "title": step.title, "detail": step.detail, "state": step.state}
            for step in explanation.steps
        ],
    }


def _grant_dict(grant: GrantFacts) -> dict[str, Any]:
    return {
        "id": grant.grant_id,
        "vertical": grant.vertical,
        "source": grant.source.value,
        "starts_at": grant.starts_at.isoformat(),
        "ends_at": grant.ends_at.isoformat(),
        "organisation_id": grant.organisation_id,
    }

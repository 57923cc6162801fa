"""The trial page of a signed-in reader: what one click opens, what runs or waits, what was tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import render_template, request

from portal import clock
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.vocabulary import ReaderFacts, Reason
from portal.db import db
from portal.formats import day
from portal.i18n import current_locale
from portal.i18n import gettext as _
from portal.trials import asking, countdown, dates, queries, words
from portal.trials.asking import Asked, Wishes
from portal.trials.models import RequestKind
from portal.verticals import VerticalInfo
from portal.web import own_path


@dataclass(frozen=True, slots=True)
class Listed:
    """A vertical on the page, and in which state it is for this reader; without a state it can be tried."""

    vertical: VerticalInfo
    state: str = ""
    tone: str = ""
    detail: str = ""
    ticks_left: int | None = None
    more_url: str = ""

    @property
    def tagline(self) -> str:
        """What the vertical is about, in the reader's language."""
        return tagline(self.vertical)


def page(verticals: Mapping[str, VerticalInfo]) -> str:
    """The page as it stands now."""
    facts, way_back = reader_facts(), own_path(request.args.get("next"), "")
    listed = _listed(facts, verticals, way_back)
    code = "suspended" if facts.suspended else "" if facts.confirmed else "unconfirmed"
    return render_template(
        "trials/own.html",
        offered=[] if code else [one for one in listed if not one.state],
        others=[one for one in listed if one.state],
        hindered=words.refused(code) if code else "",
        unconfirmed=code == "unconfirmed",
        next=way_back,
        steps=dates.steps(clock.now()),
    )


def _listed(facts: ReaderFacts, verticals: Mapping[str, VerticalInfo], way_back: str) -> list[Listed]:
    now, wishes = clock.now(), asking.wishes(db.session, facts.reader_id or 0)
    running = {c.vertical: c for c in countdown.countdowns(facts, now) if c.stage is not countdown.Stage.ENDED}
    found = []
    for slug, vertical in verticals.items():
        waiting = asking.waits_for_cap(wishes, slug)
        decision = decide(queries.guarded_article(slug), facts, now)
        if slug in running:
            found.append(_running(vertical, running[slug]))
        elif decision.full:
            found.append(Listed(vertical, _("Open to you"), "ok"))
        elif slug in facts.tried or decision.reason is Reason.TRIAL_ENDED:
            found.append(_tried(vertical, facts, wishes, way_back))
        elif waiting:
            found.append(Listed(vertical, _("Asked for"), "warn", answer_words(waiting)))
        elif vertical.trial_open:
            found.append(Listed(vertical))
    return found


def _running(vertical: VerticalInfo, trial: countdown.Countdown) -> Listed:
    return Listed(vertical, _("On trial"), "ok", trial.until, trial.ticks_left)


def _tried(vertical: VerticalInfo, facts: ReaderFacts, wishes: Wishes, way_back: str) -> Listed:
    """What was tried, with the way to more days, or what became of that wish."""
    slug = vertical.slug
    code = asking.hindrance(facts, slug, wishes, clock.now())
    if code == "waiting":
        detail = answer_words(wishes[RequestKind.EXTENSION, slug])
        return Listed(vertical, _("More days asked for"), "warn", detail)
    return Listed(vertical, _("Tried"), "plain", more_url="" if code else more_url(slug, way_back))


def more_url(slug: str, way_back: str = "") -> str:
    """Where more days of a trial that has ended are asked for."""
    return f"/trial/more/{slug}" + (f"?{urlencode({'next': way_back})}" if way_back else "")


def answer_words(asked: Asked) -> str:
    """Until when a person answers."""
    return _("answer on %(day)s at the latest", day=day(asked.due, weekday=True, year=False))


def tagline(vertical: VerticalInfo) -> str:
    """What a vertical is about, in the reader's language."""
    return (vertical.tagline_en or vertical.tagline) if current_locale() == "en" else vertical.tagline

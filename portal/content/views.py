"""An article's address: who asks, what is decided, and the page that answers."""

from datetime import datetime

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request
from flask_login import current_user
from sqlalchemy import select
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as BaseResponse

from portal import clock, page_cache
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.vocabulary import ArticleFacts, NextStep, Outcome
from portal.content import kept, lists, queries
from portal.content.articles import once_in
from portal.content.asked import Asked
from portal.content.lock import why_url
from portal.content.models import Article, FormerSlug
from portal.content.notes import Note, Open, note
from portal.db import db
from portal.lean import visitor
from portal.moulds import mark
from portal.reading import log
from portal.throttle import Throttled
from portal.verticals import Vertical
from portal.web import PUBLIC, allow

blueprint = Blueprint("content", __name__)
_WHY = mark("why")  # stands in the quiet line, which is the same for many articles, for what leads to the explanation


class SlugConverter(BaseConverter):
    """A part of an address: letters, digits and hyphens, so that nothing odd ever reaches the database."""

    regex = "[A-Za-z0-9][A-Za-z0-9_-]{0,159}"


@blueprint.get("/<slug:vertical>/article/<slug:slug>")
@allow(PUBLIC)
def article(vertical: str, slug: str) -> BaseResponse:
    """The article whole, its preview with the lock panel, 301 to its right address, 410 when withdrawn, or 404."""
    at = clock.now()
    person = visitor()
    row = queries.FACTS.first(db.session, {"slug": slug, "reader_id": person.id if person.is_authenticated else 0})
    if row is None:
        return _moved(vertical, slug, at)
    facts, reader = lists.article_facts(row), reader_facts()
    decision = decide(facts, reader, at)
    if decision.outcome is Outcome.ABSENT or not _belongs(vertical, facts):
        abort(404)
    if decision.outcome is Outcome.GONE:
        return _gone(row.vertical)
    if vertical != row.vertical:
        return redirect(f"/{row.vertical}/article/{row.slug}", 301)
    return _shown(Asked(row, facts, reader, decision, at))


def _belongs(vertical: str, facts: ArticleFacts) -> bool:
    """True for a vertical of the article, and for one it was moved from: links in mails and elsewhere stay good."""
    if vertical in {part.slug for part in facts.verticals}:
        return True
    known = db.session.scalar(select(Vertical.id).where(Vertical.slug == vertical))
    return known is not None and known in once_in(db.session, facts.article_id)


def _shown(asked: Asked) -> Response:
    decision = asked.decision
    if decision.full and asked.reader.reader_id is not None and (seconds := log.wait(asked.reader.reader_id, asked.at)):
        raise Throttled(seconds)
    mould = kept.page(asked.row, full=decision.full, open_to_all=asked.open_to_all, at=asked.at)
    save = _save(asked)
    if asked.reader.reader_id is None:
        page_cache.may_keep(_next_change(asked.facts, asked.at))
    if not decision.full:
        email = current_user.email if current_user.is_authenticated else ""
        lock = kept.piece("components/articles.html", "lock_panel", asked.panel(email))
        return kept.answer(mould, asked.at, lock=lock, save=save)
    if asked.reader.reader_id is not None and current_user.viewer_id is None:
        log.note(asked.reader.reader_id, asked.row.id, asked.at)
    return kept.answer(mould, asked.at, note=_note(asked), call=_call(asked), save=save)


def _next_change(facts: ArticleFacts, at: datetime) -> datetime | None:
    """The next instant at which a stranger's answer changes by the clock alone."""
    ahead = (instant for instant in (facts.free_from, facts.free_until) if instant is not None and instant > at)
    return min(ahead, default=None)


def _note(asked: Asked) -> str:
    """The quiet line, or nothing; the same for all who read by the same reason until the same day."""
    facts, decision = asked.facts, asked.decision
    due = facts.published_at is not None and facts.published_at <= asked.at
    told = Open(decision.reason, decision.until, asked.name(decision.vertical), facts.state, due)
    return kept.remembered(told, lambda: _drawn(note(told))).replace(_WHY, why_url(asked.path))


def _drawn(line: Note | None) -> str:
    return kept.piece("content/_pieces.html", "note_line", line, _WHY) if line else ""


def _save(asked: Asked) -> str:
    """The button that puts an article aside or takes it back; a stranger's page holds a link instead."""
    if asked.reader.reader_id is None:
        return ""
    state = asked.row.saved
    return kept.remembered(("save", state), lambda: kept.piece("content/_pieces.html", "save_button", state))


def _call(asked: Asked) -> str:
    """The trial call of a free article, for those who could start one."""
    decision = asked.decision
    if decision.next_step is not NextStep.START_TRIAL:
        return ""
    call = {"slug": decision.vertical, "name": asked.name(decision.vertical)}
    return kept.piece("content/_pieces.html", "trial_call", call, request.path)


def _moved(vertical: str, slug: str, at: datetime) -> BaseResponse:
    """A former address answers 301, unless the article is not for this reader to know of."""
    statement = (
        select(Article.slug).join(FormerSlug, FormerSlug.article_id == Article.id).where(FormerSlug.slug == slug)
    )
    current = db.session.scalar(statement)
    row = queries.FACTS.first(db.session, {"slug": current}) if current else None
    if row is None:
        abort(404)
    facts = lists.article_facts(row)
    outcome = decide(facts, reader_facts(), at).outcome
    if outcome is Outcome.ABSENT or not _belongs(vertical, facts):
        abort(404)
    return redirect(f"/{row.vertical}/article/{row.slug}", 301)


def _gone(vertical: str) -> Response:
    g.no_way_back = True  # nobody wants to be led back to what is no longer there
    vertical_id = db.session.scalar(select(Vertical.id).where(Vertical.slug == vertical))
    related = lists.latest(4, queries.in_vertical(vertical_id or 0))
    return make_response(render_template("errors/410.html", related=related, status=410), 410)

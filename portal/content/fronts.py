"""Lists of articles: rubrics, categories, tags, authors, what is free, search; and what front pages share with them."""

from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, request
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from portal import clock, page_cache
from portal.access.asking import reader_facts
from portal.access.decision import decide
from portal.access.vocabulary import ArticleAccess, ArticleFacts, ArticleState, Reason, VerticalFacts
from portal.content import lists, queries
from portal.content.models import (
    Article,
    ArticleAuthor,
    ArticleSearch,
    Author,
    Category,
    Rubric,
    Tag,
    article_categories,
    article_tags,
)
from portal.content.search import words_of
from portal.content.views import blueprint
from portal.db import db
from portal.i18n import current_locale, ngettext
from portal.i18n import gettext as _
from portal.trials import dates
from portal.verticals import VerticalInfo, all_verticals
from portal.web import PUBLIC, allow

QUERY_LENGTH = 200
_VERTICAL = "/<slug:vertical>"


@dataclass(frozen=True, slots=True)
class AccessChip:
    """How a vertical stands for whoever looks at it."""

    text: str
    kind: str
    icon: str


def find_vertical(slug: str) -> VerticalInfo:
    """The vertical with this address; 404 when there is none."""
    found = next((vertical for vertical in all_verticals(db.session) if vertical.slug == slug), None)
    return found or abort(404)


def offer() -> None:
    """Lists for strangers may be kept for a few seconds; what is published meanwhile shows a little later."""
    if reader_facts().reader_id is None:
        page_cache.may_keep()


def page_number() -> int:
    """?page=, 1 by default; 404 for what is not a page number."""
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdigit() or len(text) > 5 or not 1 <= int(text) <= lists.LAST_PAGE:
        abort(404)
    return int(text)


def named(row: Any) -> str:
    """A name in the reader's language, the French one when there is no other."""
    return str(row.name_en if current_locale() == "en" and row.name_en else row.name)


def tagline(vertical: VerticalInfo) -> str:
    """The vertical's promise in the reader's language."""
    return vertical.tagline_en if current_locale() == "en" and vertical.tagline_en else vertical.tagline


def access_chip(vertical: VerticalInfo) -> AccessChip:
    """Open, on trial (with the days left) or closed for whoever asks, by the one function that decides."""
    at = clock.now()
    facts = VerticalFacts(vertical.slug, vertical.trial_open, vertical.on_sale)
    example = ArticleFacts(0, ArticleState.PUBLISHED, ArticleAccess.SUBSCRIBER, (facts,), published_at=at)
    decision = decide(example, reader_facts(), at)
    if not decision.full:
        return AccessChip(_("Closed"), "plain", "lock")
    if decision.reason is Reason.GRANT_TRIAL and decision.grant:
        left = dates.days_left(decision.grant.last_instant(), at)
        text = ngettext("Trial: %(num)s day left", "Trial: %(num)s days left", left) if left else _("Trial: last day")
        return AccessChip(text, "ok", "clock")
    return AccessChip(_("Open"), "ok", "unlock")


def _list(title: str, listed: lists.Page, **more: Any) -> str:
    offer()
    return render_template("content/list.html", title=title, listed=listed, **more)


def _rubric(slug: str) -> Any:
    statement = select(Rubric.id, Rubric.slug, Rubric.name, Rubric.name_en).where(Rubric.slug == slug)
    return db.session.execute(statement).one_or_none() or abort(404)


@blueprint.get(f"{_VERTICAL}/rubric/<slug:rubric>")
@allow(PUBLIC)
def rubric(vertical: str, rubric: str) -> str:
    """A rubric of one vertical."""
    here, row = find_vertical(vertical), _rubric(rubric)
    where = (queries.in_vertical(here.id), Article.rubric_id == row.id)
    listed = lists.page(page_number(), "content.rubric", *where, vertical=vertical, rubric=rubric)
    return _list(named(row), listed, crumbs=[(here.name, f"/{vertical}/")])


@blueprint.get("/rubric/<slug:rubric>")
@allow(PUBLIC)
def rubric_everywhere(rubric: str) -> str:
    """A rubric of all verticals."""
    row = _rubric(rubric)
    listed = lists.page(page_number(), "content.rubric_everywhere", Article.rubric_id == row.id, rubric=rubric)
    return _list(named(row), listed, crumbs=[])


@blueprint.get(f"{_VERTICAL}/category/<slug:category>", defaults={"sub": None})
@blueprint.get(f"{_VERTICAL}/category/<slug:category>/<slug:sub>")
@allow(PUBLIC)
def category(vertical: str, category: str, sub: str | None) -> str:
    """A category with all below it, or one of its children."""
    here = find_vertical(vertical)
    top = _category(here.id, None, category)
    crumbs: list[tuple[str, str | None]] = [(here.name, f"/{vertical}/")]
    chosen = top
    if sub is not None:
        chosen = _category(here.id, top.id, sub)
        crumbs.append((named(top), f"/{vertical}/category/{category}"))
    where = _in_category(chosen.id)
    listed = lists.page(page_number(), "content.category", where, vertical=vertical, category=category, sub=sub)
    return _list(named(chosen), listed, crumbs=crumbs, tabs=_siblings(here, top, sub))


def _category(vertical_id: int, parent_id: int | None, slug: str) -> Any:
    parent = Category.parent_id.is_(None) if parent_id is None else Category.parent_id == parent_id
    statement = select(Category.id, Category.slug, Category.name, Category.name_en)
    statement = statement.where(Category.vertical_id == vertical_id, parent, Category.slug == slug)
    return db.session.execute(statement).one_or_none() or abort(404)


def _in_category(category_id: int) -> Any:
    child = aliased(Category)
    family = select(child.id).where(or_(child.id == category_id, child.parent_id == category_id))
    extra = select(article_categories.c.article_id).where(article_categories.c.category_id.in_(family))
    return or_(Article.category_id.in_(family), Article.id.in_(extra))


def _siblings(here: VerticalInfo, top: Any, sub: str | None) -> list[tuple[str, str, bool]]:
    base = f"/{here.slug}/category/{top.slug}"
    statement = select(Category.slug, Category.name, Category.name_en).where(Category.parent_id == top.id)
    rows = db.session.execute(statement.order_by(Category.position))
    return [(_("All"), base, sub is None), *((named(row), f"{base}/{row.slug}", row.slug == sub) for row in rows)]


@blueprint.get(f"{_VERTICAL}/tag/<slug:tag>")
@allow(PUBLIC)
def tag(vertical: str, tag: str) -> str:
    """What is tagged with a subject."""
    here = find_vertical(vertical)
    statement = select(Tag.id, Tag.name).where(Tag.vertical_id == here.id, Tag.slug == tag)
    row = db.session.execute(statement).one_or_none() or abort(404)
    tagged = Article.id.in_(select(article_tags.c.article_id).where(article_tags.c.tag_id == row.id))
    listed = lists.page(page_number(), "content.tag", tagged, vertical=vertical, tag=tag)
    return _list(row.name, listed, crumbs=[(here.name, f"/{vertical}/")])


@blueprint.get(f"{_VERTICAL}/author/<slug:author>")
@allow(PUBLIC)
def author(vertical: str, author: str) -> str:
    """What an author wrote for a vertical."""
    here = find_vertical(vertical)
    statement = select(Author.id, Author.name, Author.job).where(Author.slug == author)
    row = db.session.execute(statement).one_or_none() or abort(404)
    signed = Article.id.in_(select(ArticleAuthor.article_id).where(ArticleAuthor.author_id == row.id))
    where = and_(signed, queries.in_vertical(here.id))
    listed = lists.page(page_number(), "content.author", where, vertical=vertical, author=author)
    return _list(row.name, listed, crumbs=[(here.name, f"/{vertical}/")], intro=row.job.capitalize())


@blueprint.get("/free")
@allow(PUBLIC)
def free() -> str:
    """What anyone may read."""
    listed = lists.page(page_number(), "content.free", queries.free_now())
    intro = _("Read these articles in full, without an account.")
    return _list(_("Free articles"), listed, crumbs=[], intro=intro, invite=True)


@blueprint.get("/search")
@allow(PUBLIC)
def search() -> str:
    """Articles whose title, standfirst or preview hold every word, accents aside; never by their locked text."""
    query = request.args.get("q", "")[:QUERY_LENGTH].strip()
    words = words_of(query)
    listed = None
    if words:
        found = select(ArticleSearch.article_id).where(
            *(ArticleSearch.folded.contains(word, autoescape=True) for word in words)
        )
        listed = lists.page(page_number(), "content.search", Article.id.in_(found), q=query)
    return render_template("content/search.html", query=query, listed=listed)

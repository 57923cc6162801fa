"""Articles worth a look, found by query: whatever the demonstration holds, nothing here knows an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel.speaklater import LazyString
from sqlalchemy import ColumnElement, and_, func, select

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleState, Reason
from portal.content import queries
from portal.content.models import Article, ArticleText, Resource, article_verticals
from portal.db import AnySession
from portal.i18n import lazy_gettext as _
from portal.verticals import Vertical


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of article: its name on the hub, what to look at, and the row it shows to a stranger, if one decides."""

    label: LazyString
    look: LazyString
    row: Reason | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An article of a kind."""

    kind: str
    title: str
    lang: str
    path: str
    vertical: str
    name: str

    @property
    def hidden(self) -> bool:
        """True when readers get no page at its address."""
        return self.kind in ("withdrawn", "scheduled", "draft")


KINDS: Mapping[str, Kind] = {
    "locked": Kind(_("For subscribers"), _("The preview, then the lock panel of whoever looks."), Reason.ANONYMOUS),
    "free": Kind(_("Free"), _("Open to all; a trial is called for where one is possible."), Reason.FREE),
    "window": Kind(
        _("Free for a while"), _("Open to all until an instant, then closed by the clock."), Reason.FREE_WINDOW
    ),
    "registered": Kind(_("For registered readers"), _("An account with a confirmed address is enough.")),
    "shared": Kind(_("In two editions"), _("A right to either opens it; its other address leads here.")),
    "withdrawn": Kind(_("Withdrawn"), _("Answers 410 and leads on; staff still read it."), Reason.WITHDRAWN),
    "scheduled": Kind(
        _("Scheduled"), _("Answers 404 until its hour; the clock alone publishes it."), Reason.NOT_PUBLISHED
    ),
    "draft": Kind(_("Draft"), _("Answers 404; staff see it with a note."), Reason.NOT_PUBLISHED),
    "corrected": Kind(_("Corrected"), _("The correction stands below the text, with its day.")),
    "english": Kind(_("In English"), _("Marked as such in the French interface.")),
    "document": Kind(_("With a document"), _("The document follows the article's right.")),
    "chart": Kind(_("With a chart"), _("Drawn by the server, with its figures as a table.")),
}


def _public() -> ColumnElement[bool]:
    return queries.public()


def _reserved() -> ColumnElement[bool]:
    """Published, for subscribers, and in no free window."""
    closed = and_(Article.free_from.is_(None), Article.free_until.is_(None))
    return and_(_public(), Article.access == ArticleAccess.SUBSCRIBER, closed)


def _editions() -> ColumnElement[int]:
    counted = select(func.count()).where(article_verticals.c.article_id == Article.id)
    return counted.correlate(Article).scalar_subquery()


def _written_with(text: str) -> ColumnElement[bool]:
    return Article.id.in_(select(ArticleText.article_id).where(ArticleText.source.contains(text)))


def _condition(kind: str) -> ColumnElement[bool]:
    ahead = Article.published_at > queries.AT
    return {
        "locked": lambda: and_(_reserved(), _editions() == 1),
        "free": lambda: and_(_public(), Article.access == ArticleAccess.FREE),
        "window": lambda: and_(_public(), Article.access == ArticleAccess.SUBSCRIBER, queries.free_now()),
        "registered": lambda: and_(_public(), Article.access == ArticleAccess.REGISTERED),
        "shared": lambda: and_(_reserved(), _editions() > 1),
        "withdrawn": lambda: Article.state == ArticleState.WITHDRAWN,
        "scheduled": lambda: and_(Article.state == ArticleState.SCHEDULED, ahead),
        "draft": lambda: Article.state == ArticleState.DRAFT,
        "corrected": lambda: and_(_public(), Article.correction.is_not(None)),
        "english": lambda: and_(_public(), Article.lang == "en"),
        "document": lambda: and_(_public(), Article.id.in_(select(Resource.article_id))),
        "chart": lambda: and_(_public(), _written_with("```chart")),
    }[kind]()


def _newest(kind: str, vertical: str = "") -> Any:
    statement: Any = (
        select(Article.title, Article.lang, Article.slug, Vertical.slug, Vertical.name)
        .join(Vertical, Vertical.id == Article.primary_vertical_id)
        .where(_condition(kind))
        .order_by(Article.published_at.desc(), Article.id)
        .limit(1)
    )
    return statement.where(Vertical.slug == vertical) if vertical else statement


def find(session: AnySession, wish: str) -> Found | None:
    """The newest article of a wish: "health" (a locked one), "health/registered", "/chart" (any edition)."""
    vertical, _slash, kind = wish.partition("/")
    kind = kind or "locked"
    row = session.execute(_newest(kind, vertical), {"at": clock.now()}).first()
    if row is None:
        return None
    title, lang, slug, edition, name = row
    return Found(kind, title, lang, f"/{edition}/article/{slug}", edition, name)


def find_all(session: AnySession) -> dict[str, Found]:
    """One article of each kind that there is, spread over the editions where that is possible."""
    editions = list(session.scalars(select(Vertical.slug).order_by(Vertical.position)))
    found: dict[str, Found] = {}
    for number, kind in enumerate(KINDS):
        edition = editions[number % len(editions)] if editions else ""
        article = find(session, f"{edition}/{kind}") or find(session, f"/{kind}")
        if article is not None:
            found[kind] = article
    return found

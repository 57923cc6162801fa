"""Feeds in RSS 2.0, of the site and of each vertical: title and standfirst, never a word of the text behind them.

They are in French, as the articles are, whatever the language of whoever asks: a feed is fetched once for many.
"""

from typing import Any

from feedgenerator import Rss201rev2Feed
from flask import Response, current_app
from markupsafe import escape
from sqlalchemy.sql.elements import ColumnElement

from portal import clock
from portal.content import machines, queries
from portal.content.fronts import find_vertical
from portal.content.views import blueprint
from portal.db import db
from portal.i18n import gettext as _
from portal.i18n import use_locale
from portal.web import PUBLIC, absolute, allow

LENGTH = 30
LANGUAGE = "fr"
KIND = "application/rss+xml"


@blueprint.get("/feed")
@allow(PUBLIC)
def feed() -> Response:
    """The newest articles of all verticals."""
    with use_locale(LANGUAGE):
        about = _("News, analysis and data for those who decide in digital health, finance and media.")
    return _handed(current_app.config["SITE_NAME"], "/", about)


@blueprint.get("/<slug:vertical>/feed")
@allow(PUBLIC)
def vertical_feed(vertical: str) -> Response:
    """The newest articles of one vertical, those it shares included."""
    here = find_vertical(vertical)
    return _handed(here.name, f"/{here.slug}/", here.tagline, queries.in_vertical(here.id))


def _handed(title: str, home: str, about: str, *where: ColumnElement[bool]) -> Response:
    made = Rss201rev2Feed(
        title=machines.told(title),
        link=absolute(home),
        description=machines.told(about),
        language=LANGUAGE,
        feed_url=absolute(f"{home}feed"),
    )
    for row in db.session.execute(queries.FEED.where(*where).limit(LENGTH), {"at": clock.now()}):
        made.add_item(**_item(row))
    return machines.handed(made.writeString("utf-8"), KIND)


def _item(row: Any) -> dict[str, Any]:
    """An article keeps its id when its address changes, so that nobody is told of it twice. Summaries are HTML."""
    names = [name for _position, _slug, name in sorted(row.authors or ())]
    return {
        "title": machines.told(row.title),
        "link": absolute(f"/{row.vertical}/article/{row.slug}"),
        "description": str(escape(machines.told(row.standfirst))),
        "author_name": machines.told(", ".join(names)),
        "pubdate": row.published_at,
        "unique_id": f"{absolute('/')}#article-{row.id}",
        "unique_id_is_permalink": False,
        "categories": [machines.told(row.rubric)],
    }

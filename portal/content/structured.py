"""What search engines are told of a page in JSON-LD: only what anyone may read, and which part of it is reserved.

https://developers.google.com/search/docs/appearance/structured-data/paywalled-content and …/article say which terms
they read. No picture is named: covers are drawn within the page and have no address of their own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from markupsafe import Markup

from portal.clock import PARIS
from portal.web import absolute

LOCKED, WHOLE = ".lock", ".prose"
"""What stands for the reserved part on a page: the panel that takes its place, or the text itself where it is open."""
_SIGNS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a page of an article knows besides the article's row. `open_to_all`: a stranger reads all of it now."""

    url: str
    edition: str
    authors: Sequence[tuple[str, str]]
    full: bool
    open_to_all: bool


def news_article(row: Any, told: Told) -> Markup:
    """An article: `row` is one of content.queries' pages."""
    house = {"@type": "Organization", "name": current_app.config["SITE_NAME"], "url": absolute("/")}
    authors = [{"@type": "Person", "name": name, "url": absolute(url)} for name, url in told.authors]
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": row.title,
        "description": row.standfirst,
        "inLanguage": row.lang,
        "mainEntityOfPage": absolute(told.url),
        "author": authors or [house],
        "publisher": house,
        "isPartOf": {"@type": "Periodical", "name": told.edition},
        **_dates(row),
        "isAccessibleForFree": told.open_to_all,
    }
    return script({**data, **({} if told.open_to_all else _reserved(told.full))})


def _dates(row: Any) -> dict[str, str]:
    if row.published_at is None:
        return {}
    changed = max(row.published_at, row.updated_at or row.published_at)
    return {"datePublished": _moment(row.published_at), "dateModified": _moment(changed)}


def _moment(instant: datetime) -> str:
    """As the page says it, with the offset of Paris on that day."""
    return instant.astimezone(PARIS).isoformat(timespec="seconds")


def _reserved(full: bool) -> dict[str, Any]:
    part = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": WHOLE if full else LOCKED}
    return {"hasPart": part}


def breadcrumbs(crumbs: Sequence[tuple[str, str | None]]) -> Markup:
    """The way to a page, as the macro of the same name shows it: (label, address), none for the page itself."""
    steps = [
        {"@type": "ListItem", "position": place, "name": str(label), **({"item": absolute(url)} if url else {})}
        for place, (label, url) in enumerate(crumbs, start=1)
    ]
    return script({"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": steps})


def script(data: Any) -> Markup:
    """A script element of data, in which no sign can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign, escaped in _SIGNS.items():
        text = text.replace(sign, escaped)
    return Markup(f'<script type="application/ld+json">{text}</script>\n')  # noqa: S704  # nosec B704 - signs escaped

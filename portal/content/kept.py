"""Pages of articles kept in memory as moulds, and what each answer fills into them.

A mould is known by the article's revision, which the database tells at every request, and by the outcome: what was
decided comes first, and the mould of a refused page never held the body. What belongs to one reader (name, token,
ribbon, the line or the panel that a decision asks for) is filled in for each answer and kept nowhere with the page.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Request, Response, current_app, get_template_attribute, render_template, request, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from portal import cookies
from portal.access.asking import reader_facts
from portal.access.vocabulary import ReaderFacts
from portal.clock import paris_date
from portal.content import pages
from portal.db import db
from portal.i18n import current_locale
from portal.lean import LeanResponse, visitor
from portal.moulds import Mould, Shelf, mark, without_marks
from portal.trials import countdown
from portal.web import way_back

PAGES = 256
SECONDS = 60.0
_THEMES = ("auto", "light", "dark")
_PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept-Encoding, Cookie"}
_SLOTS = ("ribbon", "flashes", "csrf", "save", "note", "lock", "call")


@dataclass(frozen=True, slots=True)
class _Shelves:
    pages: Shelf[Mould]
    ribbons: Shelf[tuple[datetime, datetime | None, str]]
    tokens: Shelf[str]
    pieces: Shelf[str]


def init_app(app: Any) -> None:
    """Empty shelves for this process."""
    app.extensions["portal.kept"] = _Shelves(
        pages=Shelf(PAGES, SECONDS),
        ribbons=Shelf(4096, SECONDS),
        tokens=Shelf(4096, 3600.0),
        pieces=Shelf(1024, SECONDS),
    )


def forget() -> None:
    """Throw away what is kept (tests; after a change that no revision tells)."""
    shelves = _shelves()
    shelves.pages.clear()
    shelves.ribbons.clear()
    shelves.pieces.clear()


def _shelves() -> _Shelves:
    found: _Shelves = current_app.extensions["portal.kept"]
    return found


def page(facts: Any, *, full: bool, open_to_all: bool, at: datetime) -> Mould:
    """The mould for this article, outcome and kind of visitor, made when there is none.

    `open_to_all`: a stranger reads all of it now, which search engines are told.
    """
    key, shelf = (*_key(facts, full), open_to_all), _shelves().pages
    found = shelf.get(key)
    if found is not None:
        return found
    parts = pages.load(db.session, facts, full=full, open_to_all=open_to_all, at=at)
    surroundings: dict[str, Any] = {}
    current_app.update_template_context(surroundings)
    slots = {name: mark(name) for name in _SLOTS}
    html = render_template(
        "content/article.html", page=parts, article_id=facts.id, slots=slots, ui=surroundings["ui"].marked()
    )
    return shelf.put(key, Mould(html))


def remembered(key: Hashable, draw: Callable[[], str]) -> str:
    """A piece of HTML that is the same for everybody in this language for whom the key is the same."""
    key, shelf = (key, current_locale()), _shelves().pieces
    found = shelf.get(key)
    return found if found is not None else shelf.put(key, draw())


def _key(facts: Any, full: bool) -> tuple[Hashable, ...]:
    person = visitor()
    staff = person.is_staff if person.is_authenticated else None
    return (facts.id, facts.revision, full, current_locale(), _theme(person), staff)


def _theme(person: Any) -> str:
    chosen = cookies.read("theme")
    if chosen not in _THEMES and person.is_authenticated:
        chosen = person.theme
    return chosen if chosen in _THEMES else "auto"


def answer(mould: Mould, at: datetime, **slots: str) -> Response:
    """The mould with this visitor's own words in it; `slots` are pieces of HTML."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    values = {**_own_words(asked, _shelves(), at), **slots}
    headers = dict(_PRIVATE) if "csrf" in values else {}
    if "gzip" not in asked.environ.get("HTTP_ACCEPT_ENCODING", ""):
        return LeanResponse(mould.plain(values), headers=headers, mimetype="text/html")
    headers["Content-Encoding"] = "gzip"
    return LeanResponse(mould.gzipped(values), headers=headers, mimetype="text/html")


def _own_words(asked: Request, shelves: _Shelves, at: datetime) -> dict[str, str]:
    here = asked.full_path if asked.environ.get("QUERY_STRING") else asked.path
    values = {"here": str(escape(without_marks(here))), "back": str(escape(way_back()))}
    person, cookie = visitor(), session
    if "_flashes" in cookie or getattr(person, "viewer_id", None) is not None:
        values["flashes"] = render_template("layouts/_flashes.html")
    if person.is_authenticated:
        values["csrf"] = _token(shelves, cookie)
        values["ribbon"] = _ribbon(shelves, at)
        for name in ("email", "label", "initials"):
            values[name] = str(escape(without_marks(getattr(person, name))))
    return values


def _token(shelves: _Shelves, cookie: Any) -> str:
    """The signed form of this session's token; it has no end, so it need not be signed at every answer."""
    raw = cookie.get("csrf_token")
    found = shelves.tokens.get(raw) if raw else None
    if found is not None:
        return found
    made = str(generate_csrf())
    return shelves.tokens.put(cookie["csrf_token"], made)


def _ribbon(shelves: _Shelves, at: datetime) -> str:
    """The ribbon, drawn again when anything it tells could have changed."""
    reader = reader_facts()
    if not any(grant.source == "trial" for grant in reader.grants):
        return ""
    key = (reader, paris_date(at), current_locale(), cookies.read(countdown.DISMISSED_COOKIE))
    found = shelves.ribbons.get(key)
    if found is not None and found[0] <= at and (found[1] is None or at < found[1]):
        return found[2]
    drawn = countdown.ribbon()
    html = str(get_template_attribute("components/ribbon.html", "ribbon")(drawn, at)) if drawn else ""
    if drawn is None or drawn.kind not in ("last", "ended"):
        shelves.ribbons.put(key, (at, _next_change(reader, at), html))
    return html


def _next_change(reader: ReaderFacts, at: datetime) -> datetime | None:
    """The first instant ahead at which one of the reader's rights begins or ends."""
    instants: list[datetime | None] = []
    for grant in reader.grants:
        instants += [grant.starts_at, grant.ends_at, grant.grace_until, grant.revoked_at]
        instants += [grant.seated_from, grant.seated_until]
    waits = [(wait.since, wait.until) for wait in reader.awaited]
    waits += [(wait.since, wait.until) for wait in reader.invitations]
    instants += [instant for wait in waits for instant in wait]
    return min((instant for instant in instants if instant is not None and instant > at), default=None)


def piece(template: str, macro: str, *values: Any) -> str:
    """A small piece of HTML from a macro, without the cost of a page around it."""
    return str(Markup(get_template_attribute(template, macro)(*values)))  # noqa: S704  # nosec B704 - a macro's output

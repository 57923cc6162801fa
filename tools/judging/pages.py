"""Which pages there are: found in the address map and by following links, so that no list has to be kept.

Each route whose answer is a page is judged by one example as whoever it belongs to; articles also for every account
and for every reason for which somebody may or may not read one. A route without an example is a fault of its own.
"""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule

from portal.accounts import readers
from portal.db import db
from portal.trials.mails import unsubscribe_url
from portal.web import DEVELOPMENT, MACHINE, PUBLIC, READER, rule_of
from tools.judging.people import ACTORS, ADMIN, READERS, STRANGER, TRIAL, Visitor, Who

FOLLOWED = 3  # pages of one route that are opened in search of others
FOLLOWED_CLOSELY = 80  # where what matters may stand on one page only: an act on one reader's, a link in one mail
CLOSELY = ("/admin/", "/dev/mailbox/")
SHAPES = 3  # shapes of one route's query that are judged
DEAD = "un-jeton-qui-n-existe-pas"
LOCALES = ("fr", "en")
# Pages of everybody that look different to somebody with rights, and with a ribbon.
FOR_READERS_TOO = {"content.home", "content.vertical_home", "billing.plans"}
_LISTED = re.compile(r"<loc>([^<]+)</loc>")
_LINK = re.compile(r'<(?:a|iframe|link|img|script)\b[^>]*?\s(?:href|src)="([^"]+)"')


@dataclass(frozen=True, slots=True, order=True)
class Page:
    """One page as one person sees it in one language; `about` says why it was chosen."""

    who: Who
    locale: str
    path: str
    status: int = 200
    about: str = field(default="", compare=False)


@dataclass
class Finder:
    """What one person finds by following links from every address without variable parts."""

    app: Flask
    url: str
    who: Who
    beginnings: tuple[str, ...] = ()
    found: dict[str, dict[tuple[str, ...], str]] = field(default_factory=lambda: defaultdict(dict))
    not_pages: set[str] = field(default_factory=set)
    _opened: Counter[str] = field(default_factory=Counter)
    _known: set[str] = field(default_factory=set)
    _waiting: deque[tuple[str, str]] = field(default_factory=deque)

    def look(self) -> "Finder":
        """Walk until every route has been opened often enough."""
        visitor = self.who.arrives(self.url, LOCALES[0])
        for path in [visitor.led, *self.beginnings, *(rule.rule for rule in routes(self.app) if not rule.arguments)]:
            self._note(path)
        while self._waiting:
            rule, path = self._waiting.popleft()
            if self._opened[rule] < (FOLLOWED_CLOSELY if rule.startswith(CLOSELY) else FOLLOWED):
                self._opened[rule] += 1
                self._open(visitor, rule, path)
        return self

    def _open(self, visitor: Visitor, rule: str, path: str) -> None:
        answer = visitor.opens(path)
        if answer.is_redirect:
            self._note(answer.headers["Location"])
        elif "text/html" not in answer.headers.get("Content-Type", ""):
            self.not_pages.add(rule)
            for link in _LISTED.findall(answer.text) if "xml" in answer.headers.get("Content-Type", "") else ():
                self._note(unescape(link))
        elif answer.ok:
            self.found[rule].setdefault(shape(path), path)
            for link in dict.fromkeys(urljoin(path, unescape(link)) for link in _LINK.findall(answer.text)):
                if link not in self._known:
                    self._note(link)

    def _note(self, link: str) -> None:
        self._known.add(link)
        parts = urlsplit(urldefrag(link)[0])
        path = parts._replace(scheme="", netloc="").geturl()
        if (parts.netloc and parts.netloc != urlsplit(self.url).netloc) or not path.startswith("/"):
            return
        if path in self._known and path != link:
            return
        self._known.add(path)
        if rule := rule_at(self.app, parts.path):
            self._waiting.append((rule, path))


def routes(app: Flask) -> Iterator[Rule]:
    """Routes that may answer with a page."""
    for rule in app.url_map.iter_rules():
        if (
            "GET" in (rule.methods or set())
            and rule_of(app, rule.endpoint) is not MACHINE
            and rule.endpoint != "static"
        ):
            yield rule


def rule_at(app: Flask, path: str) -> str | None:
    """Which route answers at this path, if any."""
    try:
        return str(app.url_map.bind("localhost").match(path, return_rule=True)[0].rule)
    except (HTTPException, RequestRedirect):
        return None


def shape(path: str) -> tuple[str, ...]:
    """The names in an address's query, without the one that leads back."""
    return tuple(sorted(set(parse_qs(urlsplit(path).query, keep_blank_values=True)) - {"next"}))


@dataclass
class Found:
    """Every page to judge, and the rules of routes of which there is no example."""

    pages: set[Page] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)


def find(app: Flask, url: str) -> Found:
    """One example of each route, what people's first acts lead to, and pages that refuse."""
    acted = {rule_at(app, urlsplit(who.arrives(url, LOCALES[0]).led).path) for who in ACTORS}
    finders = {who: Finder(app, url, who, tuple(signed(app))).look() for who in (STRANGER, *READERS, ADMIN)}
    result = Found()
    for rule in routes(app):
        pages = set(_of_route(app, rule, finders))
        result.pages |= pages
        known = any(rule.rule in finder.found or rule.rule in finder.not_pages for finder in finders.values())
        if rule.arguments and not known and rule.rule not in acted:
            result.missing.append(rule.rule)
    refusals = [(STRANGER, "/nowhere/at/all"), (TRIAL, "/admin/"), *((STRANGER, path) for path in dead_links(app))]
    for who, path in refusals:
        status = who.arrives(url, LOCALES[0]).opens(path).status_code
        result.pages |= {Page(who, locale, path, status, "refused") for locale in LOCALES}
    result.pages |= {Page(who, locale, "", about="after an act") for who in ACTORS for locale in LOCALES}
    result.pages |= {Page(ADMIN, LOCALES[0], path, about="seen by staff") for path in seen_by_staff(app)}
    return result


def _of_route(app: Flask, rule: Rule, finders: dict[Who, Finder]) -> Iterator[Page]:
    """The examples of one route, as whoever it belongs to; a stranger's may be known from somebody else."""
    for who in owners(app, rule):
        shapes = finders[who].found.get(rule.rule, {})
        if not shapes and who is STRANGER:
            shapes = next((one.found[rule.rule] for one in finders.values() if rule.rule in one.found), {})
        for path in sorted(shapes.values(), key=len)[:SHAPES]:
            yield from (Page(who, locale, path, about=rule.endpoint) for locale in LOCALES)


def owners(app: Flask, route: Rule) -> tuple[Who, ...]:
    """As whom a route's pages are judged."""
    rule = rule_of(app, route.endpoint)
    if rule is PUBLIC:
        return (STRANGER, TRIAL) if route.endpoint in FOR_READERS_TOO else (STRANGER,)
    if rule is READER:
        return READERS
    return (STRANGER,) if rule is DEVELOPMENT else (ADMIN,)


def dead_links(app: Flask) -> Iterator[str]:
    """An address with a token that nobody was given, for each route that takes one."""
    for rule in routes(app):
        if rule_of(app, rule.endpoint) is PUBLIC and rule.arguments == {"token"}:
            yield re.sub(r"<[^>]*token>", DEAD, rule.rule)


def signed(app: Flask) -> Iterator[str]:
    """Addresses that are sent by mail days into a story, made here as the mail would make them."""
    for reader_id in ids(app, TRIAL):
        with app.app_context():
            yield urlsplit(unsubscribe_url(reader_id)).path


def seen_by_staff(app: Flask) -> Iterator[str]:
    """The back office's page of each kind of reader: what stands there differs most with what they hold."""
    return (f"/admin/readers/{reader_id}" for reader_id in ids(app, *READERS))


def ids(app: Flask, *people: Who) -> list[int]:
    """The ids of these accounts."""
    with app.app_context():
        found = [reader.id for who in people if (reader := readers.by_address(db.session, who.email))]
        db.session.remove()
    return found

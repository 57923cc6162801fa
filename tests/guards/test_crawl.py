"""No dead link: the whole demonstration is walked through link by link, as five people do it.

The pages are those of the real content and the real demo accounts, the hub and its mailbox included. A link that leads
nowhere, a place within a page that is not there, a way off the host that nobody listed: each is a fault.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal import clock
from portal.accounts import readers
from portal.content import kept
from portal.content.models import Article
from portal.content.queries import AT, public
from portal.db import db
from portal.factory import create_app
from portal.settings import Environment
from portal.verticals import Vertical, forget_site_verticals
from tests.conftest import NOON, test_settings
from tests.forms import Browser, sign_in

HOST = "http://localhost"
STAND_IN = "127.0.0.1:9"  # nothing answers there, so nobody of this demonstration pays by card
# Where pages may lead that are not ours.
# The legal texts name two authorities, by their own sites.
ELSEWHERE = {STAND_IN, "www.cnil.fr", "formulaire.defenseurdesdroits.fr"}
WITHOUT_ADDRESS = ("mailto:", "tel:", "data:")
# Of addresses that differ only in what stands behind the question mark, so many are opened: the ninth page of a list is
# made like its second, and the sign-in page that leads back to one article like those that lead back to others.
ALIKE = 3
# One person opens everything. What others see of a route differs with their rights, not with the subject or the author:
# so many pages of each route, in the order in which links lead to them, show it.
SAMPLE = 20
ALL = 100_000
# Each of these pages rehearses every mail there is; tests/dev looks at all of them, mail by mail.
COSTLY = {"gallery.mail": 2, "gallery.mail_html": 2}
# Who walks (a demo account, or nobody), in which language, how far, and what they cannot have missed.
PEOPLE = {
    "stranger": (None, "fr", ALL, {"/login", "/trial", "/plans", "/search", "/free", "/dev/mailbox"}),
    "stranger in English": (None, "en", SAMPLE, {"/login", "/trial", "/plans", "/health/"}),
    "trial reader": ("essai-j15@example.org", "fr", SAMPLE, {"/profile/", "/plans", "/health/"}),
    "manager": ("direction@example.org", "fr", SAMPLE, {"/profile/", "/health/", "/fintech/"}),
    "administrator": ("admin@example.org", "fr", SAMPLE, {"/admin/", "/admin/readers", "/admin/audit", "/profile/"}),
}

_LINK = re.compile(r'<(?:a|link|script|img|use|iframe)\b[^>]*?\s(?:href|src)="([^"]+)"')
_ID = re.compile(r'\sid="([^"]+)"')
_LANG = re.compile(r'<html lang="([a-z]+)"')


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The portal as `make run` fills it, without the processes around it; tests/sharing.py keeps it in one process."""
    from portal.dev import demo

    folder = tmp_path_factory.mktemp("crawl")
    url = f"sqlite:///{folder / 'crawl.sqlite'}"
    more = {"env": Environment.DEVELOPMENT, "stripe_api_base": f"http://{STAND_IN}"}
    app = create_app(test_settings(url, Path(folder), **more))
    app.test_client_class = Browser
    with clock.frozen(NOON), app.app_context():
        forget_site_verticals()
        kept.forget()
        upgrade()
        assert len(list(demo.load())) > 1
        yield app
        db.session.remove()
        db.engine.dispose()
        kept.forget()


@dataclass
class Walk:
    """What one person has opened, and what was wrong there. `opened` keeps the places within each page of ours."""

    app: Flask
    client: Browser
    locale: str
    most: int
    waiting: deque[tuple[str, str]] = field(default_factory=lambda: deque([("/", "the start")]))
    known: set[str] = field(default_factory=lambda: {"/"})
    opened: dict[str, set[str]] = field(default_factory=dict)
    alike: Counter[tuple[str, ...]] = field(default_factory=Counter)
    places: set[tuple[str, str, str]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def on(self) -> None:
        """Until no link is left that was not followed."""
        while self.waiting:
            self._open(*self.waiting.popleft())
        for path, place, origin in sorted(self.places):
            if place not in self.opened.get(path, {place}):
                self.faults.append(f"{path}#{place} is not there, linked from {origin}")

    def _open(self, path: str, origin: str) -> None:
        answer = self.client.get(path, headers={"Accept-Language": self.locale})
        if answer.status_code >= 400:
            self.faults.append(f"{path} answers {answer.status_code}, linked from {origin}")
        if answer.status_code in (301, 302, 303, 308):
            self._note(answer.headers["Location"], path)
        if answer.mimetype == "text/html" and answer.status_code == 200:
            self._read(path, answer.text)

    def _read(self, path: str, page: str) -> None:
        self.opened[path] = {unescape(place) for place in _ID.findall(page)}
        if path.startswith(("/dev/mails/", "/dev/mailbox/", "/dev/components")):
            return  # mails are to somebody else or to nobody, and components are samples: so are their links
        told = _LANG.search(page)
        if told is None or told[1] != self.locale:
            self.faults.append(f"{path} does not say that it is in {self.locale}")
        for link in sorted(set(_LINK.findall(page))):
            self._note(unescape(link), path)

    def _note(self, link: str, origin: str) -> None:
        if link in self.known or link.startswith(WITHOUT_ADDRESS):
            return
        if link.startswith("/"):
            self.known.add(link)
        address, place = urldefrag(urljoin(HOST + origin, link))
        parts = urlsplit(address)
        if parts.netloc != urlsplit(HOST).netloc:
            if parts.netloc not in ELSEWHERE:
                self.faults.append(f"{link} leads off the host, linked from {origin}")
            return
        path = parts._replace(scheme="", netloc="").geturl()
        if place:
            self.places.add((path, place, origin))
        if path not in self.known or link == path:
            self.known.add(path)
            self._follow(path, parts.path, parts.query, origin)

    def _follow(self, path: str, bare: str, query: str, origin: str) -> None:
        """Open the address later, unless enough were opened that are like it."""
        route = self._route(bare)
        kinds = {("route", route): COSTLY.get(route, self.most)}
        if query:
            kinds[(bare, *sorted(parse_qs(query)))] = ALIKE
        if all(self.alike[kind] < most for kind, most in kinds.items()):
            self.alike.update(kinds.keys())
            self.waiting.append((path, origin))

    def _route(self, path: str) -> str:
        try:
            return self.app.url_map.bind("localhost").match(path)[0]
        except RequestRedirect:
            return "moved"
        except HTTPException:
            return path


@pytest.mark.parametrize("who", PEOPLE)
def test_every_link_of_the_demonstration_leads_somewhere(demonstration: Flask, who: str) -> None:
    email, locale, most, landmarks = PEOPLE[who]
    client = demonstration.test_client()
    if email is not None:
        reader = readers.by_address(db.session, email)
        assert reader is not None
        sign_in(client, reader)
    walk = Walk(demonstration, client, locale, most)
    walk.on()
    assert walk.faults == []
    assert landmarks - set(walk.opened) == set(), "no link leads there"
    if most == ALL:
        assert published() - set(walk.opened) == set(), "nothing leads to these articles"


def published() -> set[str]:
    """The address of every article that readers are to find."""
    statement = select(Vertical.slug, Article.slug).join(Article, Article.primary_vertical_id == Vertical.id)
    rows = db.session.execute(statement.where(public()), {AT.key: clock.now()})
    return {f"/{vertical}/article/{slug}" for vertical, slug in rows}

"""A furnished house full of articles with a canary behind their preview, and every address at which one might sing."""

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import clock
from portal.access.vocabulary import ArticleAccess, ArticleState
from portal.accounts.models import Reader
from portal.content import articles, documents
from portal.content.models import Article, Author, Category, ResourceKind, Tag
from portal.db import AnySession, writing
from portal.roles import Role
from portal.web import rule_of
from tests.builders import a_vertical
from tests.content.helpers import saved
from tests.guards.house import address, furnish

WORD = "zorglub"
UNASKED = ("remplit la page", "canari article-ferme", "canari article-retire", "canari article-a-venir")
SLUGS = ("un-article", "second", "prevu", "retire", "brouillon", "inconnu")
PAGE = "/health/article/un-article"
# What the parts of an address stand for; of all others tests/guards/house.py knows one.
PLACES = [{"vertical": "health", "slug": slug} for slug in SLUGS]
PLACES += [{"vertical": "fintech", "slug": "un-article"}, {"vertical": "droit", "slug": "sans-essai"}]
PLACES += [{"vertical": "health", "slug": "un-article", "document": "ouverte"}]
PLACES += [{"kind": kind} for kind in ("contact", "quote")]
# What pages look at behind the question mark, so that they are asked with it too.
PHRASES = ("zorglub chante derrière le mur", "ZORGLUB", "Zorgluba Personne", "chiffre zorglub", "12 000")
ABOUT_AN_ARTICLE = [{"article": "un-article"}, {"article": PAGE}]
QUERIES: dict[str, list[dict[str, str]]] = {
    "content.search": [{"q": phrase} for phrase in PHRASES],
    "content.article": [{"print": "1", "page": "2", "full": "1", "preview": "0"}],
    "content.explained": [*ABOUT_AN_ARTICLE, *({"article": PAGE, "as": form} for form in ("json", "text"))],
    "organisations.why_member": ABOUT_AN_ARTICLE,
    "admin.reader": ABOUT_AN_ARTICLE,
    "enquiries.help_access": ABOUT_AN_ARTICLE,
    "enquiries.research": ABOUT_AN_ARTICLE,
    "billing.summary": [{"plan": "health", "period": "month"}],
    "trials.trial": [{"next": PAGE}],
    "accounts.login": [{"next": PAGE}],
}
# Routes that show nothing to whoever only opens them: they lead elsewhere, or wait for an act or for a mailed link.
EMPTY = {
    "wellknown.change_password",
    "accounts.again",
    "accounts.confirm_address",
    "accounts.mail_code_typed",
    "accounts.mailbox",
    "accounts.new_password",
    "accounts.reset_mailbox",
    "accounts.resume",
    "accounts.second_step",
    "billing.cancel",  # these ask for a subscription: another address otherwise
    "billing.cancel_done",
    "billing.change",
    "billing.change_summary",
    "billing.paid",
    "billing.quote",  # of a mail
    "billing.withdraw",
    "billing.withdraw_done",
    "enquiries.leave_link",  # of a mail
    "organisations.before_transfer",
    "organisations.invitation",
    "organisations.mine",
    "profile.download_copy",
    "profile.leave_address",
    "profile.take_address",
    "trials.confirm_page",
    "trials.offers",
}


@dataclass(frozen=True, slots=True)
class Walls:
    """`known`: values for the parts of addresses; `owner` may read mind Health, `manager` pays for others who do."""

    known: dict[str, str]
    owner: Reader
    manager: Reader


def build() -> Walls:
    """Everything there is in the house, and articles in every state."""
    house = furnish()
    a_vertical("droit", trial_open=False)
    with writing() as unit:
        leaf = unit.query(Category).filter_by(slug="biotech").one()
        placed = {"category": leaf, "tags": unit.query(Tag).all(), "authors": unit.query(Author).all()}
    saved("un-article", others=("fintech",), **placed)
    saved("second", title="Second", free_until=clock.now(), **placed)
    saved("sans-essai", vertical="droit")
    saved("prevu", at=clock.now() + timedelta(days=1), **placed)
    saved("retire", state=ArticleState.WITHDRAWN, **placed)
    saved("brouillon", state=ArticleState.DRAFT, **placed)
    with writing() as unit:
        for article in unit.query(Article).filter(Article.slug.in_([*SLUGS, "sans-essai"])):
            _attach(unit, articles.load(unit, article.id))
    owner, manager = house.readers["trial"], house.readers["manager"]
    assert owner and manager
    return Walls(house.known, owner, manager)


def _attach(unit: AnySession, article: Article) -> None:
    documents.attach(unit, article, title="Annexe", kind=ResourceKind.PDF, content=WORD.encode())
    free = {"access": ArticleAccess.FREE}
    documents.attach(unit, article, title="Ouverte", kind=ResourceKind.PDF, content=b"%PDF-1.4", **free)


def addresses(app: Flask, known: dict[str, str], role: Role | None) -> list[tuple[str, str]]:
    """(endpoint, address) of every GET route that lets this role in, with all the values and queries of this file."""
    found = []
    for route in app.url_map.iter_rules():
        if "GET" in (route.methods or ()) and route.endpoint != "static" and rule_of(app, route.endpoint).lets(role):
            for path in filled(app, route, known):
                asked = QUERIES.get(route.endpoint, [])
                found += [(route.endpoint, path), *((route.endpoint, f"{path}?{urlencode(query)}") for query in asked)]
    return found


def filled(app: Flask, route: Rule, known: dict[str, str]) -> list[str]:
    """The route's addresses. Raises LookupError for a part that nobody gave a value: its pages would go unseen."""
    named = [place for place in PLACES if route.arguments & place.keys()] or [{}]
    return sorted({address(app, route, {**known, "document": "annexe", **place}) for place in named})


def everything(answer: TestResponse) -> str:
    """Headers and body, unpacked, in lower case."""
    return f"{answer.headers}\n{_unpacked(answer)}".lower()


def _unpacked(answer: TestResponse) -> str:
    body = answer.data
    if answer.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    elif answer.headers.get("Content-Encoding") == "deflate":
        body = zlib.decompress(body)
    return body.decode("utf-8", "replace")


def sings(text: str, *, asked: bool = False) -> bool:
    """Whether a canary is heard in a text in lower case. A search shows again what was `asked`: the word itself."""
    return any(canary in text for canary in (UNASKED if asked else (WORD, *UNASKED)))


def in_archive(content: bytes) -> str:
    """Every file of a ZIP, one after the other, in lower case."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist()).lower()

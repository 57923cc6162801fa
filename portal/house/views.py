"""The pages of the house, one route each, and the legal documents by name and version."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import cookies, page_cache
from portal.accounts.browser import DEVICE_COOKIE
from portal.accounts.views import THEME_COOKIE
from portal.billing import catalogue, terms
from portal.db import db
from portal.house import legal, plan, team, wording
from portal.i18n import COOKIE as LOCALE_COOKIE
from portal.i18n import current_locale
from portal.lean import visitor
from portal.trials.countdown import DISMISSED_COOKIE
from portal.verticals import site_verticals
from portal.web import PUBLIC, allow

blueprint = Blueprint("house", __name__)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the house; its text is templates/house/<name>.<language>.html. `vertical`: see plan.Place."""

    name: str
    path: str
    section: str
    facts: Callable[[], dict[str, Any]] = dict
    vertical: str = ""


def _newsrooms() -> dict[str, Any]:
    return {"newsrooms": team.newsrooms(db.session, site_verticals())}


def _offer() -> dict[str, Any]:
    return {"max_seats": catalogue.MAX_SEATS, "vat": catalogue.press_vat(db.session)}


PAGES = (
    Page("history", "/group/history", "group"),
    Page("team", "/group/team", "group", _newsrooms),
    Page("clients", "/group/clients", "group", _offer),
    Page("research", "/services/research", "services"),
    Page("clubs", "/services/clubs", "services"),
    Page("rh", "/services/rh", "services", vertical="rh"),
    Page("retail", "/services/retail", "services", vertical="retail"),
    Page("presentation", "/presentation", "practical", _offer),
    Page("subscription", "/subscription", "practical", _offer),
)


def _shown(page: Page) -> ResponseReturnValue:
    verticals = site_verticals()
    if page.vertical and page.vertical in {vertical.slug for vertical in verticals}:
        return redirect(f"/{page.vertical}/", 302)
    _may_be_kept()
    section, tabs = plan.tabs(page.section, page.path)
    return render_template(
        f"house/{page.name}.{current_locale()}.html",
        here=page.path,
        section=section,
        tabs=tabs,
        titles=[{"vertical": one, "tagline": _tagline(one)} for one in verticals],
        names=wording.listed([vertical.name for vertical in verticals]),
        at=_addresses(),
        **page.facts(),
    )


def _tagline(vertical: Any) -> str:
    english = current_locale() == "en" and vertical.tagline_en
    return str(vertical.tagline_en if english else vertical.tagline)


def _addresses() -> dict[str, str]:
    """Forms and pages of other rooms that the texts send people to, by a short name."""
    named = {
        "contact": "enquiries.contact",
        "research": "enquiries.research",
        "quote": "enquiries.quote",
        "newsletters": "newsletters.overview",
        "resources": "content.resources_everywhere",
    }
    known = {name: url_for(endpoint) for name, endpoint in named.items() if endpoint in current_app.view_functions}
    elsewhere = dict.fromkeys(("contact", "research", "quote", "help"), "/help/access")
    return {**elsewhere, **known}


def _may_be_kept() -> None:
    if not visitor().is_authenticated:
        page_cache.may_keep()


def _route(page: Page) -> None:
    @allow(PUBLIC)
    def view() -> ResponseReturnValue:
        return _shown(page)

    view.__doc__ = f"The page {page.path}."
    blueprint.add_url_rule(page.path, page.name, view)


for _page in PAGES:
    _route(_page)


@blueprint.get("/legal/<name>", defaults={"version": None})
@blueprint.get("/legal/<name>/<version>")
@allow(PUBLIC)
def legal_text(name: str, version: str | None) -> str:
    """A legal text: the version that holds, or the one that somebody accepted."""
    found = legal.DOCUMENTS.get(name) or abort(404)
    version = version or found.current
    if version not in found.versions:
        abort(404)
    _may_be_kept()
    text, parts = wording.numbered(wording.typography(_text(found, version)))
    return render_template(
        "legal/document.html",
        document=found,
        version=version,
        day=terms.day_of(version),
        text=Markup(text),  # noqa: S704  # nosec B704 - our own template
        parts=parts,
        versions=[(terms.day_of(one), found.path(one), one == version) for one in reversed(found.versions)],
        others=[(one.short, one.path(), one is found) for one in legal.DOCUMENTS.values()],
    )


def _text(document: legal.Document, version: str) -> str:
    return render_template(
        document.template(version, current_locale()),
        **_offer(),
        at=_addresses(),
        names=wording.listed([vertical.name for vertical in site_verticals()]),
        site=current_app.config["SITE_URL"],
        cookies=_cookie_names(),
    )


def _cookie_names() -> dict[str, str]:
    """What the cookies of this site are called, from the code that sets them."""
    plain = {
        "session": "session",
        "device": DEVICE_COOKIE,
        "locale": LOCALE_COOKIE,
        "theme": THEME_COOKIE,
        "dismissed": DISMISSED_COOKIE,
    }
    return {key: cookies.called(name) for key, name in plain.items()}

"""The plan of the house: which pages stand in which part of it, for the footer and for the tabs above a page.

Pages of other rooms are named by their endpoint; one that does not exist is left out, so that nothing is a dead link.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel.speaklater import LazyString

from portal.house.legal import DOCUMENTS
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.verticals import site_verticals

Link = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A page, by its endpoint. `vertical`: the title it is about; once that is read here, it speaks for itself."""

    label: LazyString
    endpoint: str
    vertical: str = ""


GROUP = (
    Place(_("Our history"), "house.history"),
    Place(_("The team"), "house.team"),
    Place(_("Who reads us"), "house.clients"),
    Place(_("Contact"), "enquiries.contact"),
)
SERVICES = (
    Place(_("mind Rh"), "house.rh", vertical="rh"),
    Place(_("mind Retail"), "house.retail", vertical="retail"),
    Place(_("mind Research"), "house.research"),
    Place(_("The clubs"), "house.clubs"),
)
PRACTICAL = (
    Place(_("Presentation"), "house.presentation"),
    Place(_("Subscription"), "house.subscription"),
    Place(_("Newsletters"), "newsletters.overview"),
    Place(_("Help with access"), "enquiries.help_access"),
)
_ALSO_PRACTICAL = (
    Place(_("My profile"), "profile.rights"),
    Place(_("Cancel your contract"), "enquiries.leave"),
)
_SECTIONS = {
    "group": (_("The group"), GROUP),
    "services": (_("Our services"), SERVICES),
    "practical": (_("Practical"), PRACTICAL),
}


def links(places: Iterable[Place]) -> list[Link]:
    """(label, address) of the places that exist here."""
    titles = {vertical.slug for vertical in site_verticals()}
    views = current_app.view_functions
    shown = [place for place in places if place.endpoint in views and place.vertical not in titles]
    return [(str(place.label), url_for(place.endpoint)) for place in shown]


def tabs(section: str, path: str) -> tuple[str, list[tuple[str, str, bool]]]:
    """A part of the house for the macro `subnav`: its name, and (label, address, whether it is this page)."""
    title, places = _SECTIONS[section]
    return str(title), [(label, address, address == path) for label, address in links(places)]


def footer() -> list[dict[str, Any]]:
    """The groups of links below every page."""
    titles = [(vertical.name, f"/{vertical.slug}/") for vertical in site_verticals()]
    legal = [(document.short, document.path()) for document in DOCUMENTS.values()]
    return [
        {"title": gettext("The group"), "links": links(GROUP)},
        {"title": gettext("Our services"), "links": titles + links(SERVICES)},
        {"title": gettext("Practical"), "links": links((*PRACTICAL, *_ALSO_PRACTICAL))},
        {"title": gettext("Legal"), "links": legal},
    ]

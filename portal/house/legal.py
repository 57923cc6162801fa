"""The legal pages: documents with dated versions, each a template in both languages that never changes once it held.

The version of the terms of sale that somebody accepted is stored with the order; `billing.terms` knows which there are.
"""

from dataclasses import dataclass

from flask_babel.speaklater import LazyString

from portal.billing import terms
from portal.i18n import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class Document:
    """One legal text. `slug` stands in its address; `versions` are days, the oldest first."""

    slug: str
    title: LazyString
    name: LazyString
    about: LazyString
    versions: tuple[str, ...]

    @property
    def current(self) -> str:
        """The version that holds."""
        return self.versions[-1]

    @property
    def short(self) -> str:
        """What the footer calls it."""
        return str(self.name)

    def path(self, version: str | None = None) -> str:
        """Its address, or the address of one version."""
        return f"/legal/{self.slug}" + (f"/{version}" if version else "")

    def template(self, version: str, locale: str) -> str:
        """The file of a version's text."""
        return f"legal/{self.slug.replace('-', '_')}/{version}.{locale}.html"


_FIRST = ("2026-11-01",)
_ALL = (
    Document(
        "notice",
        _("Legal notice"),
        _("Legal notice"),
        _("Who publishes this site, who hosts it, and how to reach them."),
        _FIRST,
    ),
    Document(
        "terms-of-use",
        _("General terms of use"),
        _("Terms of use"),
        _("What an account is for, what may be done with the articles, and what may not."),
        _FIRST,
    ),
    Document(
        "terms-of-sale",
        _("General terms of sale"),
        _("Terms of sale"),
        _("What you buy, what you pay, how you leave."),
        terms.VERSIONS,
    ),
    Document(
        "advertising-terms",
        _("General terms of sale of advertising"),
        _("Advertising terms"),
        _("What advertisers book, how it is marked, what is refused, and what happens when it did not appear."),
        _FIRST,
    ),
    Document(
        "privacy",
        _("Personal data"),
        _("Personal data"),
        _("What we know of you, why, for how long, who sees it, and how to take it back."),
        _FIRST,
    ),
    Document(
        "cookies",
        _("Cookies"),
        _("Cookies"),
        _("The few cookies this site needs, by name. None of them follows you, so no banner asks."),
        _FIRST,
    ),
    Document(
        "accessibility",
        _("Accessibility"),
        _("Accessibility: not audited"),
        _("What was checked, what was not, and how to tell us what keeps you from reading."),
        _FIRST,
    ),
)
DOCUMENTS = {document.slug: document for document in _ALL}

"""What every page shows around its content: the `ui` object of the templates.

Masthead and footer are the same for nearly everybody, and half the cost of a page: they are rendered once for each
kind of page with marks in place of what is personal, which is filled in for each answer.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app, g, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape
from sqlalchemy import select

from portal import clock, cookies
from portal.assets import static_url, stylesheet
from portal.content.models import Rubric
from portal.db import db
from portal.house import plan
from portal.i18n import current_locale
from portal.moulds import mark
from portal.verticals import VerticalInfo, site_verticals
from portal.web import PUBLIC, absolute, rule_of, way_back

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Link:
    """A named address."""

    slug: str
    name: str
    short: str
    url: str


@dataclass(slots=True)
class Ui:
    """What layouts need; see templates/layouts."""

    locale: str
    theme: str
    site_name: str
    path: str
    verticals: list[Link]
    vertical: str | None
    rubrics: list[Link]
    reader: Any
    ribbon: Any
    demo: bool
    css_url: str
    js_url: str
    icons_url: str
    font_urls: tuple[str, ...]
    now: datetime
    here: str
    back: str

    @property
    def canonical(self) -> str:
        """The page's public address without a query; pages that one makes different say so themselves."""
        return absolute(self.path.partition("?")[0])

    @property
    def unlisted(self) -> bool:
        """Whether the page is for people who signed in, or for development: no search engine is to list it."""
        rule = rule_of(current_app, request.endpoint) if request.endpoint else PUBLIC
        return rule is not PUBLIC

    @property
    def links(self) -> dict[str, str]:
        """Pages of other rooms in the masthead, by name; those that are not built are missing."""
        return _links(self.vertical)

    @property
    def footer(self) -> list[dict[str, Any]]:
        """The groups of links below every page."""
        return plan.footer()

    @property
    def social(self) -> tuple[tuple[str, str], ...]:
        """Where else the publisher can be followed: (name, address)."""
        return tuple(current_app.config["SOCIAL_LINKS"])

    def csrf_token(self) -> str:
        """The token of the sign-out form."""
        return str(generate_csrf())

    def masthead(self) -> Markup:
        """The masthead, from its mould."""
        return _filled("layouts/_masthead.html", self)

    def foot(self) -> Markup:
        """The footer, from its mould."""
        return _filled("layouts/_footer.html", self)

    def marked(self) -> "Ui":
        """The same surroundings with the marks left in, for a page that is itself kept as a mould."""
        values = {name: getattr(self, name) for name in Ui.__dataclass_fields__}
        reader = _AnyReader(self.reader.is_staff) if self.reader else None
        marks = {"here": str(mark("here")), "back": str(mark("back"))}
        return _Marked(**{**values, **marks, "reader": reader, "ribbon": None})


@dataclass(frozen=True, slots=True)
class _Furniture:
    """What goes with one reading of the verticals, and is thrown away with it."""

    verticals: tuple[VerticalInfo, ...]
    rubrics: tuple[tuple[str, str, str], ...]
    moulds: dict[tuple[Any, ...], str] = field(default_factory=dict)


def _furniture() -> _Furniture:
    verticals = site_verticals()
    found: _Furniture | None = current_app.extensions.get("portal.furniture")
    if found is None or found.verticals is not verticals:
        rubrics = db.session.execute(select(Rubric.slug, Rubric.name, Rubric.name_en).order_by(Rubric.position))
        found = _Furniture(verticals, tuple((r.slug, r.name, r.name_en) for r in rubrics))
        current_app.extensions["portal.furniture"] = found
    return found


def current_vertical() -> VerticalInfo | None:
    """The vertical whose address the request lies under, if any."""
    slug = (request.view_args or {}).get("vertical") or g.get("vertical")
    return next((vertical for vertical in site_verticals() if vertical.slug == slug), None)


def theme() -> str:
    """The chosen theme: the cookie's, else the account's, else the system's."""
    chosen = cookies.read("theme")
    if chosen not in THEMES and current_user.is_authenticated:
        chosen = current_user.theme
    return chosen if chosen in THEMES else "auto"


def ui() -> Ui:
    """Built once per request."""
    found: Ui | None = g.get("ui")
    if found is None:
        found = g.ui = _build()
    return found


def _build() -> Ui:
    here = current_vertical()
    verticals = site_verticals()
    config = current_app.config
    here_path = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return Ui(
        locale=current_locale(),
        theme=theme(),
        site_name=config["SITE_NAME"],
        path=here_path,
        verticals=[Link(v.slug, v.name, v.short, f"/{v.slug}/") for v in verticals],
        vertical=here.slug if here else None,
        rubrics=_rubric_links(here),
        reader=current_user if current_user.is_authenticated else None,
        ribbon=_ribbon(),
        demo=config["DEMO_BAR"],
        css_url=stylesheet(verticals)[0],
        js_url=static_url("js/portal.js"),
        icons_url=static_url("icons.svg"),
        font_urls=(static_url("fonts/newsreader.woff2"), static_url("fonts/instrument-sans.woff2")),
        now=clock.now(),
        here=here_path,
        back=way_back(),
    )


def _rubric_links(here: VerticalInfo | None) -> list[Link]:
    base = f"/{here.slug}" if here else ""
    english = current_locale() == "en"
    return [
        Link(slug, name_en if english else name, name, f"{base}/rubric/{slug}")
        for slug, name, name_en in _furniture().rubrics
    ]


def _ribbon() -> Any:
    if not current_user.is_authenticated or g.get("no_ribbon"):
        return None
    from portal.trials.countdown import ribbon

    return ribbon()


def _links(vertical: str | None) -> dict[str, str]:
    resources = "content.resources" if vertical else "content.resources_everywhere"
    views = current_app.view_functions
    found = {}
    if resources in views:
        found["resources"] = url_for(resources, vertical=vertical)
    if "newsletters.overview" in views:
        found["newsletters"] = url_for("newsletters.overview")
    return found


@dataclass(frozen=True, slots=True)
class _AnyReader:
    """Marks in place of a reader's own words."""

    is_staff: bool
    label: str = "\ue000label\ue000"
    initials: str = "\ue000initials\ue000"
    email: str = "\ue000email\ue000"


class _Mould(Ui):
    """A page's surroundings with marks in place of what is personal."""

    def csrf_token(self) -> str:
        return "\ue000csrf\ue000"


class _Marked(Ui):
    """Surroundings whose marks are filled in by whoever keeps the whole page."""

    def masthead(self) -> Markup:
        return Markup(_mould("layouts/_masthead.html", self))  # noqa: S704  # nosec B704 - rendered by Jinja

    def foot(self) -> Markup:
        return Markup(_mould("layouts/_footer.html", self))  # noqa: S704  # nosec B704 - rendered by Jinja


def _filled(template: str, page: Ui) -> Markup:
    html = _mould(template, page)
    marks = {"here": page.here, "back": page.back}
    if page.reader:
        marks |= {"csrf": page.csrf_token(), "email": page.reader.email}
        marks |= {"label": page.reader.label, "initials": page.reader.initials}
    for name, value in marks.items():
        html = html.replace(f"\ue000{name}\ue000", str(escape(value.replace("\ue000", ""))))
    return Markup(html)  # noqa: S704  # nosec B704 - rendered by Jinja, and every value filled in is escaped


def _mould(template: str, page: Ui) -> str:
    """Rendered once for each kind of page; thrown away with the list of verticals it shows."""
    path = page.path.split("?")[0]
    path = path if path in _marked_paths(page) else ""
    staff = page.reader.is_staff if page.reader else None
    key = (template, page.locale, page.theme, page.vertical, path, staff)
    moulds = _furniture().moulds
    if key not in moulds:
        values = {name: getattr(page, name) for name in Ui.__dataclass_fields__}
        values |= {"path": path, "here": str(mark("here")), "back": str(mark("back"))}
        values["reader"] = None if staff is None else _AnyReader(staff)
        moulds[key] = render_template(template, ui=_Mould(**values))
    return moulds[key]


def _marked_paths(page: Ui) -> set[str]:
    """Paths that the masthead marks as the current page."""
    own = {link.url for link in (*page.verticals, *page.rubrics)} | set(page.links.values())
    return own | {"/free", "/plans", "/search", "/profile/"}

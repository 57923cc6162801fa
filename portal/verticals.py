"""Verticals as data: mind Health and its sisters, their colours and whether they take trials or are sold."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import CheckConstraint, String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import AnySession, Base, db
from portal.history import Recorded
from portal.typography import french

RESERVED_SLUGS = frozenset(
    # Every first segment of an address that is not a vertical.
    [
        "-",
        ".well-known",
        "admin",
        "api",
        "article",
        "assets",
        "author",
        "billing",
        "bundle",
        "cancel",
        "category",
        "confirm",
        "confirm-address",
        "contact",
        "cookies",
        "dev",
        "en",
        "favicon.ico",
        "feed",
        "fr",
        "free",
        "group",
        "help",
        "legal",
        "login",
        "logout",
        "newsletters",
        "organisation",
        "plans",
        "preferences",
        "presentation",
        "profile",
        "quote",
        "register",
        "research",
        "reset",
        "resources",
        "robots.txt",
        "rubric",
        "search",
        "services",
        "sitemap-news.xml",
        "sitemap-pages.xml",
        "sitemap.xml",
        "static",
        "stripe",
        "subscription",
        "tag",
        "trial",
        "verticals.css",
        "viewing",
    ]
)
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")

_FRESH_FOR = 5.0  # seconds


class VerticalError(ValueError):
    """The vertical cannot be added; the message says why."""


class Vertical(Recorded, Base):
    """A publication of the group that is read, tried and sold by itself."""

    __tablename__ = "verticals"
    __table_args__ = (
        CheckConstraint("length(slug) > 1", name="slug_present"),
        CheckConstraint("length(colour) = 7 AND length(colour_dark) = 7", name="colour_hex"),
    )
    history_kind = "vertical"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    tagline: Mapped[str] = mapped_column(String(300), default="")
    tagline_en: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[int] = mapped_column(default=100)
    colour: Mapped[str] = mapped_column(String(7))
    colour_dark: Mapped[str] = mapped_column(String(7))
    colour_soft: Mapped[str] = mapped_column(String(7))
    colour_soft_dark: Mapped[str] = mapped_column(String(7))
    editor_in_chief: Mapped[str] = mapped_column(String(120), default="")
    trial_open: Mapped[bool] = mapped_column(default=True)
    on_sale: Mapped[bool] = mapped_column(default=True)
    trial_cap_per_company: Mapped[int] = mapped_column(default=5)
    retired_at: Mapped[datetime | None]

    def snapshot(self) -> dict[str, Any]:
        return {"slug": self.slug, "trial_open": self.trial_open, "on_sale": self.on_sale}


@dataclass(frozen=True, slots=True)
class VerticalInfo:
    """What pages need of a vertical, free of the session."""

    id: int
    slug: str
    name: str
    tagline: str
    tagline_en: str
    colour: str
    colour_dark: str
    colour_soft: str
    colour_soft_dark: str
    trial_open: bool
    on_sale: bool

    @property
    def short(self) -> str:
        """The name without the group's: "Health" for "mind Health"."""
        return self.name.split(" ", 1)[-1]


_FIELDS = tuple(VerticalInfo.__dataclass_fields__)
_LISTING = (
    select(*(getattr(Vertical, field) for field in _FIELDS))
    .where(Vertical.retired_at.is_(None))
    .order_by(Vertical.position, Vertical.id)
)


def all_verticals(session: AnySession) -> tuple[VerticalInfo, ...]:
    """Every vertical that is not retired, in the order of the masthead."""
    return tuple(_info(row._asdict()) for row in session.execute(_LISTING))


def _info(row: dict[str, Any]) -> VerticalInfo:
    """The French sentence gets the spaces of French typography here, so that no page has to think of it."""
    return VerticalInfo(**{**row, "tagline": french(row["tagline"])})


def site_verticals() -> tuple[VerticalInfo, ...]:
    """The verticals as pages show them, read at most every few seconds: they change by hand, from another process."""
    kept: tuple[float, tuple[VerticalInfo, ...]] | None = current_app.extensions.get("portal.verticals")
    if kept is None or clock.monotonic() - kept[0] > _FRESH_FOR:
        kept = (clock.monotonic(), all_verticals(db.session))
        current_app.extensions["portal.verticals"] = kept
    return kept[1]


def on_dark(colour: str) -> str:
    """The shade of a vertical's colour, #rrggbb, that is seen on a dark ground."""
    known = {one.colour: one.colour_dark for one in site_verticals()}
    return known.get(colour) or mix(colour, "#ffffff", 0.55)


def forget_site_verticals() -> None:
    """Read the verticals again at the next page (after adding one; between tests)."""
    current_app.extensions.pop("portal.verticals", None)


def add_vertical(session: AnySession, *, slug: str, name: str, colour: str, **more: Any) -> Vertical:
    """Add a vertical. Raises VerticalError for a reserved or badly formed slug, a taken one, or a bad colour."""
    if not _SLUG.fullmatch(slug) or slug in RESERVED_SLUGS:
        raise VerticalError(f"“{slug}” cannot be the address of a vertical: it is reserved or not lower-case letters.")
    if session.scalar(select(Vertical.id).where(Vertical.slug == slug)):
        raise VerticalError(f"There is already a vertical “{slug}”.")
    colours = _colours(colour, more)
    vertical = Vertical(slug=slug, name=name, **colours, **more)
    session.add(vertical)
    session.flush()
    return vertical


def _colours(colour: str, more: dict[str, Any]) -> dict[str, str]:
    """The four shades; what is not given is derived so that text on it stays readable."""
    shades = {
        "colour": colour,
        "colour_dark": more.pop("colour_dark", None) or mix(colour, "#ffffff", 0.55),
        "colour_soft": more.pop("colour_soft", None) or mix(colour, "#fdfcf9", 0.9),
        "colour_soft_dark": more.pop("colour_soft_dark", None) or mix(colour, "#131519", 0.72),
    }
    for value in shades.values():
        if not _COLOUR.fullmatch(value):
            raise VerticalError(f"“{value}” is not a colour: write it as #0a6658.")
    return shades


def mix(colour: str, other: str, share: float) -> str:
    """`colour` blended with `share` (0–1) of `other`, both #rrggbb; a colour that is not one is given back as it is."""
    if not _COLOUR.fullmatch(colour):
        return colour
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a * (1 - share) + b * share):02x}" for a, b in pairs)

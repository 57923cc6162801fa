"""Whom and what the acts of the rehearsal are done to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal import clock
from portal.accounts import readers
from portal.accounts.models import Reader
from portal.billing import catalogue
from portal.db import AnySession
from portal.verticals import Vertical, add_vertical

TOKEN = "exemple-de-lien"  # noqa: S105  # nosec B105 - it opens nothing
NAMES = {"fr": "Jeanne Kerfontan", "en": "Jane Ashcombe"}
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who and what the acts are done to."""

    unit: AnySession
    locale: str
    now: datetime
    reader: Reader
    vertical: Vertical

    @classmethod
    def set_up(cls, unit: AnySession, locale: str) -> "Scene":
        """An invented reader beside whatever the database holds; a vertical and plans where there are none."""
        vertical = unit.scalars(select(Vertical).order_by(Vertical.position).limit(1)).one_or_none()
        if vertical is None:
            vertical = add_vertical(unit, slug="health", name="mind Health", colour="#0a6658")
        catalogue.add_default_plans(unit)
        reader = readers.create_reader(
            unit, email=f"exemple-{locale}@example.org", name=NAMES[locale], locale=locale, confirmed=True
        )
        reader.marketing_consent_at = clock.now()
        return cls(unit, locale, clock.now(), reader, vertical)

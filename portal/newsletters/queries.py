"""The letters there are, as pages show them: by vertical, in the reader's language."""

from dataclasses import dataclass

from sqlalchemy import select

from portal.db import AnySession
from portal.i18n import current_locale
from portal.newsletters.models import Audience, Newsletter
from portal.typography import french
from portal.verticals import VerticalInfo, all_verticals


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter free of the session, in one language."""

    id: int
    slug: str
    name: str
    about: str
    rhythm: str
    audience: Audience

    @property
    def for_everybody(self) -> bool:
        """True when a confirmed account is all that it takes."""
        return self.audience is Audience.CONFIRMED


@dataclass(frozen=True, slots=True)
class Shelf:
    """A vertical and its letters."""

    vertical: VerticalInfo
    letters: tuple[Letter, ...]


def shelves(session: AnySession) -> list[Shelf]:
    """Every vertical that has letters, in the order of the masthead."""
    statement = select(Newsletter).order_by(Newsletter.position, Newsletter.id)
    by_vertical: dict[int, list[Letter]] = {}
    for row in session.scalars(statement):
        by_vertical.setdefault(row.vertical_id, []).append(_letter(row))
    known = [(vertical, tuple(by_vertical.get(vertical.id, ()))) for vertical in all_verticals(session)]
    return [Shelf(vertical, letters) for vertical, letters in known if letters]


def find(session: AnySession, vertical: str, slug: str) -> tuple[VerticalInfo, Letter] | None:
    """One letter by its address."""
    for shelf in shelves(session):
        for letter in shelf.letters:
            if (shelf.vertical.slug, letter.slug) == (vertical, slug):
                return shelf.vertical, letter
    return None


def _letter(row: Newsletter) -> Letter:
    def told(text: str, english: str) -> str:
        return english if current_locale() == "en" and english else french(text)

    return Letter(
        id=row.id,
        slug=row.slug,
        name=told(row.name, row.name_en),
        about=told(row.about, row.about_en),
        rhythm=told(row.rhythm, row.rhythm_en),
        audience=row.audience,
    )

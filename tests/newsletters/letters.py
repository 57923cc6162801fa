"""A newsletter, as tests want one."""

from typing import Any

from portal.db import db
from portal.newsletters.models import Audience, Newsletter
from tests.builders import a_vertical, builder


@builder
def a_letter(slug: str = "quotidienne", *, vertical: str = "health", **more: Any) -> Newsletter:
    """A letter for readers of a vertical, unless said otherwise."""
    letter = Newsletter(
        vertical_id=a_vertical(vertical).id,
        slug=slug,
        name=more.pop("name", slug.title()),
        about=more.pop("about", f"Ce que dit {slug}."),
        rhythm=more.pop("rhythm", "Le jeudi, à 12 h 00"),
        audience=more.pop("audience", Audience.RIGHT),
        **more,
    )
    db.session.add(letter)
    return letter

"""The demonstration's newsletters, read from the files of the verticals."""

import tomllib
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.db import AnySession
from portal.newsletters.models import Audience, Newsletter
from portal.verticals import Vertical


def load(session: AnySession, folder: Path) -> int:
    """Add the letters that are missing; what is there already stays as it is. Returns how many were added."""
    ids = {row.slug: row.id for row in session.execute(select(Vertical.slug, Vertical.id))}
    known = {(row.vertical_id, row.slug) for row in session.execute(select(Newsletter.vertical_id, Newsletter.slug))}
    added = 0
    for path in sorted(folder.glob("*/vertical.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        for letter in data.get("newsletters", []):
            if data["slug"] in ids and (ids[data["slug"]], letter["slug"]) not in known:
                session.add(_row(ids[data["slug"]], letter))
                added += 1
    session.flush()
    return added


def _row(vertical_id: int, letter: dict[str, Any]) -> Newsletter:
    return Newsletter(**{**letter, "vertical_id": vertical_id, "audience": Audience(letter["audience"])})

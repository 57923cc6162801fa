"""What the articles of the reading log are called: the log knows ids, the room of articles says the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app

from portal.db import AnySession

_KEY = "portal.titles"


@dataclass(frozen=True, slots=True)
class Titled:
    """An article that anybody may know of; `path` is its address on the site."""

    id: int
    title: str
    lang: str
    path: str


Find = Callable[[AnySession, Sequence[int], datetime], dict[int, Titled]]


def tell(app: Flask, find: Find) -> None:
    """Say who knows titles: `find` answers by id, and leaves out what is not published at that instant."""
    app.extensions[_KEY] = find


def of(session: AnySession, article_ids: Sequence[int], at: datetime) -> list[Titled]:
    """What these articles are called, in their order; those that are not there for everybody are left out."""
    find: Find = current_app.extensions[_KEY]
    found = find(session, article_ids, at) if article_ids else {}
    return [found[article_id] for article_id in article_ids if article_id in found]

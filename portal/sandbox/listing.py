"""Lists: newest first, by pages, with a cursor at either end."""

from __future__ import annotations

import json
from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.errors import no_such
from portal.sandbox.rendering import envelope
from portal.sandbox.store import Condition, Document

OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(desk: Desk, kind: str, url: str, parameters: dict[str, Any], *conditions: Condition) -> Document:
    """One page of the objects of a kind that meet the conditions."""
    where = [*conditions, *moments(parameters)]
    limit = parameters.get("limit", 10)
    backwards = "ending_before" in parameters
    cursor = parameters.get("ending_before") or parameters.get("starting_after")
    beyond = _place(desk, kind, cursor, "ending_before" if backwards else "starting_after") if cursor else None
    found = desk.store.find(kind, *where, oldest_first=backwards, beyond=beyond, limit=limit + 1)
    shown = found[:limit]
    if backwards:
        shown.reverse()
    return envelope(url, [desk.show(document) for document in shown], len(found) > limit)


def wanted(parameters: dict[str, Any], *names: str) -> list[Condition]:
    """Equality conditions for those parameters that were given."""
    return [(name, "=", parameters[name]) for name in names if name in parameters]


def one_of(field: str, values: list[str]) -> Condition:
    """The field has one of these values."""
    return (field, "in", json.dumps(values))


def moments(parameters: dict[str, Any]) -> list[Condition]:
    """Conditions on the instant of creation."""
    bounds: dict[str, int] = parameters.get("created", {})
    return [("created", OPERATORS[bound], value) for bound, value in bounds.items()]


def _place(desk: Desk, kind: str, cursor: str, param: str) -> tuple[int, int]:
    place = desk.store.place_of(cursor)
    if place is None:
        raise no_such(kind, cursor, param, 400)
    return place

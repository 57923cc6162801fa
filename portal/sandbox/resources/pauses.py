"""Pausing and resuming subscriptions, and searching among them."""

from __future__ import annotations

import re
from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import pausing
from portal.sandbox.errors import ApiError
from portal.sandbox.listing import page
from portal.sandbox.params import PAGE, choice, struct, text
from portal.sandbox.store import Condition, Document

ANCHOR = struct("type", type=choice("now", "unchanged"))
FIELD = r"""(?:metadata\[["'](\w+)["']\]|(status|customer|created))"""
CLAUSE = re.compile(rf"""\s*{FIELD}\s*(:|=|>=|<=|>|<)\s*["']?([^"'\s]+)["']?\s*""")


@endpoint("POST", "subscriptions/<subscription>/pause", {"type": choice("subscription")}, required=("type",))
def pause(desk: Desk, _parameters: dict[str, Any], subscription: str) -> Document:
    """A subscription stopped until it is resumed."""
    return pausing.pause(desk, desk.get("subscription", subscription))


@endpoint("POST", "subscriptions/<subscription>/resume", {"billing_cycle_anchor": ANCHOR})
def resume(desk: Desk, parameters: dict[str, Any], subscription: str) -> Document:
    """A paused subscription that goes on."""
    anchor = parameters.get("billing_cycle_anchor", {"type": "now"})["type"]
    pausing.resume(desk, desk.get("subscription", subscription), anchor)
    return desk.get("subscription", subscription)


@endpoint(
    "GET", "subscriptions/search", {"limit": PAGE["limit"], "page": text(), "query": text(1_000)}, required=("query",)
)
def search(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Subscriptions by status, customer, instant and metadata, every clause joined by AND; one page of them."""
    limit, conditions = {"limit": parameters.get("limit", 10)}, _read(parameters)
    found = page(desk, "subscription", "/v1/subscriptions/search", limit, *conditions)
    return {**found, "object": "search_result", "next_page": None}


def _read(parameters: dict[str, Any]) -> list[Condition]:
    if "page" in parameters:
        raise ApiError("This stand-in gives one page of a search only.", param="page")
    return [_clause(part) for part in re.split(r"\s+AND\s+", parameters["query"])]


def _clause(text_: str) -> Condition:
    match = CLAUSE.fullmatch(text_)
    if match is None:
        message = f"We were unable to parse this part of your search query: {text_}"
        raise ApiError(message, param="query")
    key, field, operator, value = match.groups()
    operator = "=" if operator == ":" else operator
    if field == "created":
        if not value.isdecimal():
            raise ApiError("created takes whole seconds.", param="query")
        return ("created", operator, int(value))
    return (f"metadata.{key}" if key else field, operator, value)

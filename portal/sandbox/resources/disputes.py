"""Disputes: read and accepted here; a lever opens them and decides them, as the buyer's bank does."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import disputing
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import PAGE, metadata, text, when
from portal.sandbox.resources.merging import merged
from portal.sandbox.store import Document


@endpoint("GET", "disputes/<dispute>")
def retrieve(desk: Desk, _parameters: dict[str, Any], dispute: str) -> Document:
    """One dispute."""
    return desk.get("dispute", dispute)


@endpoint("GET", "disputes", PAGE | {"charge": text(), "created": when, "payment_intent": text()})
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Disputes by pages."""
    return page(desk, "dispute", "/v1/disputes", parameters, *wanted(parameters, "charge", "payment_intent"))


@endpoint("POST", "disputes/<dispute>", {"metadata": metadata})
def update(desk: Desk, parameters: dict[str, Any], dispute: str) -> Document:
    """A dispute's metadata changed; evidence is not taken here."""
    found = desk.get("dispute", dispute)
    joined = merged(found["metadata"], parameters.get("metadata"))
    return desk.change(found, "charge.dispute.updated", metadata=joined)


@endpoint("POST", "disputes/<dispute>/close")
def close(desk: Desk, _parameters: dict[str, Any], dispute: str) -> Document:
    """A dispute accepted: it is lost."""
    return disputing.close(desk, desk.get("dispute", dispute), "lost")

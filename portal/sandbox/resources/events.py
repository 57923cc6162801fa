"""Events, and the addresses that they are sent to."""

from __future__ import annotations

from typing import Any

from portal.sandbox import ids
from portal.sandbox.config import API_VERSION
from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.errors import ApiError
from portal.sandbox.listing import one_of, page
from portal.sandbox.params import PAGE, Kind, boolean, many, metadata, text, unset, when
from portal.sandbox.resources.merging import changes
from portal.sandbox.store import Condition, Document

FILTERS: dict[str, Kind] = {"created": when, "type": text(), "types": many(text(), 20)}
ENDPOINT: dict[str, Kind] = {
    "description": unset(text()),
    "enabled_events": many(text(), 300),
    "metadata": metadata,
    "url": text(),
}


@endpoint("GET", "events", PAGE | FILTERS)
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Events by pages, newest first."""
    return page(desk, "event", "/v1/events", parameters, *_conditions(parameters))


@endpoint("GET", "events/<event>")
def retrieve(desk: Desk, _parameters: dict[str, Any], event: str) -> Document:
    """One event."""
    return desk.get("event", event)


def _conditions(parameters: dict[str, Any]) -> list[Condition]:
    if "type" in parameters and "types" in parameters:
        raise ApiError("You may only specify one of these parameters: type, types.")
    if "types" in parameters:
        return [one_of("type", parameters["types"])]
    return [("type", "=", parameters["type"])] if "type" in parameters else []


@endpoint("POST", "webhook_endpoints", ENDPOINT | {"api_version": text()}, required=("enabled_events", "url"))
def create_endpoint(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A new address; its secret is told once, here."""
    address = add_endpoint(desk, changes({"metadata": {}}, parameters), f"whsec_{ids.random_letters(32)}")
    return desk.show(address) | {"secret": address["_secret"]}


@endpoint("GET", "webhook_endpoints", PAGE)
def list_endpoints(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Addresses by pages."""
    return page(desk, "webhook_endpoint", "/v1/webhook_endpoints", parameters)


@endpoint("GET", "webhook_endpoints/<address>")
def retrieve_endpoint(desk: Desk, _parameters: dict[str, Any], address: str) -> Document:
    """One address."""
    return desk.get("webhook_endpoint", address)


@endpoint("POST", "webhook_endpoints/<address>", ENDPOINT | {"disabled": boolean})
def update_endpoint(desk: Desk, parameters: dict[str, Any], address: str) -> Document:
    """An address changed, silenced or heard again."""
    found = desk.alive("webhook_endpoint", address)
    disabled = parameters.pop("disabled", found["status"] == "disabled")
    return desk.change(found, **changes(found, parameters), status="disabled" if disabled else "enabled")


@endpoint("DELETE", "webhook_endpoints/<address>")
def delete_endpoint(desk: Desk, _parameters: dict[str, Any], address: str) -> Document:
    """An address gone; events already queued for it are still sent."""
    tombstone = {"id": desk.alive("webhook_endpoint", address)["id"], "object": "webhook_endpoint", "deleted": True}
    desk.store.bury(tombstone)
    return tombstone


def add_endpoint(desk: Desk, fields: Document, secret: str, identifier: str | None = None) -> Document:
    """An address with its signing secret."""
    blank: Document = {
        "api_version": API_VERSION,
        "application": None,
        "description": None,
        "metadata": {},
        "status": "enabled",
        "_secret": secret,
    }
    return desk.add("webhook_endpoint", blank | fields, identifier)

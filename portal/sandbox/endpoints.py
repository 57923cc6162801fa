"""The table of endpoints: each resource module adds its rows with the decorator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.params import Kind, many, text
from portal.sandbox.store import Document

Handler = Callable[..., Document]


@dataclass(frozen=True)
class Endpoint:
    """One operation of the API: `path` names its ids as <a>, which the handler receives after the parameters."""

    method: str
    path: str
    fields: dict[str, Kind]
    required: tuple[str, ...]
    handler: Handler

    def __call__(self, desk: Desk, parameters: dict[str, Any], **ids: str) -> Document:
        """Do it."""
        return self.handler(desk, parameters, **ids)


ENDPOINTS: list[Endpoint] = []
UNEXPANDED = (
    ("DELETE", "customers/<customer>"),
    ("DELETE", "webhook_endpoints/<address>"),
    ("DELETE", "coupons/<coupon>"),
    ("DELETE", "test_helpers/test_clocks/<test_clock>"),
)
"""What answers with a tombstone has nothing to expand."""


def endpoint(
    method: str, path: str, fields: dict[str, Kind] | None = None, required: tuple[str, ...] = ()
) -> Callable[[Handler], Handler]:
    """Enter a handler (desk, parameters, *ids) → stored object or list into the table."""
    known = (fields or {}) | ({} if (method, path) in UNEXPANDED else {"expand": many(text())})

    def enter(handler: Handler) -> Handler:
        ENDPOINTS.append(Endpoint(method, f"/v1/{path}", known, required, handler))
        return handler

    return enter

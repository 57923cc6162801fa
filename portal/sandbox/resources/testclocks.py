"""Test clocks, mapped on the one clock there is here: shared, running, and only ever moved forward.

At Stripe each test clock is frozen and its customers live on it alone. Here a clock begins at the shared now,
advancing it moves the shared clock for everybody, and a customer cannot be put on one.
"""

from __future__ import annotations

from typing import Any

from portal.sandbox import levers
from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.errors import ApiError
from portal.sandbox.listing import page
from portal.sandbox.params import PAGE, instant, text
from portal.sandbox.store import Document

KIND, DAY, CLOSE = "test_helpers.test_clock", 86_400, 60


@endpoint("POST", "test_helpers/test_clocks", {"frozen_time": instant, "name": text(300)}, required=("frozen_time",))
def create(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A name for the shared clock; ApiError when it is to begin at another instant than now."""
    if abs(parameters["frozen_time"] - desk.now()) > CLOSE:
        message = "The clocks of this stand-in are its one shared clock: a new one begins now. Advance it afterwards."
        raise ApiError(message, param="frozen_time")
    clock = desk.add(KIND, _fields(desk, parameters.get("name")))
    desk.tell("test_helpers.test_clock.created", _shown(desk, clock))
    return _shown(desk, clock)


@endpoint("POST", "test_helpers/test_clocks/<test_clock>/advance", {"frozen_time": instant}, required=("frozen_time",))
def advance(desk: Desk, parameters: dict[str, Any], test_clock: str) -> Document:
    """The shared clock moved forward for everybody; what falls due is done before the next request."""
    clock = desk.alive(KIND, test_clock)
    seconds = parameters["frozen_time"] - desk.now()
    if seconds <= 0:
        raise ApiError("`frozen_time` must be later than the clock's present time.", param="frozen_time")
    levers.move(desk, seconds)
    shown = _shown(desk, clock)
    desk.tell("test_helpers.test_clock.ready", shown)
    return shown


@endpoint("GET", "test_helpers/test_clocks/<test_clock>")
def retrieve(desk: Desk, _parameters: dict[str, Any], test_clock: str) -> Document:
    """One clock, at the shared now."""
    return _shown(desk, desk.get(KIND, test_clock))


@endpoint("GET", "test_helpers/test_clocks", PAGE)
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Clocks by pages."""
    return page(desk, KIND, "/v1/test_helpers/test_clocks", parameters)


@endpoint("DELETE", "test_helpers/test_clocks/<test_clock>")
def delete(desk: Desk, _parameters: dict[str, Any], test_clock: str) -> Document:
    """A clock's name forgotten; time goes on as it is."""
    tombstone = {"id": desk.alive(KIND, test_clock)["id"], "object": KIND, "deleted": True}
    desk.store.bury(tombstone)
    return tombstone


def _shown(desk: Desk, clock: Document) -> Document:
    return clock if clock.get("deleted") else desk.change(clock, frozen_time=desk.now())


def _fields(desk: Desk, name: str | None) -> Document:
    return {
        "deletes_after": desk.now() + 30 * DAY,
        "frozen_time": desk.now(),
        "name": name,
        "status": "ready",
        "status_details": {},
    }

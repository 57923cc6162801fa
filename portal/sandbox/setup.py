"""What a fresh stand-in holds: its webhook address, and the portal's default configuration."""

from __future__ import annotations

from portal.sandbox.desk import Desk
from portal.sandbox.resources.events import add_endpoint
from portal.sandbox.resources.portal import DEFAULT_FEATURES, add_configuration
from portal.sandbox.webhooks.queue import Mode

ADDRESS = "we_from_the_command_line"


def furnish(desk: Desk) -> None:
    """Bring the store in line with the command line; safe to repeat."""
    with desk.store.turn():
        listen(desk, desk.config.webhook_url, desk.config.webhook_secret)
        if not desk.store.find("billing_portal.configuration", ("is_default", "=", True)):
            add_configuration(desk, {"features": DEFAULT_FEATURES}, default=True)
        if desk.config.shuffle is not None:
            desk.queue.mode = Mode("shuffle", desk.config.shuffle)
        elif desk.queue.mode.name == "shuffle":
            desk.queue.mode = Mode()
        desk.queue.recover()


def listen(desk: Desk, url: str | None, secret: str) -> None:
    """Send events to this address from now on, those still queued included; nowhere when there is none."""
    known = desk.store.get(ADDRESS)
    if known is None and url:
        add_endpoint(desk, {"url": url, "enabled_events": ["*"]}, secret, ADDRESS)
    elif known is not None:
        desk.change(known, url=url or known["url"], _secret=secret, status="enabled" if url else "disabled")
        moved = (url or known["url"], secret, ADDRESS)
        desk.store.db.execute("UPDATE deliveries SET url = ?, secret = ? WHERE endpoint = ?", moved)

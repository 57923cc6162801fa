"""Coarse limits by network, before any database is asked: acts that no person does so fast, whatever they are.

Counted by `limits` in memory, or in Redis where REDIS_URL is set, so that several machines count together. What matters
by account or address is counted in the database instead (throttle.py). Pages that are only read are not counted: asking
about each of them cost a third of a page (ADR 19).
"""

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from portal import throttle
from portal.settings import Environment, Settings
from portal.web import MACHINE, UNSAFE, client_address, rule_of

ACTS = RateLimitItemPerMinute(240)
KEY = "portal.limits"
"""Where the app keeps its counter; None where acts are not counted."""
_MINUTE = 60


def init_app(app: Flask, settings: Settings) -> None:
    """Count the acts of this app; tests, which act faster than people, switch it on where they look at it."""
    app.extensions[KEY] = None if settings.env is Environment.TEST else counter(settings)
    app.before_request(_count)


def counter(settings: Settings) -> FixedWindowRateLimiter:
    """An empty counter, or the one that all machines share."""
    return FixedWindowRateLimiter(storage_from_string(settings.redis_url or "memory://"))


def _count() -> None:
    """Machines that prove themselves another way (Stripe signs) are let through, and so is what leads nowhere."""
    if request.method not in UNSAFE or request.endpoint is None:
        return
    counting: FixedWindowRateLimiter | None = current_app.extensions[KEY]
    if counting is None or rule_of(current_app, request.endpoint) is MACHINE:
        return
    if not counting.hit(ACTS, throttle.address_block(client_address())):
        raise TooManyRequests(retry_after=_MINUTE)

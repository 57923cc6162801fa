"""Coarse limits by network, before any database is asked: acts that no person does so fast, whatever they are.

Counted in memory, or in Redis where REDIS_URL is set, so that several machines count together. What matters by account
or address is counted in the database instead (throttle.py). Pages that are only read are not counted.
"""

from typing import NoReturn

from flask import Flask, current_app, request
from flask_limiter import Limiter
from werkzeug.exceptions import TooManyRequests

from portal import throttle
from portal.settings import Environment, Settings
from portal.web import MACHINE, UNSAFE, client_address, rule_of

ACTS_A_MINUTE = 240
KEY = "portal.limits"
"""Where the app keeps its counter."""
_MINUTE = 60


def _network() -> str:
    return throttle.address_block(client_address())


def _uncounted() -> bool:
    """Reading, what leads nowhere, and machines that prove themselves another way (Stripe signs)."""
    if request.method not in UNSAFE or request.endpoint is None:
        return True
    return rule_of(current_app, request.endpoint) is MACHINE


def _refuse(_limit: object) -> NoReturn:
    raise TooManyRequests(retry_after=_MINUTE)


def init_app(app: Flask, settings: Settings) -> None:
    """Count the acts of this app; tests, which act faster than people, switch it on where they look at it."""
    limiter = Limiter(
        _network,
        application_limits=[f"{ACTS_A_MINUTE} per minute"],
        application_limits_exempt_when=_uncounted,
        on_breach=_refuse,
        storage_uri=settings.redis_url or "memory://",
    )
    limiter.init_app(app)
    limiter.enabled = settings.env is not Environment.TEST
    app.extensions[KEY] = limiter

"""What a visitor's browser keeps about itself: the secret of a registration, and that it signed in here before.

With sessions.sign_in, the only module of this room below the views that knows there is a request.
"""

import secrets
from hashlib import sha256

from flask import current_app, session
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from portal import cookies
from portal.accounts.keyed import SIGNED

_SECRET, _ADDRESS, _RESTART = "browser", "registering", "restart"
DEVICE_COOKIE = "device"


def secret() -> str:
    """This browser's secret, made at its first registration. Only its hash is kept on our side."""
    if _SECRET not in session:
        session[_SECRET] = secrets.token_urlsafe(24)
    return str(session[_SECRET])


def known_secret() -> str | None:
    """The secret when this browser has one: hand it to registration.confirm."""
    return session.get(_SECRET)


def note_registration(email: str, *, restart: str = "/register") -> None:
    """Remember which address was typed, and where to start again with another, for the page "check your mailbox"."""
    session[_ADDRESS], session[_RESTART] = email, restart


def noted_registration() -> tuple[str, str] | None:
    """(address, where to start again) of this browser's registration, or None."""
    address = session.get(_ADDRESS)
    return None if address is None else (str(address), str(session.get(_RESTART, "/register")))


def known_device(email_key: str) -> str | None:
    """The name of this device when it signed in to this account before: a stranger's attempts do not count for it."""
    try:
        account, name = _signer().loads(cookies.read(DEVICE_COOKIE) or "")
    except (BadData, ValueError, TypeError):
        return None
    return str(name) if account == _digest(email_key) else None


def remember_device(response: Response, email_key: str) -> None:
    """Mark this device as one that signed in to this account."""
    if known_device(email_key) is None:
        value = _signer().dumps([_digest(email_key), secrets.token_hex(16)])
        cookies.keep(response, DEVICE_COOKIE, str(value))


def _digest(email_key: str) -> str:
    return sha256(email_key.encode()).hexdigest()[:32]


def _signer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="known-device", signer_kwargs=SIGNED)

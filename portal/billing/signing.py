"""Whether a webhook may be trusted: its signature, its age, its shape. What fails is one BadWebhook, never a 500."""

import json
from collections.abc import Callable

from portal import clock
from portal.billing import reading
from portal.billing.shapes import BadWebhook, RemoteEvent

TOLERANCE = 300
"""Seconds a signature may be old, or ahead of the machine's own clock (Stripe signs with real time)."""

Signed = Callable[[str, str, str], bool]


def verified(payload: bytes, header: str | None, secrets: tuple[str, ...], signed: Signed) -> RemoteEvent:
    """The ids of a webhook that one of the secrets has signed. Raises BadWebhook."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise BadWebhook("not UTF-8") from None
    if not header or not any(secret and signed(text, header, secret) for secret in secrets):
        raise BadWebhook("signature")
    _refuse_future(header)
    return _parsed(text)


def _refuse_future(header: str) -> None:
    """Stripe's library lets signatures of the future pass; a header here was parsed by it already."""
    stamp = next(part[2:] for part in header.split(",") if part.startswith("t="))
    if int(stamp) > clock.wall().timestamp() + TOLERANCE:
        raise BadWebhook("future")


def _parsed(text: str) -> RemoteEvent:
    try:
        return reading.event(json.loads(text))
    except json.JSONDecodeError:
        raise BadWebhook("not JSON") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, RecursionError):
        raise BadWebhook("not a snapshot event") from None

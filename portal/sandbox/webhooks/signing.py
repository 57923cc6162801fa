"""The Stripe-Signature header: an HMAC over the real time and the body."""

from __future__ import annotations

import hashlib
import hmac


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """The header's value for a body; `timestamp` is real, since receivers compare it with their own clock."""
    signed = b"%d." % timestamp + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"

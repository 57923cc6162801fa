"""Keyed hashes for what is too short for a plain one: with the server's key, and for one purpose each."""

import hashlib
import hmac

from flask import current_app

SIGNED = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
"""How whatever is signed here is signed: for itsdangerous, whose own choice is SHA-1."""


def keyed(purpose: str, text: str) -> bytes:
    """The hash (32 bytes) under today's key."""
    return every_keyed(purpose, text)[0]


def every_keyed(purpose: str, text: str) -> list[bytes]:
    """Under today's key, then under those that were today's before: a changed key must not lock anybody out."""
    keys = [str(current_app.config["SECRET_KEY"]), *current_app.config["SECRET_KEY_FALLBACKS"]]
    words = f"{purpose}:{text}".encode("utf-8", "surrogatepass")
    return [hmac.digest(key.encode(), words, hashlib.sha256) for key in keys]

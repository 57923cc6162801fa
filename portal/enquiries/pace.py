"""How often one may ask: counted for the network, the account and the address that the copy is sent to."""

import hashlib
from datetime import timedelta

from portal import throttle
from portal.accounts.identity import email_key
from portal.db import AnySession
from portal.throttle import Throttled

PER_NETWORK, PER_READER, PER_ADDRESS, WINDOW = 10, 6, 4, timedelta(hours=1)
_SAME_WITHIN = timedelta(minutes=10)


def count(session: AnySession, *, network: str, email: str, reader_id: int | None) -> None:
    """Count one question. Raises Throttled when too many came from this network, account or address."""
    throttle.hit(session, f"enquiry:{network}", limit=PER_NETWORK, window=WINDOW)
    throttle.hit(session, f"enquiry-mail:{email_key(email)}", limit=PER_ADDRESS, window=WINDOW)
    if reader_id is not None:
        throttle.hit(session, f"enquiry-reader:{reader_id}", limit=PER_READER, window=WINDOW)


def said_before(session: AnySession, *words: str) -> bool:
    """True when exactly this was sent a moment ago (a button pressed twice); else it is remembered."""
    said = hashlib.sha256("\0".join(words).encode()).hexdigest()
    try:
        throttle.hit(session, f"enquiry-said:{said}", limit=1, window=_SAME_WITHIN)
    except Throttled:
        return True
    return False

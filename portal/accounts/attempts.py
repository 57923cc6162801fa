"""What the log says of who tries to get in: which way, what came of it, and hashes that tell one from another.

Neither the address that was typed nor the network stands in the log: keyed hashes are enough to see that one account,
or one network, is tried again and again.
"""

import logging

from portal import throttle
from portal.accounts.identity import email_key
from portal.accounts.keyed import keyed
from portal.web import client_address, request_id

log = logging.getLogger(__name__)
_SHOWN = 12  # hex digits


def accepted(way: str, email: str) -> None:
    """Somebody proved who they are, or took the first of two steps."""
    _note("accepted", way, email)


def refused(way: str, email: str) -> None:
    """A wrong password or code was typed."""
    _note("refused", way, email)


def _note(outcome: str, way: str, email: str) -> None:
    network = throttle.address_block(client_address())
    told = {"way": way, "account": _short(email_key(email)), "network": _short(network), "request_id": request_id()}
    log.info("sign-in %s", outcome, extra=told)


def _short(text: str) -> str:
    return keyed("log", text).hex()[:_SHOWN]

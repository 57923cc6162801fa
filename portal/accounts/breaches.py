"""Whether a password stands in a published list of stolen ones, asked without telling it (k-anonymity).

Only the first five hex digits of its SHA-1 leave the server; the answer lists the endings of some hundred hashes. Off
unless BREACH_LIST is set; a list that does not answer within two seconds refuses nobody, and the log says so.
"""

import hashlib
import logging

import requests
from flask import current_app

from portal.db import end_reading

log = logging.getLogger(__name__)
PREFIX = 5
TIMEOUT = 2.0  # seconds


def is_known(password: str) -> bool:
    """True when the list holds this password; reading ends first, so that no transaction waits for the list."""
    address = current_app.config["BREACH_LIST"]
    if not address:
        return False
    end_reading()
    digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()
    try:
        answer = _asked(address + digest[:PREFIX])
    except requests.RequestException as error:
        log.warning("breach list: %s", type(error).__name__)
        return False
    return any(_is(line, digest[PREFIX:]) for line in answer.text.splitlines())


def _asked(address: str) -> requests.Response:
    """The list's own answer: wherever it points to is not asked."""
    answer = requests.get(address, headers={"Add-Padding": "true"}, timeout=TIMEOUT, allow_redirects=False)
    answer.raise_for_status()
    if answer.is_redirect:
        raise requests.TooManyRedirects
    return answer


def _is(line: str, ending: str) -> bool:
    """Padding comes as endings that were seen zero times."""
    found, _colon, times = line.partition(":")
    return found == ending and times.strip() not in ("", "0")

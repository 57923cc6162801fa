"""Between the two steps of a sign-in: the cookie holds a token that says the first one is done; no session is open."""

from datetime import timedelta

from flask import session
from werkzeug.wrappers import Response

from portal.accounts import tokens
from portal.accounts.models import Reader, TokenPurpose
from portal.accounts.tokens import LinkError
from portal.db import AnySession
from portal.web import see_other

LIFETIME = timedelta(minutes=10)
_KEY = "second-step"


def wait_for_code(unit: AnySession, reader: Reader, next_path: str, *, stay: bool = True) -> Response:
    """This browser may type the reader's code for ten minutes; to the page that asks for it."""
    session[_KEY] = [tokens.issue(unit, reader, TokenPurpose.SECOND_STEP, LIFETIME), next_path, stay]
    return see_other("/login/code")


def waiting(unit: AnySession) -> tuple[Reader, str] | None:
    """Who passed the first step in this browser, and where they go afterwards; None when there is none, or too late."""
    try:
        token, next_path, _stay = session[_KEY]
        return tokens.look(unit, token, TokenPurpose.SECOND_STEP), next_path
    except (KeyError, ValueError, LinkError):
        return None


def end(unit: AnySession) -> tuple[Reader, bool]:
    """Use the first step up: who it was, and whether they stay signed in. LinkError when another tab was faster."""
    token, _next_path, stay = session.pop(_KEY)
    return tokens.redeem(unit, token, TokenPurpose.SECOND_STEP), bool(stay)


def forget() -> None:
    """Nothing waits any more in this browser."""
    session.pop(_KEY, None)

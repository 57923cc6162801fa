"""Signing in with six digits mailed to the account's address, typed back in the browser that asked for them.

Any address gets the same answer at the same cost: one without an account has a row that no code opens, and a mail that
says so; an account that is not confirmed gets the link that confirms it.
"""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy import select, update

from portal import clock, throttle
from portal.accounts import codes, mails, readers, recovery, tokens
from portal.accounts.identity import email_key
from portal.accounts.keyed import keyed
from portal.accounts.models import Reader
from portal.accounts.models_security import SignInCode
from portal.accounts.signin import Visitor
from portal.db import AnySession

CODES_PER_ADDRESS, MAILS_PER_NETWORK, WINDOW = 3, 30, timedelta(hours=1)
CODES_A_DAY, DAY = 10, timedelta(days=1)  # with five tries each: a guess at one account succeeds in one year of fifty


class CodeGone(Exception):
    """No code that this browser asked for can be typed any more; the cause says why: none, used, tries, expired."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def ask(session: AnySession, who: Visitor, *, locale: str, replaces: str | None = None) -> str:
    """Mail a code; returns the secret for the asking browser's cookie. Raises Throttled.

    `replaces` is the secret of this browser's last request: its code is dead.
    """
    _count(session, who)
    _clear(session, replaces or "")
    reader = readers.by_address(session, who.email)
    able = reader is not None and reader.confirmed_at is not None
    secret, code = secrets.token_urlsafe(24), codes.new()
    row = _new_row(reader if able else None, who.email, secret, code)
    session.add(row)
    session.flush()
    _write(session, reader, row, code, locale)
    return secret


def _count(session: AnySession, who: Visitor) -> None:
    """A device that this account knows has a count of its own, so that no stranger keeps its owner from asking."""
    key = f"sign-in-code:{email_key(who.email)}" + (f":{who.device}" if who.device else "")
    throttle.check(session, key, limit=CODES_A_DAY, window=DAY)
    throttle.hit(session, key, limit=CODES_PER_ADDRESS, window=WINDOW)
    throttle.hit(session, f"sign-in-code-from:{who.network}", limit=MAILS_PER_NETWORK, window=WINDOW)


def _clear(session: AnySession, secret: str) -> None:
    """The browser's last code is replaced."""
    last = (SignInCode.browser_hash == tokens.hash_of(secret), SignInCode.used_at.is_(None))
    session.execute(update(SignInCode).where(*last).values(used_at=clock.now()))


def _new_row(reader: Reader | None, typed: str, secret: str, code: str) -> SignInCode:
    """An account is written to at its own address, never at a spelling that merely folds to it."""
    now = clock.now()
    key = reader.email_key if reader else email_key(typed)
    browser = tokens.hash_of(secret)
    return SignInCode(
        reader_id=reader.id if reader else None,
        email=reader.email if reader else typed,
        email_key=key,
        browser_hash=browser,
        code_hash=_hash(browser, key, code),
        tries=0,
        created_at=now,
        expires_at=now + codes.LIFETIME,
    )


def _write(session: AnySession, reader: Reader | None, row: SignInCode, code: str, locale: str) -> None:
    """One mail in any case, and as many statements."""
    if reader is not None and reader.confirmed_at is None:
        recovery.mail_confirmation(session, reader, locale=locale)
        return
    tokens.pretend_to_issue(session)
    if reader is None:
        mails.no_account(session, row.email, locale, wanted="code")
    else:
        mails.sign_in_code(session, reader, row, code, locale)


def try_code(session: AnySession, secret: str, typed: str) -> Reader | None:
    """Whose code it is, used up; None for a wrong one, which is counted when the caller's unit is committed.

    Raises CodeGone.
    """
    asked = SignInCode.browser_hash == tokens.hash_of(secret)
    owner = select(SignInCode.reader_id).where(asked).scalar_subquery()
    reader = session.scalar(select(Reader).where(Reader.id == owner).with_for_update())  # before the row: as others do
    row = session.scalar(select(SignInCode).where(asked).with_for_update().execution_options(populate_existing=True))
    _check_alive(row, reader)
    assert row is not None  # nosec B101 - _check_alive says so
    right = hmac.compare_digest(row.code_hash, _hash(row.browser_hash, row.email_key, "".join(typed.split())))
    if reader is None or not right:
        row.tries += 1
        session.flush()
        return None
    row.used_at = clock.now()
    session.flush()
    return reader


def _check_alive(row: SignInCode | None, reader: Reader | None) -> None:
    """A code for an address that the account has left is worth nothing either."""
    if row is None:
        raise CodeGone("none")
    left = reader is not None and reader.email_key != row.email_key
    if cause := "used" if left else codes.gone(row):
        raise CodeGone(cause)


def _hash(browser: bytes, key: str, code: str) -> bytes:
    """It names the browser, so that no other can use the code."""
    return keyed("sign-in-code", f"{browser.hex()}:{key}:{code}")

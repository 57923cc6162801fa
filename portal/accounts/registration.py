"""Registration: a pending row for each attempt, a mail, and an account only once the mail's link was confirmed.

Whoever registers somebody else's address gains nothing: each attempt keeps its own password hash, and a link that is
opened in another browser than the one that asked needs that password or a new one. What the registration wanted (its
intent) is kept and handed back unread: `{"verticals": ["health"], "next": "/health/article/…"}`.
"""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from portal import audit, clock, throttle
from portal.accounts import mails, readers, second_factor, sessions, tokens
from portal.accounts.identity import checked_address, email_key
from portal.accounts.models import PendingRegistration, Reader
from portal.accounts.tokens import LinkError, LinkExpired, LinkUnknown, LinkUsed
from portal.db import AnySession

MAILS_PER_ADDRESS, MAILS_PER_NETWORK, MAIL_WINDOW = 5, 30, timedelta(hours=1)
RESEND_WAIT = timedelta(seconds=60)
REMEMBERED_FOR = timedelta(days=1)
_KEPT = ("email", "email_key", "password_hash", "browser_hash", "name", "company", "locale", "intent", "origin")


class AlreadyConfirmed(LinkError):
    """There is a confirmed account with this address: signing in is all there is to do."""


class OtherBrowser(LinkError):
    """The link was opened in another browser than the one that registered: a password is needed."""


def check_pace(session: AnySession, *, email: str, network: str) -> None:
    """Raise Throttled when too many mails were asked for, for this address or from this network. Counts nothing."""
    throttle.check(session, _address_key(email), limit=MAILS_PER_ADDRESS, window=MAIL_WINDOW)
    throttle.check(session, f"register:{network}", limit=MAILS_PER_NETWORK, window=MAIL_WINDOW)


def request(
    session: AnySession,
    *,
    email: str,
    password_hash: str,
    locale: str | None,
    intent: dict[str, Any],
    browser_secret: str,
    name: str = "",
    company: str = "",
    network: str = "unknown",
    origin: dict[str, Any] | None = None,
) -> None:
    """Keep an attempt and write its mail: the confirmation link, or "you have an account" when the address is known.

    The same work is done for known and unknown addresses. Raises AddressError, and Throttled as check_pace does.
    """
    address = checked_address(email)
    _count(session, address, network)
    pending = PendingRegistration(
        email=address,
        email_key=email_key(address),
        password_hash=password_hash,
        browser_hash=_hash(browser_secret),
        name=name,
        company=company,
        locale=locale or "fr",
        intent=intent,
        origin=origin,
    )
    _send(session, pending)


def resend(session: AnySession, *, browser_secret: str, network: str = "unknown") -> bool:
    """Send the mail of this browser's last attempt again, with a new link; False when there is no such attempt.

    Raises Throttled when the last mail left less than a minute ago, or too many did within the hour.
    """
    last = _last_of(session, browser_secret)
    if last is None:
        return False
    throttle.check(session, _address_key(last.email), limit=1, window=RESEND_WAIT)
    _send_again(session, last, network)
    return True


def correct_address(session: AnySession, *, email: str, browser_secret: str, network: str = "unknown") -> bool:
    """Take up this browser's last attempt with another address; False when there is none.

    The links that went to the wrong address are dead. Raises AddressError, and Throttled as check_pace does.
    """
    address = checked_address(email)
    last = _last_of(session, browser_secret)
    if last is None or last.used_at is not None:
        return False
    _count(session, address, network)
    kept = {column: getattr(last, column) for column in _KEPT}
    mine = update(PendingRegistration).where(PendingRegistration.browser_hash == last.browser_hash)
    session.execute(mine.where(PendingRegistration.used_at.is_(None)).values(used_at=clock.now()))
    _send(session, PendingRegistration(**{**kept, "email": address, "email_key": email_key(address)}))
    return True


def _last_of(session: AnySession, browser_secret: str) -> PendingRegistration | None:
    """The newest attempt of this browser within a day."""
    statement = select(PendingRegistration).where(
        PendingRegistration.browser_hash == _hash(browser_secret),
        PendingRegistration.created_at > clock.now() - REMEMBERED_FOR,
    )
    return session.scalars(statement.order_by(PendingRegistration.id.desc()).limit(1)).one_or_none()


def open_pending(session: AnySession, token: str) -> PendingRegistration:
    """The attempt behind a link; changes nothing. Raises LinkUnknown, AlreadyConfirmed, LinkUsed, LinkExpired."""
    pending = _by_token(session, token)
    reader = readers.by_address(session, pending.email)
    if reader is not None and reader.confirmed_at is not None:
        raise AlreadyConfirmed
    if pending.used_at is not None:
        raise LinkUsed
    if clock.now() >= pending.expires_at:
        raise LinkExpired
    return pending


def same_browser(pending: PendingRegistration, browser_secret: str | None) -> bool:
    """True when this browser made the attempt, so that its password needs no asking."""
    return browser_secret is not None and hmac.compare_digest(pending.browser_hash, _hash(browser_secret))


def confirm(
    session: AnySession, token: str, *, browser_secret: str | None = None, password_hash: str | None = None
) -> tuple[Reader, dict[str, Any]]:
    """Make the attempt an account; returns it with the intent. Every other attempt of the address is dead.

    `password_hash` (see passwords.kept_or_new) is needed when another browser registered; without it OtherBrowser is
    raised. Otherwise raises what open_pending does; of two confirmations at once the second raises AlreadyConfirmed.
    """
    pending = open_pending(session, token)
    _lock_attempts(session, pending.email_key)
    if password_hash is None and not same_browser(pending, browser_secret):
        raise OtherBrowser
    if not tokens.claim(session, PendingRegistration, pending.id):
        raise LinkUsed
    reader = _account(session, pending, password_hash or pending.password_hash)
    _kill_attempts(session, pending.email_key)
    audit.record(session, "account.confirmed", actor_id=reader.id, target=("reader", reader.id))
    return reader, pending.intent


def account_by_mail(
    session: AnySession, *, email: str, password_hash: str, name: str = "", locale: str | None = None
) -> Reader:
    """An account for an address that a mailed link has just proved; its attempts to register are dead.

    Raises AlreadyConfirmed when it has one already.
    """
    key = email_key(email)
    _lock_attempts(session, key)
    attempt = PendingRegistration(email=email, name=name, company="", locale=locale or "fr", origin=None)
    reader = _account(session, attempt, password_hash)
    _kill_attempts(session, key)
    audit.record(session, "account.confirmed", actor_id=reader.id, target=("reader", reader.id))
    return reader


def renew(session: AnySession, token: str, *, network: str = "unknown") -> PendingRegistration:
    """Send a new link for an attempt whose link expired. Raises LinkUnknown, AlreadyConfirmed, LinkUsed, Throttled."""
    try:
        pending = open_pending(session, token)
    except LinkExpired:
        pending = _by_token(session, token)
    _send_again(session, pending, network)
    return pending


def _account(session: AnySession, pending: PendingRegistration, password_hash: str) -> Reader:
    """The reader of a confirmed attempt: a new one, or the unconfirmed one that staff had made."""
    reader = readers.by_address(session, pending.email)
    if reader is None:
        return _new_account(session, pending, password_hash)
    if reader.confirmed_at is not None:
        raise AlreadyConfirmed
    sessions.end_all(session, reader.id, "confirmed-elsewhere")
    tokens.kill(session, reader.id)
    second_factor.drop(session, reader.id)
    reader.password_hash = password_hash
    reader.name, reader.company = reader.name or pending.name, reader.company or pending.company
    reader.confirmed_at = clock.now()
    session.flush()
    return reader


def _new_account(session: AnySession, pending: PendingRegistration, password_hash: str) -> Reader:
    try:
        return readers.create_reader(
            session,
            email=pending.email,
            password_hash=password_hash,
            name=pending.name,
            company=pending.company,
            locale=pending.locale,
            confirmed=True,
            origin=pending.origin,
        )
    except readers.AddressTaken as error:
        raise AlreadyConfirmed from error


def _lock_attempts(session: AnySession, key: str) -> None:
    """Two confirmations of one address queue here, always in the same order, instead of waiting for each other."""
    attempts = select(PendingRegistration.id).where(PendingRegistration.email_key == key)
    session.execute(attempts.order_by(PendingRegistration.id).with_for_update()).all()


def _kill_attempts(session: AnySession, key: str) -> None:
    attempts = update(PendingRegistration).where(
        PendingRegistration.email_key == key, PendingRegistration.used_at.is_(None)
    )
    session.execute(attempts.values(used_at=clock.now()))


def _by_token(session: AnySession, token: str) -> PendingRegistration:
    statement = select(PendingRegistration).where(PendingRegistration.token_hash == tokens.hash_of(token))
    pending = session.scalar(statement)
    if pending is None:
        raise LinkUnknown
    return pending


def _send_again(session: AnySession, last: PendingRegistration, network: str) -> None:
    """Another link for the same attempt; the earlier one keeps working until its hour is over."""
    _count(session, last.email, network)
    _send(session, PendingRegistration(**{column: getattr(last, column) for column in _KEPT}))


def _send(session: AnySession, pending: PendingRegistration) -> None:
    """Save the attempt and write the mail that tells the truth to whoever owns the address.

    An account that exists is written to at its own address, never at a spelling that merely folds to it (weiß, weiss).
    """
    reader = readers.by_address(session, pending.email)
    if reader is not None:
        pending.email = reader.email
    token, pending.token_hash = tokens.new_token()
    pending.created_at = clock.now()
    pending.expires_at = pending.created_at + tokens.LIFETIME
    session.add(pending)
    session.flush()
    if reader is not None and reader.confirmed_at is not None:
        mails.already_registered(session, pending, reader)
    else:
        mails.confirm_registration(session, pending, token)


def _count(session: AnySession, email: str, network: str) -> None:
    throttle.hit(session, _address_key(email), limit=MAILS_PER_ADDRESS, window=MAIL_WINDOW)
    throttle.hit(session, f"register:{network}", limit=MAILS_PER_NETWORK, window=MAIL_WINDOW)


def _address_key(email: str) -> str:
    return f"register-mail:{email_key(email)}"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


__all__ = [
    "AlreadyConfirmed",
    "LinkError",
    "LinkExpired",
    "LinkUnknown",
    "LinkUsed",
    "OtherBrowser",
    "account_by_mail",
    "check_pace",
    "confirm",
    "correct_address",
    "open_pending",
    "renew",
    "request",
    "resend",
    "same_browser",
]

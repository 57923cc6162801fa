"""Signing in with a password: counted, the same for known and unknown addresses, no transaction open while hashing."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from portal import throttle
from portal.accounts import passwords
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.db import AnySession, end_reading, writing

ATTEMPTS, WINDOW = 10, timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who tries: the address typed, the network it comes from, the device's name when this account knows it."""

    email: str
    network: str
    device: str | None


def count(session: AnySession, who: Visitor) -> None:
    """Count an attempt in a unit of its own. Raises Throttled.

    A device that signed in to this account before has a count of its own, so that nobody can lock its owner out by
    trying from elsewhere.
    """
    with writing(session) as unit:
        for key in _keys(who):
            throttle.hit(unit, key, limit=ATTEMPTS, window=WINDOW)


def check_password(session: AnySession, *, email: str, password: str) -> tuple[int, str, str | None] | None:
    """(reader id, the hash it was checked against, a new hash when it should be renewed), or None. Raises Busy."""
    row = session.execute(
        select(Reader.id, Reader.password_hash).where(Reader.email_key == email_key(email))
    ).one_or_none()
    end_reading(session)
    stored = row.password_hash if row else None
    if not passwords.verify(stored, password) or row is None or stored is None:
        return None
    return row.id, stored, passwords.renewed(stored, password)


def has_password(session: AnySession, reader_id: int) -> bool:
    """False for a reader who never chose one: mailed codes are their way in."""
    return bool(session.scalar(select(Reader.password_hash.is_not(None)).where(Reader.id == reader_id)))


def reader_for(session: AnySession, reader_id: int, checked: str, renewed: str | None) -> Reader | None:
    """The reader to sign in, inside the writing unit; None when the password changed since it was checked."""
    reader = session.get(Reader, reader_id, with_for_update=True, populate_existing=True)
    if reader is None or reader.password_hash != checked:
        return None
    if renewed is not None:
        reader.password_hash = renewed
    return reader


def forgive(session: AnySession, who: Visitor) -> None:
    """Take the attempt that succeeded out of the counts, and forget the failures before it on this account."""
    account, *networks = _keys(who)
    throttle.forget(session, account)
    for key in networks:
        throttle.take_back(session, key)


def _keys(who: Visitor) -> list[str]:
    account = f"login:{email_key(who.email)}"
    return [f"{account}:{who.device}"] if who.device else [account, f"login-from:{who.network}"]

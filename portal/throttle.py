"""Counted limits in the database: so many acts per key and window, the same on every machine."""

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import AnySession, Base
from portal.history import BigKey


class Throttled(Exception):
    """Too many acts; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class ThrottleHit(Base):
    """One counted act. The key is hashed: it may be built from an address."""

    __tablename__ = "throttle_hits"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    at: Mapped[datetime]


def hit(session: AnySession, key: str, *, limit: int, window: timedelta) -> None:
    """Count one act under this key, or raise Throttled when `limit` acts lie within the window already."""
    check(session, key, limit=limit, window=window)
    session.add(ThrottleHit(key_hash=_hash(key), at=clock.now()))
    session.flush()


def check(session: AnySession, key: str, *, limit: int, window: timedelta) -> None:
    """Raise Throttled when this key has used up its acts; counts nothing."""
    now = clock.now()
    count, oldest = session.execute(
        select(func.count(), func.min(ThrottleHit.at)).where(
            ThrottleHit.key_hash == _hash(key), ThrottleHit.at > now - window, ThrottleHit.at <= now
        )
    ).one()
    if count >= limit:
        raise Throttled(max(1, round((oldest + window - now).total_seconds())))


def forget(session: AnySession, key: str) -> None:
    """Clear a key's count, after a success."""
    session.execute(delete(ThrottleHit).where(ThrottleHit.key_hash == _hash(key)))


def take_back(session: AnySession, key: str) -> None:
    """Uncount this key's last act: it turned out to be a rightful one."""
    last = select(func.max(ThrottleHit.id)).where(ThrottleHit.key_hash == _hash(key)).scalar_subquery()
    session.execute(delete(ThrottleHit).where(ThrottleHit.id == last))


def address_block(address: str | None) -> str:
    """The network an address is counted by: itself for IPv4, its /64 for IPv6, "unknown" for none."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()

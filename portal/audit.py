"""The audit log: who did what to whom, append-only; personal values live in a side table that erasure may empty."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import AnySession, Base, JSONType
from portal.history import BigKey


class AuditEvent(Base):
    """One act. `values` holds ids and non-personal values only; triggers refuse UPDATE and DELETE."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_target", "target_kind", "target_id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(60), index=True)
    actor_id: Mapped[int | None]
    target_kind: Mapped[str] = mapped_column(String(20))
    target_id: Mapped[int | None]
    values: Mapped[dict[str, Any]]
    personal_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class AuditPersonal(Base):
    """The personal values of an act; deleting the row leaves the event and its salted digest intact."""

    __tablename__ = "audit_personal"

    event_id: Mapped[int] = mapped_column(ForeignKey("audit_events.id"), primary_key=True)
    reader_id: Mapped[int | None] = mapped_column(index=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    values: Mapped[dict[str, Any]] = mapped_column(JSONType)


@dataclass(frozen=True, slots=True)
class Written:
    """An act to be written. `target` is (kind, id), for example ("reader", 12)."""

    target: tuple[str, int | None] = ("", None)
    values: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, Any] = field(default_factory=dict)


def record(
    session: AnySession,
    act: str,
    *,
    actor_id: int | None = None,
    target: tuple[str, int | None] = ("", None),
    values: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
) -> AuditEvent:
    """Write one act in the caller's transaction. `target` is (kind, id), for example ("reader", 12)."""
    [event] = record_all(session, act, [Written(target, values or {}, personal or {})], actor_id=actor_id)
    return event


def record_all(
    session: AnySession, act: str, written: Sequence[Written], *, actor_id: int | None = None
) -> list[AuditEvent]:
    """The same act about many, in their order, with as few statements as for one."""
    salts = [secrets.token_bytes(16) for _one in written]
    events = [
        AuditEvent(
            at=clock.now(),
            act=act,
            actor_id=actor_id,
            target_kind=one.target[0],
            target_id=one.target[1],
            values=one.values,
            personal_digest=_digest(salt, one.personal) if one.personal else None,
        )
        for one, salt in zip(written, salts, strict=True)
    ]
    session.add_all(events)
    session.flush()
    session.add_all(
        AuditPersonal(
            event_id=event.id,
            reader_id=one.target[1] if one.target[0] == "reader" else None,
            salt=salt,
            values=one.personal,
        )
        for event, one, salt in zip(events, written, salts, strict=True)
        if one.personal
    )
    session.flush()
    return events


def record_once(
    session: AnySession, act: str, *, since: datetime, target: tuple[str, int | None], values: dict[str, Any]
) -> None:
    """Write an act of the house about somebody, unless the same was written since."""
    same = (AuditEvent.act == act, AuditEvent.target_kind == target[0], AuditEvent.target_id == target[1])
    if session.scalar(select(AuditEvent.id).where(*same, AuditEvent.at >= since).limit(1)) is None:
        record(session, act, target=target, values=values)


def _digest(salt: bytes, values: dict[str, Any]) -> bytes:
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(salt + text.encode()).digest()

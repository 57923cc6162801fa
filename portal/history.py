"""Replay: an append-only snapshot of everything decisions depend on, written with each change.

A model that decisions depend on inherits `Recorded`; the snapshot is then written in the same flush as the change,
so nobody can forget it. Core UPDATEs on such tables would go round this: a guard test forbids them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, Integer, String, bindparam, event, insert, select
from sqlalchemy.orm import Mapped, Session, UOWTransaction, mapped_column

from portal import clock
from portal.db import AnySession, Base, UTCDateTime

BigKey = BigInteger().with_variant(Integer, "sqlite")


class Snapshot(Base):
    """One fact as it stood from `recorded_at` on. Triggers refuse UPDATE and DELETE."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_subject", "kind", "subject_id", "recorded_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    recorded_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


class Recorded:
    """Mixin of models whose every change is kept for replay."""

    history_kind: ClassVar[str]
    id: Mapped[int]

    def snapshot(self) -> dict[str, Any]:
        """The facts a decision needs, as JSON values (instants in ISO 8601)."""
        raise NotImplementedError


def iso(instant: datetime | None) -> str | None:
    """An instant as snapshots write it."""
    return None if instant is None else instant.isoformat()


@event.listens_for(Session, "after_flush")
def _record(session: Session, _context: UOWTransaction) -> None:
    subjects = [*session.new, *(item for item in session.dirty if session.is_modified(item))]
    rows = [_row(item) for item in subjects if isinstance(item, Recorded)]
    if rows:
        session.execute(insert(Snapshot), rows)


def record_again(session: AnySession, subjects: Iterable[Recorded]) -> None:
    """Write a snapshot now for subjects whose links (not columns) changed."""
    session.flush()
    rows = [_row(item) for item in subjects]
    if rows:
        session.execute(insert(Snapshot), rows)


def _row(item: Recorded) -> dict[str, Any]:
    return {
        "kind": item.history_kind,
        "subject_id": item.id,
        "recorded_at": clock.now(),
        "facts": item.snapshot(),
    }


def ever(session: AnySession, kind: str, subject_id: int) -> list[dict[str, Any]]:
    """Everything that was ever recorded of a subject, oldest first."""
    statement = select(Snapshot.facts).where(Snapshot.kind == kind, Snapshot.subject_id == subject_id)
    return list(session.scalars(statement.order_by(Snapshot.recorded_at, Snapshot.id)))


_AS_OF = (
    select(Snapshot.subject_id, Snapshot.facts)
    .where(
        Snapshot.kind == bindparam("kind"),
        Snapshot.subject_id.in_(bindparam("ids", expanding=True)),
        Snapshot.recorded_at <= bindparam("at", type_=UTCDateTime()),
    )
    .order_by(Snapshot.recorded_at, Snapshot.id)
)


def as_of(session: AnySession, kind: str, subject_ids: Iterable[int], at: datetime) -> dict[int, dict[str, Any]]:
    """The last snapshot of each subject recorded at or before `at`; subjects not yet known are left out."""
    ids = list(subject_ids)
    if not ids:
        return {}
    rows = session.execute(_AS_OF, {"kind": kind, "ids": ids, "at": at})
    return {row.subject_id: row.facts for row in rows}

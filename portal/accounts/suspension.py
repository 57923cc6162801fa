"""Closing an account's reading for a reason, and opening it again: rights stay as they are, the decision refuses."""

from portal import audit, clock
from portal.accounts import sessions
from portal.accounts.models import Reader
from portal.db import AnySession


def suspend(session: AnySession, reader: Reader, reason: str, *, actor_id: int | None) -> None:
    """Suspend an account and end its sessions; audited with the reason."""
    before = reader.suspended_at
    reader.suspended_at, reader.suspended_reason = clock.now(), reason
    sessions.end_all(session, reader.id, "suspended")
    _note(session, "reader.suspended", reader, reason, actor_id, before=before is not None, after=True)


def lift(session: AnySession, reader: Reader, reason: str, *, actor_id: int | None) -> None:
    """Lift a suspension; audited with the reason."""
    before = reader.suspended_at
    reader.suspended_at = reader.suspended_reason = None
    _note(session, "reader.unsuspended", reader, reason, actor_id, before=before is not None, after=False)


def _note(
    session: AnySession, act: str, reader: Reader, reason: str, actor_id: int | None, *, before: bool, after: bool
) -> None:
    session.flush()
    values = {"before": {"suspended": before}, "after": {"suspended": after}}
    target = ("reader", reader.id)
    audit.record(session, act, actor_id=actor_id, target=target, values=values, personal={"reason": reason})

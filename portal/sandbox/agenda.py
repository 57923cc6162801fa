"""What will have to be done, and when: renewals, endings, retries, expiries.

One row per subject and duty. Work is taken in the order of its instants, each done at its own instant, so
that a jump of a year leaves the same objects as a year of waiting.
"""

from __future__ import annotations

from typing import NamedTuple

from portal.sandbox.store import Store


class Due(NamedTuple):
    """One piece of work whose instant has come."""

    at: int
    duty: str
    subject: str


def plan(store: Store, subject: str, duty: str, at: int | None) -> None:
    """Set the instant of a subject's duty, or withdraw it with None."""
    store.db.execute("DELETE FROM agenda WHERE subject = ? AND duty = ?", (subject, duty))
    if at is not None:
        row = (at, duty, subject)
        store.db.execute("INSERT INTO agenda (due, duty, subject) VALUES (?, ?, ?)", row)


def clear(store: Store, subject: str) -> None:
    """Withdraw every duty of a subject."""
    store.db.execute("DELETE FROM agenda WHERE subject = ?", (subject,))


def take(store: Store, now: int) -> Due | None:
    """The earliest work due by `now`, withdrawn from the agenda; None when all is done."""
    sql = "SELECT seq, due, duty, subject FROM agenda WHERE due <= ? ORDER BY due, seq LIMIT 1"
    row = store.db.execute(sql, (now,)).fetchone()
    if row is None:
        return None
    store.db.execute("DELETE FROM agenda WHERE seq = ?", (row["seq"],))
    return Due(row["due"], row["duty"], row["subject"])

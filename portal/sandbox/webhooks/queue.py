"""Which event goes where and when: order, duplicates, losses and delays are decided here.

A delivery is pending (to be sent once due), sending, done, dropped (lost on purpose) or failed (every attempt
used up). Dues are real seconds: waiting for an answer has nothing to do with the shared clock.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import NamedTuple

from portal.sandbox.clock import Clock
from portal.sandbox.store import Document, Store

MODES = ("normal", "shuffle", "duplicate", "drop", "delay", "hold")
MAX_ATTEMPTS = 16
LONGEST_PAUSE = 60.0
DUPLICATES = 0.3


@dataclass(frozen=True)
class Mode:
    """How deliveries behave: `seed` for shuffle, real `seconds` for delay; over after the real instant `until`."""

    name: str = "normal"
    seed: int = 0
    seconds: float = 0.0
    until: float | None = None


class Delivery(NamedTuple):
    """One event on its way to one address."""

    seq: int
    event: str
    url: str
    secret: str
    attempts: int


class Queue:
    """The deliveries of one stand-in, kept in its store; methods run inside `store.turn()`."""

    def __init__(self, store: Store, clock: Clock, retry_base: float) -> None:
        self.store, self.clock, self.retry_base = store, clock, retry_base

    @property
    def mode(self) -> Mode:
        """The way deliveries behave now."""
        mode = Mode(**self.store.setting("webhook_mode", {}))
        return Mode() if mode.until is not None and self.clock.real() >= mode.until else mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self.store.set("webhook_mode", asdict(mode))

    def add(self, event: Document, endpoints: list[Document]) -> None:
        """Queue an event for every address that listens to it, twice for some when shuffling, for all when doubling."""
        mode = self.mode
        for endpoint in endpoints:
            if listens(endpoint, event["type"]):
                self._add(event, endpoint, mode)

    def _add(self, event: Document, endpoint: Document, mode: Mode) -> None:
        state = "dropped" if mode.name == "drop" else "pending"
        due = self.clock.real() + (mode.seconds if mode.name == "delay" else 0.0)
        for place in self._places(mode):
            row = (event["id"], endpoint["id"], endpoint["url"], endpoint["_secret"], due, place, state)
            self.store.db.execute(
                "INSERT INTO deliveries (event, endpoint, url, secret, due, place, state) VALUES (?,?,?,?,?,?,?)",
                row,
            )

    def _places(self, mode: Mode) -> list[float]:
        sql = "SELECT coalesce(max(seq), 0), count(*) FROM deliveries"
        last, count = self.store.db.execute(sql).fetchone()
        if mode.name != "shuffle":
            return [float(last + 1)] * (2 if mode.name == "duplicate" else 1)
        # Seeded by the count of deliveries so far: the same seed and the same history shuffle alike.
        chance = random.Random(f"{mode.seed}:{count}")  # noqa: S311  # nosec B311: no secret hangs on it
        copies = 2 if chance.random() < DUPLICATES else 1
        return [last + 1 + chance.uniform(-8, 8) for _ in range(copies)]

    def claim(self) -> Delivery | None:
        """Take the next delivery that is due; None when there is none, or one is out and order matters."""
        mode = self.mode
        busy = self._count("sending")
        if mode.name == "hold" or (busy and mode.name != "shuffle"):
            return None
        sql = "SELECT * FROM deliveries WHERE state = 'pending' AND due <= ? ORDER BY place, seq LIMIT 1"
        row = self.store.db.execute(sql, (self.clock.real(),)).fetchone()
        if row is None:
            return None
        self.store.db.execute("UPDATE deliveries SET state = 'sending' WHERE seq = ?", (row["seq"],))
        return Delivery(row["seq"], row["event"], row["url"], row["secret"], row["attempts"])

    def record(self, delivery: Delivery, delivered: bool, answer: str) -> None:
        """Note the answer to an attempt and, when it failed, when to try again."""
        attempts = delivery.attempts + 1
        state = "done" if delivered else "failed" if attempts >= MAX_ATTEMPTS else "pending"
        due = self.clock.real() + pause(attempts, self.retry_base)
        sql = "UPDATE deliveries SET state = ?, attempts = ?, answer = ?, due = ? WHERE seq = ?"
        self.store.db.execute(sql, (state, attempts, answer[:200], due, delivery.seq))

    def next_due(self) -> float | None:
        """Real instant of the next attempt."""
        sql = "SELECT min(due) FROM deliveries WHERE state = 'pending'"
        value = self.store.db.execute(sql).fetchone()[0]
        return None if value is None else float(value)

    def waiting(self) -> int:
        """How many deliveries are on their way or will be tried again."""
        return self._count("pending") + self._count("sending")

    def answered(self, event: str) -> bool:
        """Whether every address has answered at least once for an event, or never will be asked."""
        sql = "SELECT count(*) FROM deliveries WHERE event = ? AND attempts = 0 AND state IN ('pending', 'sending')"
        return not self.store.db.execute(sql, (event,)).fetchone()[0]

    def wake(self) -> None:
        """Make every pending delivery due now."""
        now = self.clock.real()
        self.store.db.execute("UPDATE deliveries SET due = ? WHERE state = 'pending' AND due > ?", (now, now))

    def recover(self) -> None:
        """At start: what a killed process was sending may not have arrived, so it is sent again."""
        self.store.db.execute("UPDATE deliveries SET state = 'pending' WHERE state = 'sending'")

    def summary(self) -> dict[str, int]:
        """How many deliveries there are in each state."""
        rows = self.store.db.execute("SELECT state, count(*) AS n FROM deliveries GROUP BY state ORDER BY state")
        return {row["state"]: row["n"] for row in rows}

    def troubles(self) -> list[str]:
        """What the addresses answered to deliveries that are still to be tried again."""
        sql = "SELECT DISTINCT answer FROM deliveries WHERE state = 'pending' AND attempts > 0 LIMIT 5"
        return [row["answer"] for row in self.store.db.execute(sql)]

    def _count(self, state: str) -> int:
        sql = "SELECT count(*) FROM deliveries WHERE state = ?"
        return int(self.store.db.execute(sql, (state,)).fetchone()[0])


def listens(endpoint: Document, event: str) -> bool:
    """Whether an address asked for this type of event."""
    wanted = endpoint["enabled_events"]
    return "*" in wanted or event in wanted


def pause(attempts: int, base: float) -> float:
    """Real seconds before the next attempt: doubling, a minute at most."""
    return min(base * 2.0 ** min(attempts - 1, 12), LONGEST_PAUSE)

"""The stand-in's memory: one SQLite file, objects as JSON rows, one writer at a time.

Every request and every piece of due work runs inside `Store.turn()`, a transaction under one lock, so that
the objects are always consistent. Nothing waits for the network inside a turn.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Condition = tuple[str, str, Any]
"""(path of the field, operator, value), for example ("customer", "=", "cus_…")."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
  created INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_newest ON objects (kind, deleted, created DESC, seq DESC);
CREATE INDEX IF NOT EXISTS objects_customer ON objects (kind, json_extract(data, '$.customer'));
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS agenda (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL, duty TEXT NOT NULL, subject TEXT NOT NULL,
  UNIQUE (subject, duty));
CREATE INDEX IF NOT EXISTS agenda_due ON agenda (due, seq);
CREATE TABLE IF NOT EXISTS replies (
  key TEXT PRIMARY KEY, request TEXT NOT NULL, kept INTEGER NOT NULL, request_id TEXT NOT NULL,
  status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, url TEXT NOT NULL,
  secret TEXT NOT NULL, due REAL NOT NULL, place REAL NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS deliveries_state ON deliveries (state, due);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event);
"""
TABLES = ("objects", "settings", "agenda", "replies", "deliveries")
OPERATORS = {"=", "<", "<=", ">", ">=", "!="}


class Store:
    """Objects by id, lists by kind, and a few settings; thread-safe by its one lock."""

    def __init__(self, path: Path | str) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.executescript(SCHEMA)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One transaction, alone; kept when the block ends well, undone when it raises."""
        with self.lock:
            if self.db.in_transaction:
                yield
                return
            self.db.execute("BEGIN IMMEDIATE")
            writes = self.db.total_changes
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")
            if self.db.total_changes != writes:
                self.changed.notify_all()

    def close(self) -> None:
        """Close the file; nothing may be asked afterwards."""
        with self.lock:
            self.db.close()

    def empty(self, *kept: str) -> None:
        """Forget everything but objects of these kinds."""
        with self.turn():
            for table in TABLES[1:]:
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608  # nosec B608: names from a constant
            self.db.execute(
                "DELETE FROM objects WHERE kind NOT IN (SELECT value FROM json_each(?))", (json.dumps(kept),)
            )

    def insert(self, document: Document) -> None:
        """Keep a new object; its id, object and created fields are read."""
        row = (document["id"], document["object"], document["created"], json.dumps(document))
        self.db.execute("INSERT INTO objects (id, kind, created, data) VALUES (?, ?, ?, ?)", row)

    def put(self, document: Document) -> None:
        """Overwrite an object by its id."""
        self.db.execute("UPDATE objects SET data = ? WHERE id = ?", (json.dumps(document), document["id"]))

    def bury(self, tombstone: Document) -> None:
        """Replace an object by what remains of it once deleted; lists leave it out."""
        row = (json.dumps(tombstone), tombstone["id"])
        self.db.execute("UPDATE objects SET deleted = 1, data = ? WHERE id = ?", row)

    def get(self, identifier: str) -> Document | None:
        """An object by its id, whatever its kind."""
        row = self.db.execute("SELECT data FROM objects WHERE id = ?", (identifier,)).fetchone()
        return json.loads(row["data"]) if row else None

    def place_of(self, identifier: str) -> tuple[int, int] | None:
        """(created, seq): where an object stands in lists."""
        row = self.db.execute("SELECT created, seq FROM objects WHERE id = ?", (identifier,)).fetchone()
        return (row["created"], row["seq"]) if row else None

    def find(
        self,
        kind: str,
        *conditions: Condition,
        oldest_first: bool = False,
        beyond: tuple[int, int] | None = None,
        limit: int = -1,
    ) -> list[Document]:
        """Objects of a kind that meet the conditions, newest first unless asked otherwise.

        `beyond` starts after that place in the chosen order.
        """
        where, values = _where(kind, conditions)
        direction, sign = ("ASC", ">") if oldest_first else ("DESC", "<")
        if beyond is not None:
            where, values = f"{where} AND (created, seq) {sign} (?, ?)", [*values, *beyond]
        order = f"ORDER BY created {direction}, seq {direction} LIMIT ?"
        sql = f"SELECT data FROM objects WHERE {where} {order}"  # noqa: S608  # nosec B608: built from constants
        return [json.loads(row["data"]) for row in self.db.execute(sql, [*values, limit])]

    def counts(self) -> dict[str, int]:
        """How many objects there are of each kind."""
        sql = "SELECT kind, count(*) AS n FROM objects WHERE NOT deleted GROUP BY kind ORDER BY kind"
        return {row["kind"]: row["n"] for row in self.db.execute(sql)}

    def setting(self, name: str, default: Any = None) -> Any:
        """A kept value that is no Stripe object."""
        row = self.db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return json.loads(row["value"]) if row else default

    def set(self, name: str, value: Any) -> None:
        """Keep a value that is no Stripe object; None forgets it."""
        self.db.execute("DELETE FROM settings WHERE name = ?", (name,))
        if value is not None:
            self.db.execute("INSERT INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until `done` holds, asked again after every turn; the lock is free meanwhile."""
        with self.changed:
            return bool(self.changed.wait_for(done, timeout=seconds))


def _where(kind: str, conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    parts, values = ["kind = ?", "deleted = 0"], [kind]
    for path, operator, value in conditions:
        parts.append(_compare(path, operator))
        values.append(value)
    return " AND ".join(parts), values


def _compare(path: str, operator: str) -> str:
    if operator == "in":
        listed = "(SELECT value FROM json_each(?))"
        return f"{_field(path)} IN {listed}"
    if operator not in OPERATORS:
        raise ValueError(f"not an operator: {operator}")
    return f"{_field(path)} {operator} ?"


def _field(path: str) -> str:
    if not path.replace(".", "").replace("_", "").isalnum():
        raise ValueError(f"not a field: {path}")
    return "created" if path == "created" else f"json_extract(data, '$.{path}')"

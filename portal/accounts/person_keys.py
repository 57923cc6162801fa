"""Who is one person, whichever secret their address was hashed with.

A person goes by the hash made when they were first met: readers, ledger and history hold it, and it never changes. When
the ledger's secret is replaced, further hashes of the same address lead to it, so that nothing has to be written again.
The secrets, today's first, are in LEDGER_KEYS; each goes by an id that tells nothing of it.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.accounts.identity import person_key
from portal.accounts.models import PersonKey
from portal.db import AnySession


@dataclass(frozen=True, slots=True)
class Hash:
    """A keyed hash (32 bytes) of an address, and the id of the secret it was made with."""

    key_id: str
    value: bytes


def key_id(secret: str) -> str:
    """Eight signs that name a secret of the ledger."""
    return hmac.digest(secret.encode(), b"trial-ledger-id", hashlib.sha256)[:4].hex()


def key_ids() -> list[str]:
    """The ids of the secrets this server knows, today's first."""
    return [key_id(secret) for secret in _secrets()]


def hashes(address: str) -> list[Hash]:
    """The hashes of an address under every known secret, today's first."""
    return [Hash(key_id(secret), person_key(address, secret)) for secret in _secrets()]


def key_of(session: AnySession, address: str) -> bytes:
    """The key of the person behind an address; a stranger gets one. Their hash under today's secret is noted."""
    made = hashes(address)
    found = known(session, made)
    person = found[0] if found else made[0].value
    note(session, made[0], person)
    return person


def known(session: AnySession, made: Sequence[Hash]) -> list[bytes]:
    """The persons these hashes lead to, the newest secret's first. Several: a secret was missing a while."""
    wanted = [one.value for one in made]
    statement = select(PersonKey.key_hash, PersonKey.person_key).where(PersonKey.key_hash.in_(wanted))
    persons = {row.key_hash: row.person_key for row in session.execute(statement)}
    return list(dict.fromkeys(persons[value] for value in wanted if value in persons))


def note(session: AnySession, made: Hash, person: bytes) -> bool:
    """Remember that this hash leads to this person; False when it is known to lead somewhere already."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"key_hash": made.value, "person_key": person, "key_id": made.key_id, "made_at": clock.now()}
    statement = insert(PersonKey).values(row).on_conflict_do_nothing(index_elements=["key_hash"])
    return session.execute(statement.returning(PersonKey.key_id)).scalar_one_or_none() is not None


def made_with(session: AnySession, person: bytes) -> str:
    """The id of the secret that this person's key was made with."""
    found = session.scalar(select(PersonKey.key_id).where(PersonKey.key_hash == person))
    return found or key_ids()[0]


def _secrets() -> Sequence[str]:
    found: Sequence[str] = current_app.config["LEDGER_KEYS"]
    return found

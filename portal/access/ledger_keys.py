"""The secrets the ledger knows people by: who is known by which, and noting everybody under today's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from portal.access import ledger
from portal.access.models import TrialLedger
from portal.accounts import person_keys
from portal.accounts.models import PersonKey, Reader
from portal.db import AnySession, db, end_reading, writing

_AT_ONCE = 200  # accounts in one unit of work


@dataclass(frozen=True, slots=True)
class Standing:
    """A secret by its id. `alone` counts those found by it and not by today's; the ledger forgets them by `until`."""

    key_id: str
    in_settings: bool
    people: int
    alone: int
    until: datetime | None


def standing(session: AnySession) -> list[Standing]:
    """Today's secret, then every other one that is in the settings or that somebody is known by."""
    known = person_keys.key_ids()
    counts = _counts(session, known[0])
    ids = dict.fromkeys((*known, *sorted(counts)))
    return [Standing(one, one in known, *counts.get(one, (0, 0, None))) for one in ids]


def _counts(session: AnySession, today: str) -> dict[str, tuple[int, int, datetime | None]]:
    current = aliased(PersonKey)
    found = and_(current.person_key == PersonKey.person_key, current.key_id == today)
    lost = select(PersonKey.key_hash).where(~select(current.key_hash).where(found).exists()).subquery()
    until = func.max(TrialLedger.forget_at).label("until")
    last = select(TrialLedger.person_key, until).group_by(TrialLedger.person_key).subquery()
    statement = (
        select(PersonKey.key_id, func.count(), func.count(lost.c.key_hash), func.max(last.c.until))
        .outerjoin(lost, lost.c.key_hash == PersonKey.key_hash)
        .outerjoin(last, and_(last.c.person_key == PersonKey.person_key, lost.c.key_hash.is_not(None)))
        .group_by(PersonKey.key_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(statement)}


def rotate() -> tuple[int, int]:
    """Note every live account under today's secret, some in each unit of work: (accounts, those it was news for)."""
    seen = changed = 0
    for ids in _pages():
        with writing() as unit:
            for reader in unit.scalars(select(Reader).where(Reader.id.in_(ids)).order_by(Reader.id)):
                seen, changed = seen + 1, changed + ledger.rekey(unit, reader)
    return seen, changed


def _pages() -> Iterator[list[int]]:
    last = 0
    while True:
        statement = select(Reader.id).where(Reader.id > last, Reader.erased_at.is_(None)).order_by(Reader.id)
        ids = list(db.session.scalars(statement.limit(_AT_ONCE)))
        end_reading()
        if not ids:
            return
        yield ids
        last = ids[-1]

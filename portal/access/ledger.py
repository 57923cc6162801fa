"""The trial ledger: that a person has tried a vertical, known only by a keyed hash of the address."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.exc import IntegrityError

from portal.access.models import TrialLedger
from portal.accounts import person_keys
from portal.accounts.models import PersonKey, Reader
from portal.db import AnySession, broke

KEPT_FOR = timedelta(days=3 * 365)


class AlreadyTried(Exception):
    """The ledger or a trial grant says that this person has tried this vertical."""


def has_tried(session: AnySession, person_key: bytes, vertical_id: int) -> bool:
    """True when the ledger knows this person for this vertical."""
    statement = select(TrialLedger.id).where(
        TrialLedger.person_key == person_key, TrialLedger.vertical_id == vertical_id
    )
    return session.scalar(statement) is not None


def write(session: AnySession, person_key: bytes, vertical_id: int, at: datetime) -> TrialLedger:
    """Note a trial, in the transaction of its grant. Raises AlreadyTried."""
    row = TrialLedger(
        person_key=person_key,
        key_id=person_keys.made_with(session, person_key),
        vertical_id=vertical_id,
        tried_at=at,
        forget_at=at + KEPT_FOR,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if broke(error, "uq_trial_ledger_person"):
            raise AlreadyTried from error
        raise
    return row


def unknown() -> ColumnElement[bool]:
    """Hashes of people whom neither an account nor the ledger knows any more."""
    account = exists().where(Reader.person_key == PersonKey.person_key)
    tried = exists().where(TrialLedger.person_key == PersonKey.person_key)
    return and_(~account, ~tried)


def forget(session: AnySession, person_key: bytes) -> None:
    """Delete the hashes of a person who has no account any more, unless the ledger has to know them."""
    session.execute(delete(PersonKey).where(PersonKey.person_key == person_key, unknown()))


def rekey(session: AnySession, reader: Reader) -> bool:
    """Note a live account's address under today's secret, and call its secrets by their ids; True when that was news.

    Keys that turn out to be one person's (a former secret was missing for a while) become one, the oldest.
    """
    made = person_keys.hashes(reader.email)
    persons = list(dict.fromkeys((*person_keys.known(session, made), reader.person_key)))
    _unite(session, persons[-1], persons[:-1])
    news = [person_keys.note(session, made[0], persons[-1]), *(_named(session, one) for one in made)]
    return len(persons) > 1 or any(news)


def _named(session: AnySession, made: person_keys.Hash) -> bool:
    """Hashes from before secrets had ids get theirs; True when this was one."""
    found = session.get(PersonKey, made.value)
    if found is None or found.key_id == made.key_id:
        return False
    found.key_id = made.key_id
    for row in session.scalars(select(TrialLedger).where(TrialLedger.person_key == made.value)):
        row.key_id = made.key_id
    return True


def _unite(session: AnySession, person: bytes, others: Iterable[bytes]) -> None:
    """One key for one person. A vertical tried under both keeps both rows: each is forgotten in its time."""
    for other in others:
        for alias in session.scalars(select(PersonKey).where(PersonKey.person_key == other)):
            alias.person_key = person
        for reader in session.scalars(select(Reader).where(Reader.person_key == other)):
            reader.person_key = person
        for row in session.scalars(select(TrialLedger).where(TrialLedger.person_key == other)):
            if not has_tried(session, person, row.vertical_id):
                row.person_key = person
        session.flush()

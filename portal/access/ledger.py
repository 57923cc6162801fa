"""The trial ledger: that a person has tried a vertical, known only by a keyed hash of the address."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.access.models import TrialLedger
from portal.db import AnySession, broke

KEPT_FOR = timedelta(days=3 * 365)
KEY_ID = "1"


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
        person_key=person_key, key_id=KEY_ID, vertical_id=vertical_id, tried_at=at, forget_at=at + KEPT_FOR
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if broke(error, "uq_trial_ledger_person"):
            raise AlreadyTried from error
        raise
    return row

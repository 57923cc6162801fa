"""Giving a trial more days: an act of staff, with a reason.

The (reader, vertical) trial grant is unique, so a trial that has already ended is not started again: its end is moved.
Replay stays true all the same, because history keeps the end that was recorded at each moment: between the first end
and the act, the last snapshot says that the trial was over.
"""

from sqlalchemy import select

from portal import clock
from portal.access import grants
from portal.access.held import GrantError
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.trials import mails
from portal.trials.dates import extended
from portal.trials.models import RequestAnswer, RequestKind
from portal.trials.start import answer_requests

MOST_DAYS = 90


def extend(session: AnySession, grant: Grant, days: int, *, reason: str, actor_id: int | None) -> Grant:
    """Move a trial's end by `days` (1–90) civil days from today or its last day, whichever is later.

    The reader is told by mail; the counter and the reminders follow the new end by themselves.
    Raises GrantError: "unknown" for a right that is no trial, "dates" for days out of bounds, "reason", "revoked".
    """
    if grant.source is not Source.TRIAL:
        raise GrantError("unknown")
    if not 1 <= days <= MOST_DAYS:
        raise GrantError("dates")
    # Two staff extending at once: the second counts from the end the first has set.
    session.refresh(grant, with_for_update=True)
    new_end = extended(grant.ends_at, clock.now(), days)
    grants.move_end(session, grant, new_end, reason=reason, actor_id=actor_id)
    answer_requests(session, grant, RequestKind.EXTENSION, RequestAnswer.EXTENDED, actor_id)
    reader = session.scalars(select(Reader).where(Reader.id == grant.reader_id)).one()
    mails.extended(session, reader, grant)
    return grant

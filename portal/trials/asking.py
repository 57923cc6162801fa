"""What readers ask of a person about trials: one beyond their company's cap, more days for one that has ended.

Of each kind one waits for each reader and vertical; the database holds to it. `answering` is the staff's side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock
from portal.access import facts
from portal.access.decision import decide
from portal.access.vocabulary import ReaderFacts, Reason
from portal.accounts.models import Reader
from portal.db import AnySession, broke
from portal.trials import queries
from portal.trials.models import RequestAnswer, RequestKind, TrialRequest
from portal.verticals import Vertical
from portal.working_days import answer_by

LONGEST = 500


class NotAsked(ValueError):
    """More days cannot be asked for now; the code says why: what hindrance() says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """A reader's newest request of a kind for a vertical."""

    created_at: datetime
    answered_at: datetime | None
    answer: RequestAnswer | None

    @property
    def waiting(self) -> bool:
        """True until a person has answered."""
        return self.answered_at is None

    @property
    def due(self) -> date:
        """The last day on which "within one working day" is kept."""
        return answer_by(self.created_at)


Wishes = Mapping[tuple[RequestKind, str], Asked]


def wishes(session: AnySession, reader_id: int) -> Wishes:
    """{(kind, slug of a vertical): the newest request}, in one statement."""
    found = TrialRequest
    statement = (
        select(found.kind, Vertical.slug, found.created_at, found.answered_at, found.answer)
        .join(Vertical, Vertical.id == found.vertical_id)
        .where(found.reader_id == reader_id)
        .order_by(found.id)
    )
    return {(row.kind, row.slug): Asked(*row[2:]) for row in session.execute(statement)}


def waits_for_cap(wishes: Wishes, slug: str) -> Asked | None:
    """The request for a trial beyond the company's cap that is not answered yet."""
    asked = wishes.get((RequestKind.COMPANY_CAP, slug))
    return asked if asked is not None and asked.waiting else None


def hindrance(known: ReaderFacts, slug: str, wishes: Wishes, at: datetime) -> str:
    """Why more days of this vertical cannot be asked for now; empty when they can.

    not-ended: no trial of it has ended, or something else is to be done first · revoked: staff took it back ·
    waiting: it was asked already · declined: it was answered since that trial ended.
    """
    decision = decide(queries.guarded_article(slug), known, at)
    if decision.reason is not Reason.TRIAL_ENDED:
        return "not-ended"
    trial, asked = decision.grant, wishes.get((RequestKind.EXTENSION, slug))
    if trial is not None and trial.revoked_at is not None:
        return "revoked"
    if asked is None:
        return ""
    if asked.waiting:
        return "waiting"
    since_its_end = trial is None or asked.created_at >= trial.last_instant()
    return "declined" if asked.answer is RequestAnswer.DECLINED and since_its_end else ""


def ask_for_more(session: AnySession, reader: Reader, vertical: Vertical, message: str) -> TrialRequest:
    """Keep the wish for more days of a trial that has ended, with the reader's sentence. Raises NotAsked."""
    now = clock.now()
    known = facts.of_account(session, reader, now)
    if code := hindrance(known, vertical.slug, wishes(session, reader.id), now):
        raise NotAsked(code)
    request = _keep(session, RequestKind.EXTENSION, reader, vertical, message)
    if request is None:
        raise NotAsked("waiting")
    _note(session, "trial.more-asked", request)
    return request


def queue(session: AnySession, reader: Reader, vertical: Vertical, cap: int) -> None:
    """Keep the wish for a trial beyond the company's cap, once."""
    request = _keep(session, RequestKind.COMPANY_CAP, reader, vertical)
    if request is not None:
        _note(session, "trial.queued", request, cap=cap)


def _keep(
    session: AnySession, kind: RequestKind, reader: Reader, vertical: Vertical, message: str = ""
) -> TrialRequest | None:
    """The new row, or None when one waits already, also when two are sent at once."""
    row = TrialRequest(
        kind=kind, reader_id=reader.id, vertical_id=vertical.id, created_at=clock.now(), message=message[:LONGEST]
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if broke(error, "uq_trial_requests_waiting"):
            return None
        raise
    return row


def _note(session: AnySession, act: str, request: TrialRequest, **values: int) -> None:
    about = {"vertical_id": request.vertical_id, "request_id": request.id, **values}
    audit.record(session, act, actor_id=request.reader_id, target=("reader", request.reader_id), values=about)

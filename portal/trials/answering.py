"""Answering what readers asked about trials: yes starts or extends the trial, no says why; both go by mail.

One row, one answer: of two members of staff who answer at once the second is told.
"""

from sqlalchemy import select

from portal import audit, clock
from portal.access import facts, grants
from portal.access.decision import decide
from portal.access.held import GrantError
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.trials import mails, queries
from portal.trials.dates import extended
from portal.trials.extend import MOST_DAYS, extend
from portal.trials.models import RequestAnswer, RequestKind, TrialRequest
from portal.trials.start import TrialRefused, start
from portal.verticals import Vertical


class RequestError(ValueError):
    """The request cannot be answered so; the code says why.

    answered: somebody was quicker · empty: no sentence · dates, reason: see extend · unconfirmed, suspended, tried,
    readable, closed, revoked: what stands in the way of a trial.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def start_asked(session: AnySession, request: TrialRequest, *, actor_id: int) -> None:
    """Start the trial that waited for the company's cap; its own mail tells the exact end. Raises RequestError."""
    held, reader, vertical = _held(session, request, RequestKind.COMPANY_CAP)
    _settle(session, held, RequestAnswer.STARTED, actor_id)
    try:
        answer = start(session, reader, [vertical.slug], clock.now(), above_cap=True)
    except TrialRefused as refusal:
        raise RequestError(refusal.code) from refusal
    if not answer.started:
        raise RequestError("tried" if answer.tried else "readable" if answer.readable else "closed")


def give_more(session: AnySession, request: TrialRequest, days: int, *, reason: str, actor_id: int) -> None:
    """Give the days that were asked for, as `extend` counts them; a mail tells the new end. Raises RequestError."""
    held, reader, vertical = _held(session, request, RequestKind.EXTENSION)
    _settle(session, held, RequestAnswer.EXTENDED, actor_id)
    if _reads(session, reader, vertical):
        raise RequestError("readable")
    own = (Grant.reader_id == reader.id, Grant.vertical_id == vertical.id, Grant.source == Source.TRIAL)
    trial = session.scalar(select(Grant).where(*own))
    try:
        if trial is None:
            grant = _try_again(session, held, days, reason, actor_id)
            mails.extended(session, reader, grant)
        else:
            extend(session, trial, days, reason=reason, actor_id=actor_id)
    except GrantError as error:
        raise RequestError(error.code) from error


def _try_again(session: AnySession, request: TrialRequest, days: int, reason: str, actor_id: int) -> Grant:
    """The ledger knows this person by another account: there is no trial here whose end could be moved."""
    if not 1 <= days <= MOST_DAYS:
        raise GrantError("dates")
    now = clock.now()
    return grants.try_again(
        session,
        reader_id=request.reader_id,
        vertical_id=request.vertical_id,
        ends_at=extended(now, now, days),
        reason=reason,
        actor_id=actor_id,
    )


def decline(session: AnySession, request: TrialRequest, text: str, *, actor_id: int) -> None:
    """Say no, with a sentence that goes to the reader as it stands. Raises RequestError."""
    if not text.strip():
        raise RequestError("empty")
    held, reader, vertical = _held(session, request)
    held.reply = text.strip()
    _settle(session, held, RequestAnswer.DECLINED, actor_id)
    mails.declined(session, reader, vertical, held)


def close(session: AnySession, request: TrialRequest, *, actor_id: int) -> None:
    """Take what has settled itself from the queue: nothing is written to the reader. Raises RequestError."""
    held, _reader, _vertical = _held(session, request)
    _settle(session, held, None, actor_id)


def moot(session: AnySession, request: TrialRequest) -> bool:
    """True when there is nothing left to answer: the reader can read this vertical by now."""
    reader = session.get_one(Reader, request.reader_id)
    return _reads(session, reader, session.get_one(Vertical, request.vertical_id))


def _reads(session: AnySession, reader: Reader, vertical: Vertical) -> bool:
    now = clock.now()
    return decide(queries.guarded_article(vertical.slug), facts.of_account(session, reader, now), now).full


def _held(
    session: AnySession, request: TrialRequest, kind: RequestKind | None = None
) -> tuple[TrialRequest, Reader, Vertical]:
    """The request as it is now, locked, with whom and what it is about. Raises RequestError("answered")."""
    statement = select(TrialRequest).where(TrialRequest.id == request.id).with_for_update()
    held = session.scalars(statement.execution_options(populate_existing=True)).one()
    if held.answered_at is not None or (kind is not None and held.kind is not kind):
        raise RequestError("answered")
    return held, session.get_one(Reader, held.reader_id), session.get_one(Vertical, held.vertical_id)


def _settle(session: AnySession, request: TrialRequest, answer: RequestAnswer | None, actor_id: int) -> None:
    request.answered_at, request.answer, request.answered_by = clock.now(), answer, actor_id
    session.flush()
    act = f"trial.request-{answer.value if answer else 'closed'}"
    about = {"vertical_id": request.vertical_id, "request_id": request.id, "kind": request.kind.value}
    audit.record(session, act, actor_id=actor_id, target=("reader", request.reader_id), values=about)

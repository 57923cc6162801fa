"""Starting a trial: who may, where, and what stands in the way.

`start` never raises for a vertical that cannot be tried; it says so in its answer and starts the rest. It raises only
when the person themselves may not start any.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from sqlalchemy import select

from portal import clock
from portal.access import facts, grants
from portal.access.decision import decide
from portal.access.ledger import AlreadyTried
from portal.access.models import Grant
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.trials import asking, caps, mails, queries
from portal.trials.dates import end_of_trial
from portal.trials.models import RequestAnswer, RequestKind, TrialRequest
from portal.verticals import Vertical


class TrialRefused(Exception):
    """This person may start no trial now; `code` is one of unconfirmed, suspended."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Answer:
    """What became of each vertical asked for: names of verticals under what happened to them."""

    act_id: str
    started: list[Grant] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    readable: list[str] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    @property
    def ends_at(self) -> datetime | None:
        """The common end of what was started."""
        return self.started[0].ends_at if self.started else None


def start(
    session: AnySession, reader: Reader, vertical_slugs: Iterable[str], at: datetime, *, above_cap: bool = False
) -> Answer:
    """Start a trial of each vertical, in one act; one mail tells the exact end. Raises TrialRefused.

    `above_cap` is a person's answer to a request: the company's cap is then not counted.
    """
    if reader.confirmed_at is None:
        raise TrialRefused("unconfirmed")
    if reader.suspended_at is not None:
        raise TrialRefused("suspended")
    answer = Answer(act_id=grants.new_act())
    for vertical in _locked(session, vertical_slugs):
        _start_one(session, reader, vertical, at, answer, above_cap=above_cap)
    if answer.started:
        mails.started(session, reader, answer.act_id, answer.started)
    return answer


def _locked(session: AnySession, slugs: Iterable[str]) -> list[Vertical]:
    """The verticals, locked in one order, so that the cap is counted by one start at a time."""
    statement = select(Vertical).where(Vertical.slug.in_(set(slugs)), Vertical.retired_at.is_(None))
    return list(session.scalars(statement.order_by(Vertical.id).with_for_update()))


def _start_one(
    session: AnySession, reader: Reader, vertical: Vertical, at: datetime, answer: Answer, *, above_cap: bool
) -> None:
    hindrance = _hindrance(session, reader, vertical, at, above_cap=above_cap)
    if hindrance:
        getattr(answer, hindrance).append(vertical.name)
        return
    try:
        grant = grants.start_trial(
            session,
            reader_id=reader.id,
            person_key=reader.person_key,
            vertical_id=vertical.id,
            ends_at=end_of_trial(at),
            act_id=answer.act_id,
        )
    except AlreadyTried:
        answer.tried.append(vertical.name)
    else:
        answer_requests(session, grant, RequestKind.COMPANY_CAP, RequestAnswer.STARTED)
        answer.started.append(grant)
        answer.names.append(vertical.name)


def _hindrance(session: AnySession, reader: Reader, vertical: Vertical, at: datetime, *, above_cap: bool) -> str | None:
    """What stands in the way: the name of the list of Answer it belongs in, or None."""
    known = facts.of_account(session, reader, at)
    if vertical.slug in known.tried:
        return "tried"
    if decide(queries.guarded_article(vertical.slug), known, at).full:
        return "readable"
    if not vertical.trial_open:
        return "closed"
    cap = None if above_cap else _cap_reached(session, reader, vertical, at)
    if cap is not None:
        asking.queue(session, reader, vertical, cap)
        return "queued"
    return None


def _cap_reached(session: AnySession, reader: Reader, vertical: Vertical, at: datetime) -> int | None:
    """The company's cap, when it is reached."""
    if reader.company_key is None or _exempt(reader.company_key):
        return None
    return caps.reached(session, reader.company_key, vertical, at)


def _exempt(company_key: str) -> bool:
    """Addresses that stand for nobody are not one company, outside production."""
    invented = company_key == "example.org" or company_key.endswith(".test")
    return invented and not current_app.extensions["portal.settings"].production


def answer_requests(
    session: AnySession, grant: Grant, kind: RequestKind, answer: RequestAnswer, actor_id: int | None = None
) -> None:
    """Close what waits of this kind: the trial grant answers it, whoever made it."""
    waiting = select(TrialRequest).where(
        TrialRequest.reader_id == grant.reader_id,
        TrialRequest.vertical_id == grant.vertical_id,
        TrialRequest.kind == kind,
        TrialRequest.answered_at.is_(None),
    )
    for request in session.scalars(waiting):
        request.answered_at, request.answer, request.answered_by = clock.now(), answer, actor_id

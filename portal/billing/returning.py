"""Back from Stripe's page, before or after the webhook: the session is read, the right awaited or already there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from portal import clock
from portal.billing import awaiting, sync
from portal.billing.gateway import Gateway
from portal.billing.models import AttemptState, CheckoutAttempt, Plan, Price, plan_verticals
from portal.billing.queries import is_open
from portal.billing.shapes import GatewayUnavailable, ObjectGone, RemoteSession
from portal.db import AnySession, end_reading, writing
from portal.organisations import founding

GOOD_FOR = timedelta(hours=48)
"""An older session tells nobody anything any more."""
REFRESHING = timedelta(minutes=2)


class Stage(StrEnum):
    """How far a payment has come."""

    OPEN = "open"
    WAITING = "waiting"
    UNPAID = "unpaid"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class View:
    """What the return page says. `refresh` is true while it reloads by itself."""

    stage: Stage
    plan: str
    buyer_reads: bool
    return_path: str
    pay_url: str | None
    refresh: bool
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Attempt:
    id: int
    organisation_id: int
    session_id: str
    state: AttemptState
    vertical_ids: tuple[int, ...]
    plan: str
    buyer_reads: bool
    return_path: str
    pay_url: str | None
    starts_at: datetime | None
    returned_at: datetime | None


def look(session: AnySession, gateway: Gateway, reader_id: int, session_id: str) -> View | None:
    """Where this reader's payment stands, synced at once when it was made; None for a session that is not theirs.

    Raises GatewayUnavailable when Stripe does not answer and nothing is known here yet.
    """
    attempt = _find(session, reader_id, session_id)
    if attempt is None:
        return None
    if _arrived(session, attempt):
        return _view(attempt, Stage.OPEN)
    end_reading(session)
    try:
        found = gateway.session(session_id)
    except ObjectGone:
        return None
    return _told(session, gateway, attempt, found)


def remembered(session: AnySession, reader_id: int, session_id: str) -> View | None:
    """What can be said while Stripe does not answer: whether it was paid is not known, unless it was seen before."""
    attempt = _find(session, reader_id, session_id)
    if attempt is None:
        return None
    if _arrived(session, attempt):
        return _view(attempt, Stage.OPEN)
    return _view(attempt, Stage.WAITING if attempt.returned_at else Stage.UNKNOWN, refresh=True)


def _arrived(session: AnySession, attempt: _Attempt) -> bool:
    """True when this very purchase has opened what it is for: a right of before may be about to end."""
    done = attempt.state is AttemptState.COMPLETED
    return done and is_open(session, attempt.organisation_id, attempt.vertical_ids)


def _told(session: AnySession, gateway: Gateway, attempt: _Attempt, found: RemoteSession) -> View:
    if found.status == "open":
        return _view(attempt, Stage.UNPAID)
    if found.status != "complete" or found.subscription_id is None:
        return _view(attempt, Stage.EXPIRED)
    returned = _note_return(session, attempt)
    try:
        sync.subscription(session, gateway, found.subscription_id)
    except GatewayUnavailable:
        return _view(attempt, Stage.WAITING, refresh=True)
    if is_open(session, attempt.organisation_id, attempt.vertical_ids):
        return _view(attempt, Stage.OPEN)
    return _view(attempt, Stage.WAITING, refresh=clock.now() - returned < REFRESHING)


def _find(session: AnySession, reader_id: int, session_id: str) -> _Attempt | None:
    """The attempt behind a session id, when this reader manages its organisation and it is not an old story."""
    if not 0 < len(session_id) <= 120:
        return None
    statement = (
        select(CheckoutAttempt, Plan)
        .join(Price, Price.id == CheckoutAttempt.price_id)
        .join(Plan, Plan.id == Price.plan_id)
        .where(CheckoutAttempt.stripe_session_id == session_id)
    )
    found = session.execute(statement).one_or_none()
    if found is None or not founding.manages(session, reader_id, found[0].organisation_id):
        return None
    if clock.now() - found[0].created_at > GOOD_FOR:
        return None
    return _plain(session, *found)


def _plain(session: AnySession, row: CheckoutAttempt, plan: Plan) -> _Attempt:
    verticals = session.scalars(
        select(plan_verticals.c.vertical_id).where(plan_verticals.c.plan_id == plan.id).order_by("vertical_id")
    )
    return _Attempt(
        id=row.id,
        organisation_id=row.organisation_id,
        session_id=row.stripe_session_id or "",
        state=row.state,
        vertical_ids=tuple(verticals),
        plan=plan.name,
        buyer_reads=row.buyer_reads,
        return_path=row.return_path,
        pay_url=row.stripe_session_url,
        starts_at=row.starts_at,
        returned_at=row.returned_at,
    )


def _note_return(session: AnySession, attempt: _Attempt) -> datetime:
    """Remember that the payment came back: until it is confirmed nobody is sold the same thing again."""
    if attempt.returned_at is not None:
        return attempt.returned_at
    with writing(session):
        row = session.get_one(CheckoutAttempt, attempt.id)
        row.returned_at = row.returned_at or clock.now()
        if row.state is not AttemptState.COMPLETED:
            awaiting.expect(session, attempt.organisation_id, attempt.session_id, attempt.vertical_ids)
        return row.returned_at


def _view(attempt: _Attempt, stage: Stage, *, refresh: bool = False) -> View:
    return View(
        stage=stage,
        plan=attempt.plan,
        buyer_reads=attempt.buyer_reads,
        return_path=attempt.return_path,
        pay_url=attempt.pay_url if stage is Stage.UNPAID else None,
        refresh=refresh,
        starts_at=attempt.starts_at,
    )

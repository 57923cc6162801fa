"""Colleagues who take the place of others: how many an organisation may replace by itself within thirty days.

A licence is a person's, not a chair that a different one sits on every day. Whoever is taken off a licence is
replaced when somebody new fills that place; only then is it counted. What was never given, or is the same person
coming back, is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.db import AnySession
from portal.organisations.models import Organisation, Seat
from portal.organisations.models_team import Answer, ReplacementRequest

WINDOW = timedelta(days=30)
FEWEST, SHARE = 3, 4
REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Replacements within the last thirty days; `next_at` is when one more is free again, if all are used."""

    allowed: int
    used: int
    next_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many may be made now."""
        return max(0, self.allowed - self.used)


def free_of(seats: int) -> int:
    """What an organisation of so many licences may do by itself: a quarter of them, three at least."""
    return max(FEWEST, seats // SHARE)


def allowance(session: AnySession, organisation: Organisation) -> Allowance:
    """What may be replaced now: what is free, and what staff have agreed to beyond it."""
    since = clock.now() - WINDOW
    agreed = select(func.count()).where(
        ReplacementRequest.organisation_id == organisation.id,
        ReplacementRequest.answer == Answer.APPROVED,
        ReplacementRequest.answered_at > since,
    )
    done = _made(session, organisation.id, since)
    allowed = free_of(organisation.seats) + (session.scalar(agreed) or 0)
    next_at = done[len(done) - allowed] + WINDOW if len(done) >= allowed else None
    return Allowance(allowed, len(done), next_at)


def _made(session: AnySession, organisation_id: int, since: datetime) -> Sequence[datetime]:
    """When each replacement within the window was made, the oldest first."""
    before = aliased(Seat)
    statement = (
        select(Seat.opened_at)
        .join(before, before.id == Seat.replaces_id)
        .where(Seat.organisation_id == organisation_id, Seat.opened_at > since, Seat.reader_id != before.reader_id)
    )
    return session.scalars(statement.order_by(Seat.opened_at)).all()


def vacated(session: AnySession, organisation_id: int) -> Sequence[Seat]:
    """Seats somebody was taken off within thirty days, whose place nobody fills yet; the oldest first."""
    filled = select(Seat.replaces_id).where(Seat.organisation_id == organisation_id, Seat.replaces_id.is_not(None))
    statement = select(Seat).where(
        Seat.organisation_id == organisation_id,
        Seat.close_cause == REMOVED,
        Seat.closed_at > clock.now() - WINDOW,
        Seat.id.not_in(filled),
    )
    return session.scalars(statement.order_by(Seat.closed_at, Seat.id)).all()


def place_for(session: AnySession, organisation: Organisation, free: int, reader_id: int) -> tuple[Seat | None, bool]:
    """(whose place a new seat would fill, whether that is allowed); (None, True) where a licence was free anyway."""
    places = vacated(session, organisation.id)
    own = next((seat for seat in places if seat.reader_id == reader_id), None)
    if own is not None:
        return own, True
    if free > len(places) or not places:
        return None, True
    return places[0], allowance(session, organisation).left > 0


def held(session: AnySession, organisation: Organisation) -> Allowance | None:
    """The allowance, where licences are free and none may be given: all are places of people who were taken off."""
    taken = select(func.count()).where(Seat.organisation_id == organisation.id, Seat.closed_at.is_(None))
    free = organisation.seats - (session.scalar(taken) or 0)
    if free <= 0 or free > len(vacated(session, organisation.id)):
        return None
    found = allowance(session, organisation)
    return found if found.left == 0 else None

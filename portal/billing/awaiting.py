"""Between "paid" and "open": rights that are awaited, and the attempt that brought them."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.access.models import AwaitedRight
from portal.billing.models import AttemptState, CheckoutAttempt
from portal.db import AnySession
from portal.organisations import seats

PATIENCE = timedelta(hours=24)


def expect(session: AnySession, organisation_id: int, reference: str, vertical_ids: Iterable[int]) -> None:
    """Note that a payment came back for these verticals, once per reference: nobody sells them meanwhile."""
    now = clock.now()
    statement = select(AwaitedRight.vertical_id).where(AwaitedRight.reference == reference)
    known = set(session.scalars(statement))
    for vertical_id in sorted(set(vertical_ids) - known):
        session.add(
            AwaitedRight(
                organisation_id=organisation_id,
                vertical_id=vertical_id,
                reference=reference,
                since=now,
                until=now + PATIENCE,
            )
        )
    session.flush()


def settle(session: AnySession, organisation_id: int, vertical_ids: Iterable[int]) -> None:
    """What was awaited is there."""
    statement = select(AwaitedRight).where(
        AwaitedRight.organisation_id == organisation_id,
        AwaitedRight.vertical_id.in_(list(vertical_ids)),
        AwaitedRight.settled_at.is_(None),
    )
    for awaited in session.scalars(statement):
        awaited.settled_at = clock.now()
    session.flush()


def complete(session: AnySession, organisation_id: int, attempt_id: str | None) -> None:
    """The attempt named by the subscription's metadata is done: its buyer sits down if that was the wish.

    Done once: a seat that a manager closes later is not opened again by the next sync.
    """
    attempt = _attempt(session, organisation_id, attempt_id)
    if attempt is None or attempt.state is AttemptState.COMPLETED:
        return
    attempt.state = AttemptState.COMPLETED
    session.flush()
    if attempt.buyer_reads:
        try:
            seats.open_seat(session, organisation_id, attempt.reader_id, actor_id=attempt.reader_id)
        except seats.NoSeatLeft:
            return


def _attempt(session: AnySession, organisation_id: int, attempt_id: str | None) -> CheckoutAttempt | None:
    if not attempt_id or not attempt_id.isdecimal() or len(attempt_id) > 9:
        return None
    attempt = session.get(CheckoutAttempt, int(attempt_id))
    return attempt if attempt is not None and attempt.organisation_id == organisation_id else None

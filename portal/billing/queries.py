"""What the offers, billing and return pages show: read from the mirror only, never from Stripe."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.access.models import AwaitedRight, Grant
from portal.access.vocabulary import EndCause, Source
from portal.billing.mails import lines_of, period_price, plan_names
from portal.billing.mirror import LIVE
from portal.billing.models import Invoice, Plan, Price, Subscription, SubscriptionItem
from portal.billing.reductions import Reduction, known
from portal.billing.rights import KNOWN
from portal.db import AnySession
from portal.organisations.models import Organisation


class State(StrEnum):
    """What the first sentence of the billing page says."""

    NONE = "none"
    TRIAL = "trial"
    PENDING = "pending"
    ACTIVE = "active"
    TRIALING = "trialing"
    ENDING = "ending"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    INCOMPLETE = "incomplete"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription as its page tells it; cents before tax for the next period, and for one without reductions."""

    state: State
    subscription: Subscription | None = None
    plan: str = ""
    interval: str = ""
    net: int = 0
    full: int = 0
    open_until: datetime | None = None
    disputed: bool = False
    trial_until: datetime | None = None

    @property
    def reductions(self) -> list[Reduction]:
        """What is taken off the next payment."""
        row = self.subscription
        found = [known(one) for one in row.reductions] if row else []
        return [one for one in found if row and (one.until is None or not row.renews_at or row.renews_at < one.until)]

    @property
    def trial_last_day(self) -> date | None:
        """The last civil day of the trial, included: it ends at the midnight after."""
        return clock.paris_date(self.trial_until - timedelta(seconds=1)) if self.trial_until else None


def standing(session: AnySession, reader_id: int, organisation: Organisation | None) -> Standing:
    """Where this reader stands: the live subscription first, then what is awaited, an ended one, a trial, nothing."""
    row = _current(session, organisation.id) if organisation else None
    if row is not None and row.status in LIVE:
        return _of(session, row, _live_state(row))
    if organisation and _awaited(session, organisation.id):
        return Standing(State.PENDING)
    if row is not None:
        return _of(session, row, _ended_state(row))
    until = _trial_until(session, reader_id)
    return Standing(State.TRIAL, trial_until=until) if until else Standing(State.NONE)


def _current(session: AnySession, organisation_id: int) -> Subscription | None:
    """The live subscription, else the last one; a first payment that ran out of time leaves nothing to tell."""
    statement = (
        select(Subscription)
        .where(Subscription.organisation_id == organisation_id)
        .where(Subscription.status != "incomplete_expired")
        .options(selectinload(Subscription.items))
        .order_by(Subscription.started_at.desc(), Subscription.id.desc())
    )
    found = session.scalars(statement).all()
    live = [row for row in found if row.status in LIVE]
    return next(iter([*live, *found]), None)


def _live_state(row: Subscription) -> State:
    if row.status in ("active", "trialing") and row.ending_at:
        return State.ENDING
    return State(row.status)


def _ended_state(row: Subscription) -> State:
    if row.status == "incomplete":
        return State.INCOMPLETE
    return State.CANCELED if row.status in KNOWN else State.UNKNOWN


def _of(session: AnySession, row: Subscription, state: State) -> Standing:
    net, interval = period_price(session, row)
    lines, _interval = lines_of(session, row.id)
    grants = _grants(session, row)
    return Standing(
        state,
        row,
        plan=plan_names(session, row.id),
        interval=interval,
        net=net,
        full=sum(amount for _product, amount in lines),
        open_until=_open_until(grants),
        disputed=any(grant.end_cause is EndCause.DISPUTED for grant in grants),
    )


def _grants(session: AnySession, row: Subscription) -> Sequence[Grant]:
    statement = select(Grant).where(Grant.reference == row.stripe_id, Grant.source == Source.SUBSCRIPTION)
    return session.scalars(statement).all()


def _open_until(grants: Sequence[Grant]) -> datetime | None:
    """Until when a subscription's rights are open, grace included."""
    ends = [grant.revoked_at or grant.grace_until or grant.ends_at for grant in grants]
    return max(ends, default=None)


def _awaited(session: AnySession, organisation_id: int) -> bool:
    now = clock.now()
    statement = select(AwaitedRight.id).where(
        AwaitedRight.organisation_id == organisation_id, AwaitedRight.settled_at.is_(None), AwaitedRight.until > now
    )
    return session.scalar(statement.limit(1)) is not None


def _trial_until(session: AnySession, reader_id: int) -> datetime | None:
    now = clock.now()
    statement = select(Grant.ends_at).where(
        Grant.reader_id == reader_id,
        Grant.source == Source.TRIAL,
        Grant.revoked_at.is_(None),
        Grant.ends_at > now,
    )
    return max(session.scalars(statement), default=None)


def invoices(session: AnySession, organisation_id: int) -> Sequence[Invoice]:
    """Every invoice that has a number, newest first."""
    statement = select(Invoice).where(Invoice.organisation_id == organisation_id, Invoice.status != "draft")
    return session.scalars(statement.order_by(Invoice.created_at.desc(), Invoice.id.desc()).limit(200)).all()


def plans_of(session: AnySession, organisation_id: int) -> set[str]:
    """Slugs of the plans an organisation pays for now."""
    statement = (
        select(Plan.slug)
        .join(Price, Price.plan_id == Plan.id)
        .join(SubscriptionItem, SubscriptionItem.price_id == Price.id)
        .join(Subscription, Subscription.id == SubscriptionItem.subscription_id)
        .where(Subscription.organisation_id == organisation_id, Subscription.status.in_(LIVE))
    )
    return set(session.scalars(statement))


def is_open(session: AnySession, organisation_id: int, vertical_ids: Sequence[int]) -> bool:
    """True when the organisation holds a live subscription right on each of these verticals.

    One that begins in a moment counts: Stripe's clock may be a little ahead of ours.
    """
    now = clock.now()
    statement = select(Grant).where(
        Grant.organisation_id == organisation_id,
        Grant.source == Source.SUBSCRIPTION,
        Grant.vertical_id.in_(list(vertical_ids)),
        Grant.revoked_at.is_(None),
    )
    live = {one.vertical_id for one in session.scalars(statement) if now < (one.grace_until or one.ends_at)}
    return bool(vertical_ids) and live.issuperset(vertical_ids)

"""Healing: page through Stripe's state, compare, repair by the same sync, and keep a record of what had drifted."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from portal import clock
from portal.audit import AuditEvent
from portal.billing import alarm, customers, inbox, mirror, sync
from portal.billing.gateway import Gateway, current
from portal.billing.models import Customer, ReconcileRun, StripeEvent, Subscription
from portal.billing.shapes import RemoteEvent, RemoteSubscription
from portal.db import AnySession, db, end_reading, writing
from portal.organisations import following

EVERY = timedelta(minutes=15)
LOOK_BACK = timedelta(days=29)
"""Stripe keeps events for thirty days."""
OVERLAP = timedelta(hours=1)
"""Events are listed again from a little before the last one seen: two of one second may be told apart late."""
ON_THE_WAY = timedelta(minutes=1)
"""A younger event may simply still be arriving."""


@dataclass(slots=True)
class Findings:
    """What one pass saw. A drift is {"what", "id", …} in JSON values."""

    subscriptions_seen: int = 0
    events_seen: int = 0
    last_event_at: datetime | None = None
    drifts: list[dict[str, str]] = field(default_factory=list)
    to_sync: dict[str, None] = field(default_factory=dict)
    missed: list[RemoteEvent] = field(default_factory=list)
    to_tell: list[int] = field(default_factory=list)


def run(session: AnySession, gateway: Gateway, *, since: datetime | None = None, dry_run: bool = False) -> Findings:
    """One pass; nothing is changed in a dry run. Raises GatewayError, and what was repaired by then stays repaired."""
    customers.warn_of_other_mode(session, gateway.livemode)
    started = clock.now()
    findings = Findings()
    _look_at_subscriptions(session, gateway, findings)
    _look_at_events(session, gateway, findings, since or _last_seen(session))
    _look_at_addresses(session, findings, started)
    if not dry_run:
        _repair(session, gateway, findings)
        _record(session, findings, started)
    return findings


def periodic() -> int:
    """The worker's pass, when the last one began a quarter of an hour ago or more; returns how many drifts there were.

    A last pass that lies in the future was made before the shared clock went back.
    """
    session, gateway = db.session, current()
    last = session.scalar(select(ReconcileRun.started_at).order_by(ReconcileRun.id.desc()).limit(1))
    now = clock.now()
    end_reading(session)
    if last is not None and now - EVERY < last <= now:
        return 0
    inbox.process_due(limit=500)
    return len(run(session, gateway).drifts)


def _look_at_subscriptions(session: AnySession, gateway: Gateway, findings: Findings) -> None:
    ours = set(session.scalars(select(Customer.stripe_id).where(Customer.livemode == gateway.livemode)))
    rows = session.scalars(select(Subscription))
    known = {row.stripe_id: {name: getattr(row, name) for name in _NAMES} for row in rows}
    end_reading(session)
    for remote in gateway.subscriptions():
        if remote.customer_id in ours:
            findings.subscriptions_seen += 1
            _compare(remote, known.get(remote.id), findings)


_NAMES = ("status", "quantity", "renews_at", "ending_at", "ended_at")


def _compare(remote: RemoteSubscription, known: dict[str, object] | None, findings: Findings) -> None:
    wanted = mirror.fingerprint(remote)
    if known == wanted:
        return
    names = [name for name in _NAMES if known is None or known[name] != wanted[name]]
    what = "subscription unknown here" if known is None else "subscription differs"
    findings.drifts.append({"what": what, "id": remote.id, "fields": ", ".join(names)})
    findings.to_sync[remote.id] = None


def _look_at_events(session: AnySession, gateway: Gateway, findings: Findings, since: datetime) -> None:
    """Events that never arrived; those about things that are not ours are stored too, and closed by the inbox."""
    known = set(session.scalars(select(StripeEvent.id).where(StripeEvent.created_at >= since - OVERLAP)))
    end_reading(session)
    for event in gateway.events_since(since):
        findings.events_seen += 1
        findings.last_event_at = max(findings.last_event_at or event.created, event.created)
        young = clock.now() - event.created < ON_THE_WAY
        if event.id not in known and not young and event.type.startswith(inbox.RELEVANT):
            findings.missed.append(event)
    findings.drifts += [{"what": "event never arrived", "id": one.id, "type": one.type} for one in findings.missed]


def _look_at_addresses(session: AnySession, findings: Findings, now: datetime) -> None:
    """Organisations whose mail goes elsewhere since the last pass: Stripe is to know, and no request waits for that."""
    last = session.scalar(select(ReconcileRun.started_at).order_by(ReconcileRun.id.desc()).limit(1))
    since = min(last or now - LOOK_BACK, now) - ON_THE_WAY
    followed = (AuditEvent.act == following.ACT, AuditEvent.at >= since)
    findings.to_tell = list(session.scalars(select(AuditEvent.target_id).where(*followed).distinct()))
    end_reading(session)


def _last_seen(session: AnySession) -> datetime:
    """Where the last pass stopped, a little earlier; Stripe keeps no event longer than a month."""
    statement = select(ReconcileRun.last_event_at).where(ReconcileRun.last_event_at.is_not(None))
    last = session.scalar(statement.order_by(ReconcileRun.id.desc()).limit(1))
    oldest = clock.now() - LOOK_BACK
    end_reading(session)
    return max(last - OVERLAP, oldest) if last else oldest


def _repair(session: AnySession, gateway: Gateway, findings: Findings) -> None:
    for subscription_id in findings.to_sync:
        sync.subscription(session, gateway, subscription_id)
    if findings.missed:
        with writing(session):
            for event in findings.missed:
                inbox.store(session, event)
        inbox.work(session, gateway, limit=500)
    for organisation_id in findings.to_tell:
        customers.tell(session, gateway, organisation_id)


def _record(session: AnySession, findings: Findings, started: datetime) -> None:
    with writing(session):
        alarm.of_drifts(session, findings.drifts)
        session.add(
            ReconcileRun(
                started_at=started,
                finished_at=clock.now(),
                subscriptions_seen=findings.subscriptions_seen,
                events_seen=findings.events_seen,
                drifts=list(findings.drifts),
                last_event_at=findings.last_event_at or _previous(session),
            )
        )


def _previous(session: AnySession) -> datetime | None:
    statement = select(ReconcileRun.last_event_at).order_by(ReconcileRun.id.desc()).limit(1)
    return session.scalar(statement)


def lag(session: AnySession) -> timedelta | None:
    """How long the oldest pending webhook has waited; None when nothing waits."""
    oldest = session.scalar(
        select(StripeEvent.received_at).where(StripeEvent.done_at.is_(None)).order_by(StripeEvent.received_at).limit(1)
    )
    return clock.now() - oldest if oldest else None

"""The back office's page for Stripe: is all of its state here, what drifted, which webhooks wait, what to look at."""

import re
from datetime import timedelta
from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import func, select

from portal import audit, clock
from portal.access.asking import forget_facts
from portal.admin import received
from portal.admin.pages import bp, found
from portal.audit import AuditEvent
from portal.billing import alarm, disputing, inbox, reconcile, sync
from portal.billing.gateway import current
from portal.billing.models import ReconcileRun, StripeEvent, Subscription
from portal.billing.models_disputes import Dispute
from portal.billing.models_leaving import Cancellation, Withdrawal
from portal.billing.shapes import GatewayError
from portal.db import db, end_reading, writing
from portal.i18n import gettext, lazy_gettext
from portal.organisations.models import Organisation
from portal.roles import Permission
from portal.web import allow, own_path, private, see_other, staff

_SEE, _ACT = staff(Permission.SEE_BILLING), staff(Permission.REPAIR_BILLING)
SHOWN = 25
_AN_ID = re.compile(r"[A-Za-z0-9_]{1,80}")
LATE = timedelta(minutes=40)
"""Reconciling keeps a quarter of an hour; after this long without a pass something is wrong."""
_OUTCOMES = {
    sync.Outcome.WRITTEN: lazy_gettext("Read again from Stripe: what stands here is what stands there."),
    sync.Outcome.SKIPPED: lazy_gettext("Somebody else read it at the same moment: what stands here is up to date."),
    sync.Outcome.FOREIGN: lazy_gettext("Its customer at Stripe is not ours: nothing was changed."),
    sync.Outcome.GONE: lazy_gettext("Stripe does not know this subscription: nothing was changed."),
}


@bp.get("/admin/billing")
@allow(_SEE)
@private
def billing_desk() -> str:
    """Health, drift, webhooks, alerts."""
    run = db.session.scalars(select(ReconcileRun).order_by(ReconcileRun.id.desc()).limit(1)).one_or_none()
    now = clock.now()
    return render_template(
        "admin/billing.html",
        run=run,
        late=run is None or now - run.started_at > LATE,
        lag=reconcile.lag(db.session),
        waiting=_count(StripeEvent.done_at.is_(None)),
        failing=inbox.failing(db.session),
        leaving=_count(Cancellation.done_at.is_(None), Cancellation.withdrawn_at.is_(None)),
        refunds=_count(Withdrawal.done_at.is_(None)),
        drifts=_drifts(),
        events=_events(),
        awaited=received.awaited(db.session),
        now=now,
        alerts=_alerts(),
        words=alarm.words,
    )


def _count(*conditions: Any) -> int:
    return db.session.scalar(select(func.count()).where(*conditions)) or 0


def _drifts() -> list[tuple[ReconcileRun, dict[str, str]]]:
    """What the last passes found and repaired, newest first."""
    runs = db.session.scalars(select(ReconcileRun).order_by(ReconcileRun.id.desc()).limit(200))
    return [(run, drift) for run in runs for drift in run.drifts][:SHOWN]


def _events() -> list[StripeEvent]:
    """Webhooks that wait, the longest first; then the last ones done."""
    waits = select(StripeEvent).where(StripeEvent.done_at.is_(None)).order_by(StripeEvent.received_at, StripeEvent.id)
    done = select(StripeEvent).where(StripeEvent.done_at.is_not(None)).order_by(StripeEvent.received_at.desc())
    waiting = list(db.session.scalars(waits.limit(SHOWN)))
    return waiting + list(db.session.scalars(done.order_by(StripeEvent.id).limit(SHOWN - len(waiting))))


def _alerts() -> list[tuple[AuditEvent, str]]:
    """Alerts with the name of their organisation, newest first."""
    statement = (
        select(AuditEvent, Organisation.name)
        .join(Organisation, Organisation.id == AuditEvent.target_id)
        .where(AuditEvent.act == "billing.alert", AuditEvent.target_kind == "organisation")
        .order_by(AuditEvent.id.desc())
        .limit(SHOWN)
    )
    return [(event, name) for event, name in db.session.execute(statement)]


@bp.post("/admin/billing/events/<event_id>/replay")
@allow(_ACT)
@private
def replay_event(event_id: str) -> Any:
    """Put a webhook back: the worker reads Stripe's state again, as it would for a new one."""
    with writing() as unit:
        if not _AN_ID.fullmatch(event_id) or not inbox.put_back(unit, event_id):
            abort(404)
        values = {"event": event_id}
        audit.record(unit, "billing.event-replayed", actor_id=current_user.id, values=values)
    flash(gettext("Put back: the worker takes it within seconds."), "success")
    return see_other(url_for("admin.billing_desk") + "#events")


@bp.post("/admin/billing/disputes/<int:dispute_id>/release")
@allow(_ACT)
@private
def release_dispute(dispute_id: int) -> Any:
    """Open again what a disputed payment closes, whatever the bank says; the state is read at once."""
    dispute = found(Dispute, dispute_id)
    row = found(Subscription, dispute.subscription_id)
    known, back = row.stripe_id, url_for("admin.organisation", organisation_id=row.organisation_id)
    with writing() as unit:
        disputing.release(unit, unit.get_one(Dispute, dispute_id), actor_id=current_user.id)
    try:
        sync.subscription(db.session, current(), known)
    except GatewayError:
        flash(gettext("It is noted. Stripe does not answer now: access opens as soon as it does."), "warn")
    else:
        flash(gettext("What the dispute had closed is open again."), "success")
    forget_facts()
    return see_other(back)


@bp.post("/admin/billing/subscriptions/<int:subscription_id>/sync")
@allow(_ACT)
@private
def resync(subscription_id: int) -> Any:
    """Read one subscription's state from Stripe now, as a webhook would have it read."""
    row = found(Subscription, subscription_id)
    known, target = row.stripe_id, ("organisation", row.organisation_id)
    back = own_path(request.form.get("back"), url_for("admin.organisation", organisation_id=row.organisation_id))
    end_reading()
    try:
        outcome = sync.subscription(db.session, current(), known)
    except GatewayError:
        flash(gettext("Stripe does not answer, or refused. Nothing was changed: try again in a moment."), "warn")
        return see_other(back)
    with writing() as unit:
        values = {"subscription": known, "outcome": outcome.value}
        audit.record(unit, "billing.resynced", actor_id=current_user.id, target=target, values=values)
    forget_facts()
    flash(str(_OUTCOMES[outcome]), "success" if outcome is sync.Outcome.WRITTEN else "info")
    return see_other(back)

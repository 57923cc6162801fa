"""Leaving on our own pages: what ends and when, one button, then the date and the way back."""

from datetime import datetime
from typing import Any

from flask import flash, render_template, url_for
from flask_login import current_user

from portal.access.asking import forget_facts
from portal.billing import cancelling, leaving, queries
from portal.billing.forms_leaving import CancelForm
from portal.billing.gateway import current
from portal.billing.mirror import LIVE
from portal.billing.models import Subscription
from portal.billing.queries import Standing
from portal.billing.shapes import GatewayError
from portal.billing.views import bp
from portal.db import db, writing
from portal.i18n import gettext
from portal.organisations import founding
from portal.organisations.models import Organisation
from portal.web import READER, allow, private, see_other

SHOWN = 12


@bp.get("/billing/cancel")
@allow(READER)
@private
def cancel() -> Any:
    """What ends, when, and for whom; nothing is cancelled here yet."""
    organisation, standing = _mine()
    row = _live(standing)
    if organisation is None or row is None:
        return _nothing()
    if row.ending_at is not None or leaving.waiting_since(db.session, row.id):
        return see_other(url_for("billing.cancel_done"))
    losing = leaving.who_loses(db.session, organisation.id)
    return render_template(
        "billing/cancel.html",
        form=CancelForm(),
        standing=standing,
        row=row,
        ends_at=_end(row, standing),
        owed=_owed(organisation.id),
        losing=losing[:SHOWN],
        more=max(0, len(losing) - SHOWN),
    )


@bp.post("/billing/cancel")
@allow(READER)
@private
def cancel_now() -> Any:
    """Write it down, tell Stripe, say until when one reads. Stripe silent: it is kept, and passed on later."""
    _organisation, standing = _mine()
    row = _live(standing)
    if row is None:
        return _nothing()
    try:
        with writing() as unit:
            asked = cancelling.ask(unit, row.id, reader_id=current_user.id, reason=CancelForm().said)
    except cancelling.NothingToCancel:
        return see_other(url_for("billing.cancel_done"))
    cancelling.carry_out(db.session, current(), asked.id)
    forget_facts()
    return see_other(url_for("billing.cancel_done"))


@bp.get("/billing/cancel/done")
@allow(READER)
@private
def cancel_done() -> Any:
    """Done: the date, and the way back."""
    _organisation, standing = _mine()
    row = standing.subscription
    waiting = leaving.waiting_since(db.session, row.id) if row else None
    if row is None or (row.ending_at is None and row.ended_at is None and waiting is None):
        return see_other(url_for("billing.home"))
    asked_at = leaving.asked_at(db.session, row.id)
    return render_template(
        "billing/cancel_done.html",
        standing=standing,
        ends_at=row.ended_at or row.ending_at,
        asked_at=asked_at,
        waiting=waiting is not None,
        live=row.status in LIVE,
    )


@bp.post("/billing/resume")
@allow(READER)
@private
def resume() -> Any:
    """Take the end back, at no cost."""
    _organisation, standing = _mine()
    row = _live(standing)
    if row is None:
        return _nothing()
    known_id = row.id
    try:
        cancelling.resume(db.session, current(), known_id, current_user.id)
    except GatewayError:
        flash(gettext("The payment service does not answer. Nothing was changed: try again in a moment."), "warn")
    else:
        flash(gettext("Your subscription goes on as before. Nothing was charged."), "success")
    forget_facts()
    return see_other(url_for("billing.home"))


def _mine() -> tuple[Organisation | None, Standing]:
    organisation = founding.managed_by(db.session, current_user.id)
    return organisation, queries.standing(db.session, current_user.id, organisation)


def _live(standing: Standing) -> Subscription | None:
    row = standing.subscription
    return row if row is not None and row.status in LIVE else None


def _nothing() -> Any:
    flash(gettext("You have no subscription to cancel."), "info")
    return see_other(url_for("billing.home"))


def _end(row: Subscription, standing: Standing) -> datetime | None:
    """When the contract ends; one that waits for its trial's end has that as its period."""
    periods = [item.period_end for item in row.items]
    return max(periods, default=row.renews_at or standing.open_until)


def _owed(organisation_id: int) -> Any:
    """The oldest invoice that is still to be paid."""
    rows = queries.invoices(db.session, organisation_id)
    return next((one for one in reversed(rows) if one.status == "open" and one.amount_due > 0), None)

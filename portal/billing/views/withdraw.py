"""« Renoncer au contrat ici »: what comes back and what closes, one button, then the dated acknowledgement."""

from typing import Any

from flask import flash, render_template, url_for
from flask_login import current_user

from portal.access.asking import forget_facts
from portal.billing import leaving, queries, withdrawing
from portal.billing.forms_leaving import WithdrawForm
from portal.billing.gateway import current
from portal.billing.mails import plan_names
from portal.billing.views import bp
from portal.db import db, writing
from portal.i18n import gettext
from portal.organisations import founding
from portal.organisations.models import Organisation, OrganisationKind
from portal.web import READER, allow, private, see_other


@bp.get("/billing/withdraw")
@allow(READER)
@private
def withdraw() -> Any:
    """What withdrawing gives back; nothing happens here yet."""
    organisation = _mine()
    offer = withdrawing.offer(db.session, organisation.id, current_user.id) if organisation else None
    if organisation is None or offer is None:
        return _nothing()
    return render_template(
        "billing/withdraw.html",
        form=WithdrawForm(),
        offer=offer,
        plan=plan_names(db.session, offer.subscription.id),
        organisation=organisation,
        kind=organisation.kind.value,
        losing=leaving.who_loses(db.session, organisation.id),
        sent_to=organisation.billing_email or current_user.email,
    )


@bp.post("/billing/withdraw")
@allow(READER)
@private
def withdraw_now() -> Any:
    """Write it down, then end and refund; what Stripe does not do now, the worker does later."""
    organisation = _mine()
    if organisation is None:
        return _nothing()
    by_law = organisation.kind is OrganisationKind.INDIVIDUAL
    by_law = by_law or (organisation.kind is OrganisationKind.COMPANY and bool(WithdrawForm().small.data))
    known_id = organisation.id
    try:
        with writing() as unit:
            asked = withdrawing.ask(unit, known_id, current_user.id, by_law=by_law)
    except withdrawing.NothingToWithdraw:
        return _nothing()
    if asked.done_at is None:
        withdrawing.carry_out(db.session, current(), asked.id)
    forget_facts()
    return see_other(url_for("billing.withdraw_done"))


@bp.get("/billing/withdraw/done")
@allow(READER)
@private
def withdraw_done() -> Any:
    """Done: what comes back, and the date that counts."""
    organisation = _mine()
    row = queries.standing(db.session, current_user.id, organisation).subscription
    withdrawal = leaving.withdrawal_of(db.session, row.id) if row else None
    if row is None or withdrawal is None:
        return see_other(url_for("billing.home"))
    return render_template("billing/withdraw_done.html", withdrawal=withdrawal, plan=plan_names(db.session, row.id))


def _mine() -> Organisation | None:
    return founding.managed_by(db.session, current_user.id)


def _nothing() -> Any:
    flash(gettext("There is no first order to withdraw from any more. You may cancel at any time."), "info")
    return see_other(url_for("billing.home"))

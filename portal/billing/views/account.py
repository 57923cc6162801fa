"""The billing page of the account: never needs a right to read, so that a person locked out can always pay."""

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user

from portal import clock
from portal.access.asking import forget_facts, reader_facts
from portal.billing import changed, customers, invoiced, leaving, queries, sync, terms, told_invoice, withdrawing
from portal.billing.gateway import current
from portal.billing.mirror import LIVE
from portal.billing.models import Invoice
from portal.billing.queries import Standing
from portal.billing.shapes import GatewayError, GatewayRefused, GatewayUnavailable
from portal.billing.told import Told, told
from portal.billing.told_changing import with_waiting
from portal.billing.told_invoice import Transfer
from portal.billing.told_leaving import Leaving, with_leaving
from portal.billing.views import bp
from portal.billing.views.checkout import unavailable
from portal.db import db, end_reading, writing
from portal.i18n import current_locale, gettext
from portal.organisations import founding, seats
from portal.organisations.models import Organisation
from portal.web import READER, absolute, allow, leave_for, see_other

FLOWS = {"card": "card", "cancel": "cancel"}


@bp.get("/billing/")
@allow(READER)
def home() -> Any:
    """The state in one sentence, then what can be done, invoices, payment method, identity."""
    organisation = founding.managed_by(db.session, current_user.id)
    standing = queries.standing(db.session, current_user.id, organisation)
    if request.args.get("from") == "portal":
        _refresh(standing)
        return see_other(url_for("billing.home"))
    invoices = queries.invoices(db.session, organisation.id) if organisation else []
    owed = told_invoice.transfer(db.session, standing)
    return render_template(
        "billing/home.html",
        standing=standing,
        told=_told(standing, invoices, owed, organisation),
        transfer=owed,
        licensed=standing.subscription is not None and standing.subscription.status in LIVE,
        organisation=organisation,
        accepted=terms.accepted(db.session, organisation.id) if organisation else [],
        invoices=invoices,
        seated=bool(organisation and seats.seat_of(db.session, organisation.id, current_user.id)),
        seats_used=seats.used(db.session, organisation.id) if organisation else 0,
        can_open_portal=_customer(organisation) is not None,
    )


def _told(
    standing: Standing, invoices: Sequence[Invoice], owed: Transfer | None, organisation: Organisation | None
) -> Told:
    order = invoiced.unpaid_order(db.session, organisation.id) if organisation else None
    if order is not None and order.opened_at is None:
        return told_invoice.waiting(order)
    now = clock.now()
    said = told_invoice.with_transfer(told(standing, invoices, reader_facts(), now), standing, owed, now)
    if standing.subscription is not None and changed.waiting(db.session, standing.subscription.id):
        said = with_waiting(said)
    return with_leaving(said, standing, _leaving(standing))


def _leaving(standing: Standing) -> Leaving:
    row = standing.subscription
    if row is None:
        return Leaving()
    offer = withdrawing.offer(db.session, row.organisation_id, current_user.id) if row.status in LIVE else None
    return Leaving(
        leaving.waiting_since(db.session, row.id) if row.status in LIVE else None,
        offer is not None,
        leaving.withdrawal_of(db.session, row.id),
    )


def _refresh(standing: Standing) -> None:
    """Back from Stripe's portal: read the state once, so that the page shows what was just done there."""
    if standing.subscription is None:
        return
    subscription_id = standing.subscription.stripe_id
    end_reading()
    try:
        sync.subscription(db.session, current(), subscription_id)
    except GatewayError:
        flash(gettext("What you just changed will show here within minutes."), "info")
    forget_facts()


def _customer(organisation: Organisation | None) -> str | None:
    return customers.stripe_id(db.session, organisation.id, current().livemode) if organisation else None


@bp.post("/billing/portal")
@allow(READER)
def portal() -> Any:
    """To Stripe's portal: its front page, or straight to the card or the cancellation (`flow`)."""
    organisation = founding.managed_by(db.session, current_user.id)
    customer_id = _customer(organisation)
    if organisation is None or customer_id is None:
        abort(404)
    flow = FLOWS.get(request.form.get("flow", ""))
    subscription = _to_cancel(organisation) if flow == "cancel" else ""
    if flow == "cancel" and not subscription:
        flow = None
    return _enter(customer_id, flow, subscription)


def _to_cancel(organisation: Organisation) -> str:
    found = queries.standing(db.session, current_user.id, organisation).subscription
    return found.stripe_id if found is not None and not found.ending_at and found.status in LIVE else ""


def _enter(customer_id: str, flow: str | None, subscription: str) -> Any:
    end_reading()
    back = absolute(url_for("billing.home")) + "?from=portal"
    gateway, locale = current(), current_locale()
    try:
        return leave_for(gateway.open_portal(customer_id, back, locale, flow=flow, subscription=subscription))
    except GatewayUnavailable:
        return unavailable()
    except GatewayRefused:
        flash(
            gettext("The payment service could not open this page. Nothing was changed. Try again."),
            "bad",
        )
        return see_other(url_for("billing.home"))


@bp.post("/billing/seat")
@allow(READER)
def take_seat() -> Any:
    """A manager who pays and does not read takes one of the licences."""
    organisation = founding.managed_by(db.session, current_user.id)
    if organisation is None:
        abort(404)
    organisation_id = organisation.id
    try:
        with writing():
            seats.open_seat(db.session, organisation_id, current_user.id, actor_id=current_user.id)
    except seats.NoSeatLeft:
        flash(gettext("Every licence is taken. Free one, or add one."), "warn")
    else:
        flash(gettext("You now read with one of your licences."), "success")
    forget_facts()
    return see_other(url_for("billing.home"))

"""The summary before paying, the way to Stripe's page, and the way back."""

from datetime import datetime
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts import acquaintance
from portal.billing import catalogue, checkout, invoiced, promotions, quotes, returning, terms, told_promotions
from portal.billing.catalogue import Offer
from portal.billing.forms import CheckoutForm
from portal.billing.gateway import current
from portal.billing.models import Interval
from portal.billing.orders import Addresses, Identity, Order
from portal.billing.shapes import GatewayRefused, GatewayUnavailable
from portal.billing.views import bp, summing
from portal.db import db, end_reading
from portal.formats import day
from portal.i18n import current_locale, gettext
from portal.organisations import founding
from portal.organisations.models import Organisation, OrganisationKind
from portal.web import READER, absolute, allow, leave_for, own_path, see_other


@bp.get("/billing/checkout")
@allow(READER)
def summary() -> Any:
    """What will be charged, when, to whom; nothing is charged here."""
    key = request.args.get("price") or _key(request.args.get("plan"), request.args.get("period"))
    if not key:
        return redirect(url_for("billing.plans"), 303)
    offer = catalogue.offer(db.session, key) or abort(404)
    organisation = founding.managed_by(db.session, current_user.id)
    if organisation and (live := checkout.live_subscription(db.session, organisation.id)):
        return _already(offer, live.status)
    if organisation and invoiced.is_unpaid(db.session, organisation.id):
        return _unpaid()
    form = _form(offer, organisation, fresh=True)
    return _page(form, offer)


def _key(plan: str | None, period: str | None) -> str | None:
    """The lookup key of a plan chosen on the offers page."""
    return f"{plan}-{period if period in ('month', 'year') else 'year'}-eur" if plan else None


@bp.post("/billing/checkout")
@allow(READER)
def begin() -> Any:
    """Go to pay. Amounts and prices come from our own table only; what is posted merely names one of them."""
    offer = catalogue.offer(db.session, request.form.get("price", ""))
    if offer is None:
        reason = gettext("This plan does not exist, or is no longer sold. Nothing was charged.")
        return render_template("errors/422.html", reason=reason, back_url=url_for("billing.plans")), 422
    organisation = founding.managed_by(db.session, current_user.id)
    form = _form(offer, organisation)
    status = summing.look_up(form, offer, organisation.id if organisation else None)
    if request.form.get("step") == "update":
        return _page(form, offer, status if _readable(form) or status != 200 else 422)
    if not form.validate() or not summing.agreed(form, offer):
        return _page(form, offer, status if status != 200 else 422)
    return _go(form, offer)


def _readable(form: CheckoutForm) -> bool:
    """Whether the amounts can be worked out; nothing else needs to be filled in yet."""
    return all([form.quantity.validate(form), form.code.validate(form, [CheckoutForm.validate_code])])


def _go(form: CheckoutForm, offer: Offer) -> Any:
    order = _order(form, offer)
    end_reading()
    try:
        return leave_for(checkout.begin(db.session, current(), order, _addresses(offer)))
    except checkout.AlreadySubscribed as known:
        return _already(offer, known.status)
    except invoiced.OrderUnpaid:
        return _unpaid()
    except (checkout.CheckoutBusy, checkout.AmountMoved) as hindrance:
        return _page(form, offer, 422, _not_now(hindrance))
    except GatewayUnavailable:
        return unavailable()
    except GatewayRefused as refusal:
        return _again(form, offer, refusal)


def _not_now(hindrance: Exception) -> str:
    if isinstance(hindrance, checkout.AmountMoved):
        return gettext("The amount has changed meanwhile. Nothing was charged. Try again.")
    return gettext("Another payment page is being opened for your organisation. Try again in a few seconds.")


def _again(form: CheckoutForm, offer: Offer, refusal: GatewayRefused) -> Any:
    """Stripe said no: where the code ran out since it was looked up, that is why, and the amounts are those without."""
    if form.promotion is not None:
        form.promotion = None
        organisation = founding.managed_by(db.session, current_user.id)
        status = summing.look_up(form, offer, organisation.id if organisation else None)
        if form.code_problem:
            form.code.errors = [form.code_problem]
            return _page(form, offer, status)
    return _page(form, offer, 422, _refused(refusal))


def _refused(refusal: GatewayRefused) -> str:
    """Stripe's no in our words: it keeps a customer to one currency for ever, which no detail of a form can change."""
    if "currency" in refusal.message:
        return gettext(
            "Your organisation is billed in another currency. Nothing was charged: write to us to change it."
        )
    return gettext("The payment service refused this order. Nothing was charged. Check the details.")


def _already(offer: Offer, status: str) -> Response:
    """What is wanted becomes a change of what is there; where something is owed or awaited, that is first."""
    if status not in ("active", "trialing"):
        flash(gettext("You already have a subscription. This is where it is managed."), "info")
        return see_other(url_for("billing.home"))
    flash(gettext("You already have a subscription. This is where you change it."), "info")
    return see_other(url_for("billing.change", plan=offer.plan_slug, period=offer.interval.value))


def _unpaid() -> Response:
    flash(gettext("Your organisation has an invoice to pay. Once it is paid, you can order again."), "warn")
    return see_other(url_for("billing.home"))


def unavailable() -> Response:
    """The payment service does not answer: said plainly, with a way to try again."""
    back = request.full_path.rstrip("?") if request.method == "GET" else url_for("billing.home")
    response = make_response(render_template("billing/unavailable.html", back=back), 503)
    response.headers["Retry-After"] = "30"
    return response


def _addresses(offer: Offer) -> Addresses:
    success = absolute(url_for("billing.paid")) + "?session_id={CHECKOUT_SESSION_ID}"
    return Addresses(success, absolute(url_for("billing.cancelled", price=offer.lookup_key)))


def _form(offer: Offer, organisation: Organisation | None, *, fresh: bool = False) -> CheckoutForm:
    form = CheckoutForm(data=_known(organisation) if fresh else None)
    sent = request.args if fresh else request.form
    kind = sent.get("kind") or request.args.get("as") or _usual_kind(organisation)
    starts = quotes.trial_end(db.session, current_user.id, offer)
    form.prepare(firm=kind != "person", start_choices=_start_choices(starts))
    form.starts_at = starts
    form.price.data = offer.lookup_key
    if fresh:
        form.next.data = own_path(request.args.get("next"), "")
        form.code.data = request.args.get("code", "")[: promotions.LONGEST]
    return form


def _known(organisation: Organisation | None) -> dict[str, Any]:
    """What was typed the last time, else what the account says."""
    account = acquaintance.known_of(db.session, current_user.id)
    if organisation is None:
        return {**account, "country": "FR"}
    names = ("siren", "vat_number", "street", "postal_code", "city", "country", "purchase_reference")
    known = {name: getattr(organisation, name) for name in names}
    firm = organisation.kind is not OrganisationKind.INDIVIDUAL
    return {**account, **known, **({"company": organisation.name} if firm else {})}


def _usual_kind(organisation: Organisation | None) -> str:
    if organisation and organisation.street and organisation.kind is OrganisationKind.INDIVIDUAL:
        return "person"
    return "firm"


def _start_choices(starts: datetime | None) -> list[tuple[str, str]]:
    choices = [("today", gettext("Today"))]
    if starts:
        text = gettext("At the end of my trial, on %(day)s: nothing to pay today", day=day(starts))
        choices.append(("after-trial", text))
    return choices


def _page(form: CheckoutForm, offer: Offer, status: int = 200, problem: str = "") -> Any:
    paid = summing.payments(form, offer)
    form.totals.data = summing.shown(form, offer)
    each = gettext("each year") if offer.interval is Interval.YEAR else gettext("each month")
    page = render_template(
        "billing/checkout.html",
        form=form,
        offer=offer,
        quote=paid.first,
        after=paid.after,
        unit=quotes.quote(offer.unit_amount, 1, paid.first.basis_points),
        later=paid.later,
        due=summing.due(paid),
        then=told_promotions.how_long(paid, each, offer.currency),
        taken_off=told_promotions.taken_off(form.promotion.reduction, offer.currency) if form.promotion else "",
        problem=problem,
        has_errors=bool(form.errors or problem),
        terms_day=terms.day_of(terms.CURRENT),
    )
    return page, status


def _order(form: CheckoutForm, offer: Offer) -> Order:
    return Order(
        reader_id=current_user.id,
        offer=offer,
        quantity=form.quantity.data,
        identity=_identity(form),
        buyer_reads=form.who.data != "others",
        starts_at=form.starts_at if form.start.data == "after-trial" else None,
        terms_version=terms.CURRENT,
        immediate_start=bool(form.immediate.data),
        return_path=own_path(form.next.data, ""),
        locale=current_locale(),
        buyer_name=form.name.data or "",
        buyer_company=form.company.data if form.firm else "",
        promotion=form.promotion,
        due=summing.due(summing.payments(form, offer)),
    )


def _identity(form: CheckoutForm) -> Identity:
    firm = form.firm
    return Identity(
        kind=OrganisationKind.COMPANY if firm else OrganisationKind.INDIVIDUAL,
        name=form.company.data if firm else form.name.data,
        street=form.street.data,
        postal_code=form.postal_code.data,
        city=form.city.data,
        country=form.country.data,
        siren=form.siren.data if firm else "",
        vat_number=form.vat_number.data if firm else "",
        purchase_reference=form.purchase_reference.data or "",
    )


@bp.get("/billing/return")
@allow(READER)
def paid() -> Any:
    """Back from Stripe's page: read the session, sync at once, tell the truth. A stranger's session is a 404."""
    session_id = request.args.get("session_id", "")
    try:
        view = returning.look(db.session, current(), current_user.id, session_id)
    except GatewayUnavailable:
        view = returning.remembered(db.session, current_user.id, session_id)
    if view is None:
        abort(404)
    return render_template("billing/return.html", view=view)


@bp.get("/billing/cancelled")
@allow(READER)
def cancelled() -> str:
    """Back from Stripe's page without paying."""
    offer = catalogue.offer(db.session, request.args.get("price", ""))
    return render_template("billing/cancelled.html", offer=offer)

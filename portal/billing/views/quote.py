"""/quote/<token>: a quote as a document, for whoever holds its link; who manages the organisation accepts it."""

from typing import Any

from flask import flash, render_template, url_for
from flask_login import current_user

from portal import clock
from portal.access.asking import forget_facts
from portal.accounts import acquaintance
from portal.accounts.tokens import LinkUnknown
from portal.billing import checkout, offering, on_invoices, ordering, placing, terms
from portal.billing.forms_invoiced import AcceptForm
from portal.billing.gateway import current
from portal.billing.invoiced import OrderUnpaid
from portal.billing.offering import QuoteError
from portal.billing.orders import Identity
from portal.billing.quote_documents import Document
from portal.billing.shapes import GatewayRefused, GatewayUnavailable
from portal.billing.views import bp
from portal.billing.views.checkout import unavailable
from portal.db import db, writing
from portal.i18n import current_locale, gettext
from portal.organisations import founding
from portal.organisations.models import Organisation, OrganisationKind
from portal.web import PUBLIC, READER, allow, no_referrer, see_other

_KNOWN = ("street", "postal_code", "city", "purchase_reference")


@bp.get("/quote/<string(minlength=20):token>")
@allow(PUBLIC)
@no_referrer
def quote(token: str) -> Any:
    """The document; below it the form that accepts it, for who may. Opening it changes nothing."""
    try:
        document = offering.look(db.session, token)
    except LinkUnknown:
        return _gone()
    return _page(token, document, _filled(document))


@bp.post("/quote/<string(minlength=20):token>")
@allow(READER)
@no_referrer
def accept_quote(token: str) -> Any:
    """Order what the quote offers: once, however often this is sent, and whoever else accepts it meanwhile."""
    try:
        document = offering.look(db.session, token)
    except LinkUnknown:
        return _gone()
    form = _form(document)
    if document.can_be_accepted(clock.now()) and not form.validate():
        return _page(token, document, form, 422)
    return _accepted(token, document, form)


def _accepted(token: str, document: Document, form: AcceptForm) -> Any:
    given, quote_id = _given(form, document), document.quote.id
    try:
        ordering.make_room(db.session, current(), current_user.id, document.quote)
        with writing() as unit:
            order_id = ordering.accept(unit, quote_id, current_user.id, given)
    except (ordering.NotYours, QuoteError):
        return see_other(url_for("billing.quote", token=token))  # the page says it
    except (checkout.AlreadySubscribed, OrderUnpaid, checkout.CheckoutBusy) as hindrance:
        return _page(token, offering.look(db.session, token), form, 422, _why_not(hindrance))
    except GatewayUnavailable:
        return unavailable()
    except GatewayRefused:
        return _page(token, offering.look(db.session, token), form, 422, _refused())
    return _carried_out(token, form, order_id)


def _carried_out(token: str, form: AcceptForm, order_id: int) -> Any:
    done = placing.carry_out(db.session, current(), order_id)
    forget_facts()
    if not done and placing.failed(db.session, order_id):
        return _page(token, offering.look(db.session, token), form, 422, _refused())
    if done:
        flash(gettext("Your order is placed, and access is open. The invoice goes by e-mail."), "success")
    return see_other(url_for("billing.home"))


def _hindrance(organisation_id: int) -> str:
    """Why this organisation cannot order now, told before anybody fills the form in; empty when it can."""
    try:
        checkout.refuse_another(db.session, organisation_id)
    except (checkout.AlreadySubscribed, OrderUnpaid) as hindrance:
        return _why_not(hindrance)
    return ""


def _why_not(hindrance: Exception) -> str:
    if isinstance(hindrance, checkout.AlreadySubscribed):
        return gettext("Your organisation already has a subscription. Write to us: we change it instead of adding one.")
    if isinstance(hindrance, OrderUnpaid):
        return gettext("Your organisation has an invoice to pay. Once it is paid, you can accept this quote.")
    return gettext("Another payment page is being opened for your organisation. Try again in a few seconds.")


def _refused() -> str:
    return gettext("The payment service refused this order. Nothing is owed. Our team has been told and writes to you.")


@bp.post("/quote/<string(minlength=20):token>/decline")
@allow(PUBLIC)
@no_referrer
def decline_quote(token: str) -> Any:
    """Say no; no account is needed for that."""
    actor_id = current_user.id if current_user.is_authenticated else None
    try:
        with writing() as unit:
            offering.decline(unit, token, actor_id=actor_id)
    except LinkUnknown:
        return _gone()
    except QuoteError:
        return see_other(url_for("billing.quote", token=token))
    flash(gettext("The quote is declined, and our team knows. Nothing is owed."), "success")
    return see_other(url_for("billing.quote", token=token))


def _gone() -> Any:
    return render_template("billing/quote_gone.html"), 410


def _form(document: Document, **more: Any) -> AcceptForm:
    form = AcceptForm(**more)
    form.prepare(public_body=document.quote.public_body, country=document.quote.country)
    return form


def _filled(document: Document) -> AcceptForm | None:
    """The form with what is known; None for who cannot accept."""
    if not current_user.is_authenticated or not document.can_be_accepted(clock.now()) or not _may(document):
        return None
    quote, mine = document.quote, _organisation(document)
    if mine is not None and _hindrance(mine.id):
        return None
    known = {name: getattr(mine, name) for name in _KNOWN} if mine else {}
    account = acquaintance.known_of(db.session, current_user.id)
    billing_email = (mine.billing_email if mine else "") or account["email"]
    given = {"company": quote.company, "siren": quote.siren or (mine.siren if mine else "")}
    return _form(document, data={**account, **known, **given, "billing_email": billing_email})


def _may(document: Document) -> bool:
    wanted = document.quote.organisation_id
    return wanted is None or founding.manages(db.session, current_user.id, wanted)


def _organisation(document: Document) -> Organisation | None:
    wanted = document.quote.organisation_id
    if wanted is not None:
        return db.session.get(Organisation, wanted)
    return founding.managed_by(db.session, current_user.id)


def _given(form: AcceptForm, document: Document) -> ordering.Acceptance:
    quote = document.quote
    return ordering.Acceptance(
        identity=Identity(
            kind=OrganisationKind.PUBLIC if quote.public_body else OrganisationKind.COMPANY,
            country=quote.country,
            vat_number=quote.vat_number,
            name=form.text("company"),
            **{name: form.text(name) for name in ("siren", *_KNOWN)},
        ),
        billing_email=form.text("billing_email"),
        service_code=form.text("service_code"),
        commitment_number=form.text("commitment_number"),
        buyer_reads=bool(form.buyer_reads.data),
        terms_version=terms.CURRENT,
        locale=current_locale(),
        buyer_name=form.text("name"),
    )


def _page(token: str, document: Document, form: AcceptForm | None, status: int = 200, problem: str = "") -> Any:
    now, quote = clock.now(), document.quote
    mine = _organisation(document) if current_user.is_authenticated and _may(document) else None
    page = render_template(
        "billing/quote.html",
        token=token,
        document=document,
        quote=quote,
        form=form,
        problem=problem,
        hindrance=_hindrance(mine.id) if mine is not None and not problem else "",
        open=document.can_be_accepted(now),
        may=current_user.is_authenticated and _may(document),
        terms_day=terms.day_of(terms.CURRENT),
        account=on_invoices.account(),
        publisher=on_invoices.publisher(),
        late=on_invoices.late_words(),
    )
    return page, status

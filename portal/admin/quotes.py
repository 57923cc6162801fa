"""Quotes as staff write them: the list, one quote as its customer sees it, the form, sending and withdrawing."""

from datetime import timedelta
from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.admin.forms_quotes import QuoteForm, written
from portal.admin.pages import PER_PAGE, asked_before, bp, found
from portal.billing import offering, on_invoices, quote_documents
from portal.billing.models_invoiced import InvoiceOrder, QuoteState, WrittenQuote
from portal.billing.offering import QuoteError
from portal.billing.quote_documents import Document
from portal.db import AnySession, db, end_reading, writing
from portal.enquiries import asking
from portal.enquiries.models import Enquiry, EnquiryKind
from portal.i18n import LOCALES, gettext, use_locale
from portal.i18n import lazy_gettext as _
from portal.organisations import founding
from portal.organisations.models import Organisation, OrganisationKind
from portal.roles import Permission
from portal.verticals import all_verticals
from portal.web import allow, private, see_other, staff

_RULE = staff(Permission.WRITE_QUOTES)
GOOD_FOR = timedelta(days=30)
STATES = {
    QuoteState.DRAFT: (_("Draft"), "plain"),
    QuoteState.SENT: (_("Waits for an answer"), "warn"),
    QuoteState.ACCEPTED: (_("Accepted"), "ok"),
    QuoteState.DECLINED: (_("Declined"), "plain"),
    QuoteState.WITHDRAWN: (_("Withdrawn"), "plain"),
}
_REFUSALS = {
    "not-sold": _("No plan sells exactly these titles at this interval. Choose others."),
    "no-account": _("The publisher’s bank account is not set (PUBLISHER_IBAN): no quote can be sent yet."),
    "expired": _("This quote is no longer valid: write it again with a later day."),
    "sent": _("This quote was sent in the meantime. Nothing was changed."),
    "accepted": _("This quote was accepted in the meantime. Nothing was changed."),
    "declined": _("This quote was declined in the meantime. Nothing was changed."),
    "withdrawn": _("This quote was withdrawn in the meantime. Nothing was changed."),
}


@bp.get("/admin/quotes")
@allow(_RULE)
@private
def quotes() -> str:
    """All quotes, newest first."""
    statement = select(WrittenQuote).where(WrittenQuote.id < asked_before()).order_by(WrittenQuote.id.desc())
    rows = db.session.scalars(statement.limit(PER_PAGE + 1)).all()
    shown = [quote_documents.document(db.session, one) for one in rows[:PER_PAGE]]
    more = len(rows) > PER_PAGE
    return render_template(
        "admin/quotes.html",
        documents=[(one, _chip(one)) for one in shown],
        next_url=url_for("admin.quotes", before=rows[PER_PAGE - 1].id) if more else None,
        first_url=url_for("admin.quotes") if request.args.get("before") else None,
    )


def _chip(document: Document) -> tuple[str, str]:
    state = document.quote.state
    if state is QuoteState.SENT and not document.can_be_accepted(clock.now()):
        return gettext("Expired"), "bad"
    word, tone = STATES[state]
    return str(word), tone


@bp.route("/admin/quotes/new", methods=["GET", "POST"])
@allow(_RULE)
@private
def new_quote() -> Any:
    """Write a quote: for nobody yet, for an organisation, or in answer to an enquiry (both from the address)."""
    enquiry, organisation = _enquiry(), _organisation()
    form = _form(data=_known(enquiry, organisation)) if request.method == "GET" else _form()
    if request.method == "POST" and form.validate():
        ids = (organisation.id if organisation else None, enquiry.id if enquiry else None)
        end_reading()
        try:
            with writing() as unit:
                quote_id = offering.write(unit, form.wish(*ids), actor_id=current_user.id).id
        except QuoteError as error:
            form.refuse(str(_REFUSALS[error.code]))
        else:
            return see_other(url_for("admin.quote", quote_id=quote_id))
    return _form_page(form, None, organisation)


@bp.route("/admin/quotes/<int:quote_id>/edit", methods=["GET", "POST"])
@allow(_RULE)
@private
def edit_quote(quote_id: int) -> Any:
    """Write a draft again; what was sent never changes."""
    document = _document(quote_id)
    if document.quote.state is not QuoteState.DRAFT:
        return _meanwhile(quote_id, document.quote.state.value)
    form = _form(data=_data(document)) if request.method == "GET" else _form()
    if request.method == "POST" and form.validate():
        ids = (document.quote.organisation_id, document.quote.enquiry_id)
        end_reading()
        try:
            with writing() as unit:
                offering.rewrite(unit, quote_id, form.wish(*ids))
        except QuoteError as error:
            form.refuse(str(_REFUSALS[error.code]))
        else:
            return see_other(url_for("admin.quote", quote_id=quote_id))
    return _form_page(form, document, None)


@bp.get("/admin/quotes/<int:quote_id>")
@allow(_RULE)
@private
def quote(quote_id: int) -> str:
    """One quote as its customer sees it, and what can be done."""
    document = _document(quote_id)
    order = db.session.scalars(
        select(InvoiceOrder).where(InvoiceOrder.quote_id == quote_id).order_by(InvoiceOrder.id.desc()).limit(1)
    ).one_or_none()
    writer = db.session.get(Reader, document.quote.written_by) if document.quote.written_by else None
    buyer = db.session.get(Organisation, document.quote.organisation_id) if document.quote.organisation_id else None
    return render_template(
        "admin/quote.html",
        document=document,
        quote=document.quote,
        chip_of=_chip(document),
        order=order,
        writer=(writer.name or writer.email) if writer else "–",
        buyer=buyer,
        account=on_invoices.account(),
        publisher=on_invoices.publisher(),
        late=on_invoices.late_words(),
    )


@bp.post("/admin/quotes/<int:quote_id>/send")
@allow(_RULE)
@private
def send_quote(quote_id: int) -> Any:
    """Send it, or once more with a new link; the enquiry it answers is answered by that."""
    found(WrittenQuote, quote_id)
    try:
        with writing() as unit:
            sent = offering.send(unit, quote_id, actor_id=current_user.id)
            _answer(unit, sent)
            address = sent.quote.email
    except QuoteError as error:
        return _meanwhile(quote_id, error.code)
    flash(gettext("The quote is on its way to %(address)s.", address=address), "success")
    return see_other(url_for("admin.quote", quote_id=quote_id))


def _answer(unit: AnySession, sent: Document) -> None:
    enquiry = unit.get(Enquiry, sent.quote.enquiry_id) if sent.quote.enquiry_id else None
    if enquiry is not None:
        with use_locale(LOCALES[0]):
            text = gettext("Quote %(number)s was sent to %(address)s.", number=sent.number, address=sent.quote.email)
        asking.answered_otherwise(unit, enquiry, text, current_user.id)


@bp.post("/admin/quotes/<int:quote_id>/withdraw")
@allow(_RULE)
@private
def withdraw_quote(quote_id: int) -> Any:
    """Offer it no more; a draft is thrown away."""
    found(WrittenQuote, quote_id)
    try:
        with writing() as unit:
            kept = offering.withdraw(unit, quote_id, actor_id=current_user.id)
    except QuoteError as error:
        return _meanwhile(quote_id, error.code)
    if kept:
        flash(gettext("The quote is withdrawn: its link says so."), "success")
        return see_other(url_for("admin.quote", quote_id=quote_id))
    flash(gettext("The draft is thrown away."), "success")
    return see_other(url_for("admin.quotes"))


def _meanwhile(quote_id: int, code: str) -> Any:
    flash(str(_REFUSALS[code]), "warn")
    return see_other(url_for("admin.quote", quote_id=quote_id))


def _document(quote_id: int) -> Document:
    return quote_documents.document(db.session, found(WrittenQuote, quote_id))


def _enquiry() -> Enquiry | None:
    """The request for a quote that ?enquiry= names."""
    asked = request.args.get("enquiry", type=int)
    if asked is None:
        return None
    enquiry = found(Enquiry, asked)
    return enquiry if enquiry.kind is EnquiryKind.QUOTE else abort(404)


def _organisation() -> Organisation | None:
    asked = request.args.get("organisation", type=int)
    return found(Organisation, asked) if asked is not None else None


def _form(**more: Any) -> QuoteForm:
    form = QuoteForm(**more)
    form.offer(all_verticals(db.session))
    return form


def _known(enquiry: Enquiry | None, organisation: Organisation | None) -> dict[str, Any]:
    """What the enquiry says, or what is known of the organisation."""
    known: dict[str, Any] = {"valid_until": clock.paris_date(clock.now() + GOOD_FOR), "country": "FR"}
    if enquiry is not None:
        facts = enquiry.facts
        known |= {"company": enquiry.company, "recipient": enquiry.name, "email": enquiry.email}
        known |= {"locale": enquiry.locale, "siren": facts.get("siren", ""), "quantity": facts.get("seats")}
        known |= {"titles": facts.get("verticals") or []}
    if organisation is not None:
        names = ("siren", "vat_number", "country")
        known |= {name: getattr(organisation, name) for name in names} | {"company": organisation.name}
        owner = founding.owner_of(db.session, organisation.id)
        known |= {"public_body": organisation.kind is OrganisationKind.PUBLIC, "quantity": organisation.seats or None}
        known |= {"recipient": owner.name, "email": owner.email, "locale": owner.locale or "fr"} if owner else {}
    return known


def _data(document: Document) -> dict[str, Any]:
    ids = {vertical_id for line in document.lines for vertical_id in line.vertical_ids}
    titles = [one.slug for one in all_verticals(db.session) if one.id in ids]
    return written(document.quote, titles, document.interval, document.last_day)


def _form_page(form: QuoteForm, document: Document | None, organisation: Organisation | None) -> Any:
    page = render_template(
        "admin/quote_form.html",
        form=form,
        document=document,
        organisation=organisation,
        colours={one.slug: one.slug for one in all_verticals(db.session)},
    )
    return page, 422 if form.errors else 200

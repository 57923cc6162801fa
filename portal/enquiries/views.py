"""The letterbox: pages with a form for strangers and readers, and the page that says what happens next."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.accounts.acquaintance import known_of
from portal.billing.catalogue import MAX_SEATS
from portal.db import db
from portal.enquiries.about import Subject, article_named
from portal.enquiries.forms import MOST_LICENCES, ContactForm, QuoteForm, ResearchForm
from portal.enquiries.models import EnquiryKind
from portal.enquiries.sending import send
from portal.enquiries.steps import steps
from portal.enquiries.words import ARRIVED, TOPICS
from portal.verticals import site_verticals
from portal.web import PUBLIC, allow, private

Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]

blueprint = Blueprint("enquiries", __name__)


@blueprint.get("/contact")
@allow(PUBLIC)
@private
def contact() -> Page:
    """A message to the house; ?topic= chooses its subject."""
    asked = request.args.get("topic", "")
    return _page(EnquiryKind.CONTACT, ContactForm(data=_known() | {"topic": asked if asked in TOPICS else ""}))


@blueprint.post("/contact")
@allow(PUBLIC)
@private
def send_contact() -> Page:
    """Keep the message."""
    form = ContactForm()
    return send(EnquiryKind.CONTACT, form) or _page(EnquiryKind.CONTACT, form)


@blueprint.get("/research")
@allow(PUBLIC)
@private
def research() -> Page:
    """What somebody needs on a subject; ?article= names what they were reading."""
    article = article_named(request.args.get("article"))
    form = ResearchForm(data=_known() | {"article": article.slug if article else ""})
    return _page(EnquiryKind.RESEARCH, form, article=article)


@blueprint.post("/research")
@allow(PUBLIC)
@private
def send_research() -> Page:
    """Keep the request, with the article when whoever asks may know of it."""
    form = ResearchForm()
    article = article_named(form.article.data)
    form.article.data = article.slug if article else ""
    sent = send(EnquiryKind.RESEARCH, form, article.id if article else None)
    return sent or _page(EnquiryKind.RESEARCH, form, article=article)


@blueprint.get("/quote")
@allow(PUBLIC)
@private
def quote() -> Page:
    """Licences for a team; ?vertical= and ?seats= fill the form in."""
    seats = request.args.get("seats", type=int)
    wished = {"verticals": request.args.getlist("vertical"), "seats": seats if _sensible(seats) else None}
    return _page(EnquiryKind.QUOTE, _quote_form(data=_known() | wished))


@blueprint.post("/quote")
@allow(PUBLIC)
@private
def send_quote() -> Page:
    """Keep the request with what the sales team has to know."""
    form = _quote_form()
    return send(EnquiryKind.QUOTE, form) or _page(EnquiryKind.QUOTE, form)


@blueprint.get("/<any(contact, research, quote):kind>/thanks")
@allow(PUBLIC)
def thanks(kind: str) -> str:
    """What happens next, and when: the same for everybody who comes here."""
    asked = EnquiryKind(kind)
    return render_template("enquiries/thanks.html", arrived=ARRIVED[asked], steps=steps(asked, clock.now()))


def _page(kind: EnquiryKind, form: Any, article: Subject | None = None) -> Page:
    """The form; 422 when something in it is to be corrected, 429 when too much was sent."""
    page = render_template(
        f"enquiries/{kind.value}.html",
        form=form,
        article=article,
        steps=steps(kind, clock.now()),
        colours={vertical.slug: vertical.slug for vertical in site_verticals()},
        max_seats=MAX_SEATS,
    )
    if form.retry_after:
        return page, 429, {"Retry-After": str(form.retry_after)}
    return (page, 422) if form.errors else page


def _known() -> dict[str, Any]:
    """Name, address and company of whoever is signed in."""
    return known_of(db.session, current_user.id) if current_user.is_authenticated else {}


def _quote_form(**more: Any) -> QuoteForm:
    form = QuoteForm(**more)
    form.offer((vertical.slug, vertical.name) for vertical in site_verticals() if vertical.on_sale)
    return form


def _sensible(seats: int | None) -> bool:
    return seats is not None and 0 < seats <= MOST_LICENCES

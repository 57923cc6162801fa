"""“I paid and cannot read”: why an article is open or not, another address proved and linked, a person to write to."""

from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.accounts import second_address
from portal.accounts.models import Reader
from portal.accounts.second_address import hinders
from portal.accounts.views import network
from portal.content import why
from portal.db import AnySession, db, writing
from portal.enquiries import asking, help_page, pace
from portal.enquiries.help_forms import REFUSED, AddressForm, MessageForm
from portal.enquiries.models import EnquiryKind
from portal.enquiries.steps import steps
from portal.enquiries.views import blueprint
from portal.enquiries.words import ARRIVED
from portal.i18n import LOCALES, current_locale, use_locale
from portal.i18n import gettext as _
from portal.throttle import Throttled
from portal.web import MAX_ID, PUBLIC, READER, allow, private, see_other

Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("/help/access")
@allow(PUBLIC)
@private
def help_access() -> Page:
    """The page; `?article=` holds an article's address or slug. A stranger is asked to sign in, and comes back."""
    if not current_user.is_authenticated:
        return render_template("enquiries/help_stranger.html", here=back())
    page, missing = _page()
    return (page, 404) if missing else page


def asked_for() -> str:
    """The article the page is about, as its address was typed; it travels along with every form."""
    return (request.args.get("article") or request.form.get("article") or "")[: why.LONGEST].strip()


def back() -> str:
    """The page again, about the same article."""
    return url_for("enquiries.help_access", article=asked_for() or None)


def _page(address: AddressForm | None = None, message: MessageForm | None = None) -> tuple[str, bool]:
    """The page for whoever is signed in, and whether the article asked for is missing."""
    asked, others = asked_for(), second_address.proved(db.session, current_user.id)
    found = help_page.subject(asked) if asked else None
    page = render_template(
        "enquiries/help_access.html",
        asked=asked,
        found=found,
        verdict=help_page.verdict(found),
        action=help_page.action(found),
        unconfirmed=help_page.unconfirmed(found),
        missing=bool(asked) and found is None,
        titles=[] if found else help_page.titles(),
        others=others,
        hindered=REFUSED.get(hinders(db.session.get_one(Reader, current_user.id))),
        attached=help_page.attached(found, [one.email for one in others]),
        address=address or AddressForm(formdata=None),
        message=message or MessageForm(formdata=None),
    )
    return page, bool(asked) and found is None


@blueprint.post("/help/access/address")
@allow(READER)
@private
def ask_for_code() -> Page:
    """Mail a code to the typed address: the same answer whatever is known of it."""
    form = AddressForm()
    if not form.validate():
        return _page(address=form)[0], 422
    try:
        with writing() as unit:
            proof = second_address.ask_for_code(unit, asker(), email=form.email.data, locale=current_locale())
    except second_address.AddressRefused as refused:
        form.email.errors = [str(REFUSED[refused.code])]
        return _page(address=form)[0], 422
    except Throttled as error:
        form.wait(error.retry_after)
        return _page(address=form)[0], 429, {"Retry-After": str(error.retry_after)}
    return see_other(url_for("enquiries.help_code", proof_id=proof.id, article=asked_for() or None))


def asker() -> second_address.Asker:
    """Who is signed in, and in which session."""
    return second_address.Asker(current_user.id, current_user.session_id)


@blueprint.post("/help/access/address/<int:second_id>/forget")
@allow(READER)
@private
def forget_address(second_id: int) -> Page:
    """Take another address off the account; what was moved stays where it is."""
    with writing() as unit:
        second = second_address.of_reader(unit, current_user.id, known_id(second_id))
        if second is None:
            abort(404)
        email = second.email
        second_address.forget(unit, second)
    flash(_("%(email)s is no longer among your addresses.", email=email), "success")
    return see_other(back())


def known_id(number: int) -> int:
    """An id that a database can hold; 404 for any other."""
    return number if 0 < number <= MAX_ID else abort(404)


@blueprint.post("/help/access/message")
@allow(READER)
@private
def ask_a_person() -> Page:
    """Keep the message with everything a person needs to answer it."""
    form = MessageForm()
    if not form.validate():
        return _page(message=form)[0], 422
    try:
        with writing() as unit:
            _keep(unit, form.message.data)
    except Throttled as error:
        form.wait(error.retry_after)
        return _page(message=form)[0], 429, {"Retry-After": str(error.retry_after)}
    return see_other(url_for("enquiries.help_thanks"))


def _keep(unit: AnySession, message: str) -> None:
    asked = asked_for()
    if pace.said_before(unit, EnquiryKind.ACCESS.value, str(current_user.id), asked, message):
        return
    pace.count(unit, network=network(), email=current_user.email, reader_id=current_user.id)
    article_id, facts = _facts(unit, asked)
    asking.ask(
        unit,
        kind=EnquiryKind.ACCESS,
        name=current_user.label,
        email=current_user.email,
        message=message,
        reader_id=current_user.id,
        article_id=article_id,
        facts=facts,
        locale=current_locale(),
    )


def _facts(unit: AnySession, asked: str) -> tuple[int | None, dict[str, Any]]:
    """What goes along: the explanation in the house's own language, and what it was made from."""
    others = [one.email for one in second_address.proved(unit, current_user.id)]
    with use_locale(LOCALES[0]):
        found = help_page.subject(asked) if asked else None
        pairs = help_page.attached(found, others) + help_page.rows(found)
        if asked and found is None:
            pairs.append((_("Address typed, without an article"), asked))
    facts: dict[str, Any] = {"explanation": pairs, "second_addresses": others, "address_of": current_user.id}
    if found is None:
        return None, facts
    return found.article_id, {**facts, "article": found.path, "reason": found.explanation.decision.reason.value}


@blueprint.get("/help/access/thanks")
@allow(READER)
@private
def help_thanks() -> str:
    """What happens next."""
    asked_at = clock.now()
    return render_template(
        "enquiries/thanks.html", arrived=ARRIVED[EnquiryKind.ACCESS], steps=steps(EnquiryKind.ACCESS, asked_at)
    )

"""Registration without a trial, the page "check your mailbox", and the address of an account that is not confirmed."""

from flask import flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import browser, origin, passwords, recovery, registration
from portal.accounts.forms import CorrectAddressForm, RegistrationForm
from portal.accounts.models import Reader
from portal.accounts.tokens import LinkError
from portal.accounts.views import blueprint, network, place_to_go
from portal.db import db, end_reading, writing
from portal.i18n import current_locale, ngettext
from portal.i18n import gettext as _
from portal.throttle import Throttled
from portal.web import PUBLIC, READER, allow, no_referrer, own_path, private, see_other

MAILBOX = "/register/mailbox"


@blueprint.get("/register")
@allow(PUBLIC)
@private
def register() -> BaseResponse | str:
    """The registration page; who is signed in already goes on."""
    if current_user.is_authenticated:
        return see_other(place_to_go(request.args.get("next")))
    origin.note()
    form = RegistrationForm(next=place_to_go(request.args.get("next")))
    return render_template("accounts/register.html", form=form)


@blueprint.post("/register")
@allow(PUBLIC)
@private
def ask_to_register() -> BaseResponse | tuple[str, int]:
    """Keep the attempt and send the mail; the same answer whether the address is known or not."""
    form = RegistrationForm()
    form.next.data = place_to_go(form.next.data)
    if not form.validate():
        return render_template("accounts/register.html", form=form), 422
    registration.check_pace(db.session, email=form.email.data, network=network())
    end_reading()
    password_hash = passwords.hash_password(form.password.data)
    with writing() as unit:
        registration.request(
            unit,
            email=form.email.data,
            password_hash=password_hash,
            locale=current_locale(),
            intent={"verticals": [], "next": form.next.data},
            browser_secret=browser.secret(),
            name=form.name.data or "",
            company=form.company.data or "",
            network=network(),
            origin=origin.noted(),
        )
    browser.note_registration(form.email.data)
    return see_other(MAILBOX)


@blueprint.get("/register/mailbox")
@allow(PUBLIC)
@private
def mailbox() -> BaseResponse | str:
    """ "Check your mailbox": what was sent where, another mail, another address."""
    noted = browser.noted_registration()
    if current_user.is_authenticated:
        return see_other("/")
    if noted is None:
        return see_other("/register")
    return _mailbox_page(*noted, form=CorrectAddressForm())


def _mailbox_page(address: str, _restart: str, **more: object) -> str:
    return render_template("accounts/mailbox.html", address=address, **more)


@blueprint.post("/register/address")
@allow(PUBLIC)
@private
def correct_address() -> BaseResponse | tuple[str, int]:
    """The address was mistyped: the same registration goes to another one."""
    noted, secret = browser.noted_registration(), browser.known_secret()
    if noted is None or secret is None:
        return see_other("/register")
    form = CorrectAddressForm()
    if not form.validate():
        return _mailbox_page(*noted, form=form), 422
    with writing() as unit:
        if not registration.correct_address(unit, email=form.email.data, browser_secret=secret, network=network()):
            return see_other(noted[1])
    browser.note_registration(form.email.data, restart=noted[1])
    flash(
        _("A mail is on its way to %(address)s. The link of the one before is worth nothing.", address=form.email.data),
        "success",
    )
    return see_other(MAILBOX)


@blueprint.post("/register/resend")
@allow(PUBLIC)
@private
def resend() -> BaseResponse | tuple[str, int, dict[str, str]]:
    """Send the last mail again, at most once a minute; a wait is told in a sentence on the same page."""
    noted, secret = browser.noted_registration(), browser.known_secret()
    if noted is None or secret is None:
        return see_other("/register")
    try:
        with writing() as unit:
            if not registration.resend(unit, browser_secret=secret, network=network()):
                return see_other(noted[1])
    except Throttled as error:
        wait = wait_sentence(error.retry_after)
        page = _mailbox_page(*noted, form=CorrectAddressForm(), wait=wait)
        return page, 429, {"Retry-After": str(error.retry_after)}
    flash(_("Another mail is on its way to %(address)s.", address=noted[0]), "success")
    return see_other(MAILBOX)


@blueprint.post("/confirm-address/resend")
@allow(READER)
def resend_confirmation() -> BaseResponse:
    """Send a signed-in reader whose address is not confirmed the link that confirms it."""
    answer = see_other(own_path(request.form.get("next")))
    if current_user.confirmed:
        return answer
    try:
        with writing() as unit:
            reader = unit.get_one(Reader, current_user.id)
            recovery.send_confirmation(unit, reader, locale=current_locale())
    except Throttled as error:
        flash(wait_sentence(error.retry_after), "warning")
        return answer
    flash(_("A mail with a link is on its way to %(address)s.", address=current_user.email), "success")
    return answer


@blueprint.get("/confirm-address/<token>")
@allow(PUBLIC)
@no_referrer
def confirm_address(token: str) -> str | tuple[str, int]:
    """A page with a button: links alone confirm nothing, since mail scanners open them."""
    try:
        reader = recovery.who_confirms(db.session, token)
    except LinkError as error:
        return link_gone(error)
    return render_template("accounts/confirm_address.html", address=reader.email)


@blueprint.post("/confirm-address/<token>")
@allow(PUBLIC)
@no_referrer
def confirm_address_now(token: str) -> BaseResponse | tuple[str, int]:
    """Confirm; then the reader's own page, or the sign-in page."""
    try:
        with writing() as unit:
            recovery.confirm_address(unit, token)
    except LinkError as error:
        return link_gone(error)
    flash(_("Your address is confirmed."), "success")
    return see_other("/" if current_user.is_authenticated else "/login")


def link_gone(error: LinkError, *, reset: bool = False) -> tuple[str, int]:
    """The page of a link that opens nothing: why, and how to get another one."""
    return render_template("accounts/link_gone.html", cause=type(error).__name__, reset=reset), 410


def wait_sentence(seconds: int) -> str:
    """How long to wait before asking for another mail."""
    if seconds <= 60:
        return ngettext(
            "You can ask for another mail in %(num)d second.",
            "You can ask for another mail in %(num)d seconds.",
            seconds,
        )
    minutes = -(-seconds // 60)
    return ngettext(
        "You can ask for another mail in %(num)d minute.", "You can ask for another mail in %(num)d minutes.", minutes
    )

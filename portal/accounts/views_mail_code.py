"""Signing in by a code that is mailed: ask for it, type it. The cookie ties both to one browser."""

from flask import flash, render_template, request, session
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import attempts, browser, mail_code, second_factor, sessions, waiting
from portal.accounts.forms import MailCodeForm, MailCodeRequestForm
from portal.accounts.identity import email_key
from portal.accounts.mail_code import CodeGone
from portal.accounts.signin import Visitor
from portal.accounts.views import blueprint, network, place_to_go
from portal.db import writing
from portal.i18n import current_locale, lazy_gettext
from portal.i18n import gettext as _
from portal.web import PUBLIC, allow, private, remember_path, see_other

ASK, TYPE = "/login/mail", "/login/mail/code"
_KEY = "mail-code"
GONE = {
    "none": lazy_gettext("Ask for a code first, in the browser you want to log in with."),
    "used": lazy_gettext("This code was used already, or replaced. Ask for another one."),
    "tries": lazy_gettext("Too many wrong codes were typed. Ask for another one."),
    "expired": lazy_gettext("This code is older than ten minutes. Ask for another one."),
}


@blueprint.get(ASK)
@allow(PUBLIC)
@private
def mail_code_page() -> BaseResponse | str:
    """Where shall the code be sent? Who is signed in already goes on."""
    if current_user.is_authenticated:
        return see_other(place_to_go(request.args.get("next")))
    return _ask_page(MailCodeRequestForm(next=place_to_go(request.args.get("next"))))


@blueprint.post(ASK)
@allow(PUBLIC)
@private
def ask_for_mail_code() -> BaseResponse | tuple[str, int]:
    """Send a code; the same answer whether the address is known or not."""
    form = MailCodeRequestForm()
    form.next.data = place_to_go(form.next.data)
    if not form.validate():
        return _ask_page(form), 422
    email = form.email.data
    who = Visitor(email, network(), browser.known_device(email_key(email)))
    with writing() as unit:
        secret = mail_code.ask(unit, who, locale=current_locale(), replaces=_asked()[0])
    session[_KEY] = [secret, email, form.next.data]
    return see_other(TYPE)


@blueprint.get(TYPE)
@allow(PUBLIC)
@private
def mail_code_typed() -> BaseResponse | str:
    """The page that takes the six digits."""
    secret, _address, next_path = _asked()
    if current_user.is_authenticated:
        return see_other(place_to_go(next_path))
    return _type_page(MailCodeForm()) if secret else see_other(ASK)


@blueprint.post(TYPE)
@allow(PUBLIC)
@private
def take_mail_code() -> BaseResponse | tuple[str, int]:
    """Check the code; open the session, or go on to the second step. Another tab may have been faster."""
    if current_user.is_authenticated and not _asked()[0]:
        return see_other("/")
    form, address = MailCodeForm(), _asked()[1]
    try:
        if form.validate():
            answer = _checked(form.code.data)
            if answer is not None:
                attempts.accepted("mailed code", address)
                return answer
            attempts.refused("mailed code", address)
            form.code.errors = [wrong_mail_code()]
    except CodeGone as gone:
        return _ask_again(gone)
    return _type_page(form), 422


def wrong_mail_code() -> str:
    """What is said of a code that is not the mail's."""
    return _("This is not the code of the last e-mail. Look at it again.")


def _checked(typed: str) -> BaseResponse | None:
    """Where the right code leads; None for a wrong one. Raises CodeGone."""
    secret, _address, next_path = _asked()
    with writing() as unit:
        reader = mail_code.try_code(unit, secret, typed)
        if reader is None:
            return None
        session.pop(_KEY)
        if second_factor.of(unit, reader.id) is not None:
            return waiting.wait_for_code(unit, reader, next_path)
        sessions.sign_in(unit, reader, request)
    answer = see_other(place_to_go(next_path))
    browser.remember_device(answer, reader.email_key)
    return answer


def _ask_again(gone: CodeGone) -> BaseResponse:
    """Back to the first page, with a sentence and what was typed there."""
    flash(str(GONE[gone.cause]), "warning")
    next_path = place_to_go(_asked()[2])
    return see_other(ASK + (f"?next={remember_path(next_path)}" if next_path != "/" else ""))


def _asked() -> tuple[str, str, str]:
    """(secret, address typed, where to go) of this browser's last request; empty when it asked for nothing."""
    secret, address, next_path = session.get(_KEY) or ("", "", "")
    return str(secret), str(address), str(next_path)


def _ask_page(form: MailCodeRequestForm) -> str:
    return render_template("accounts/mail_code.html", form=form)


def _type_page(form: MailCodeForm) -> str:
    return render_template("accounts/mail_code_typed.html", form=form, address=_asked()[1])

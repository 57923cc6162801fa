"""Signing in, signing out, and the two preferences anyone may choose: language and appearance."""

from flask import Blueprint, Response, current_app, flash, make_response, render_template, request
from flask import session as cookie
from flask_login import current_user
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response as BaseResponse

from portal import cookies, throttle, unsent
from portal.accounts import attempts, browser, second_factor, sessions, signin, waiting
from portal.accounts.forms import SignInForm
from portal.accounts.gate import Busy
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.accounts.security_history import words_of_end
from portal.db import db, writing
from portal.extensions import csrf
from portal.i18n import COOKIE as LOCALE_COOKIE
from portal.i18n import LOCALES
from portal.i18n import gettext as _
from portal.web import PUBLIC, READER, allow, client_address, own_path, private, see_other, viewable

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
_NOT_A_PLACE_TO_GO = ("/login", "/logout", "/register", "/reset", "/confirm", "/preferences")

RESUME = "/login/resume"

blueprint = Blueprint("accounts", __name__)


@blueprint.app_errorhandler(Busy)
def busy(error: Busy) -> Response:
    """Every core is hashing: 503 with Retry-After, drawn as every error page is."""
    return make_response(current_app.handle_user_exception(ServiceUnavailable(retry_after=error.retry_after)))


def network() -> str:
    """The block of addresses the request comes from, for counting."""
    return throttle.address_block(client_address())


def place_to_go(value: str | None) -> str:
    """Where to send somebody who has just signed in: an own page that is not itself about signing in."""
    path = own_path(value)
    return "/" if path.startswith(_NOT_A_PLACE_TO_GO) and path != RESUME else path


@blueprint.get("/login")
@allow(PUBLIC)
@private
def login() -> BaseResponse | str:
    """The sign-in page; who is signed in already goes on."""
    if current_user.is_authenticated:
        return see_other(place_to_go(request.args.get("next")))
    return _login_page(SignInForm(next=place_to_go(request.args.get("next"))))


def _login_page(form: SignInForm) -> str:
    """The form, and why this device is signed out when its cookie still names a session that was ended."""
    token = cookie.get("_user_id")
    cause = sessions.why_ended(db.session, str(token)) if token and not current_user.is_authenticated else None
    most = current_app.config["DEVICES"]
    return render_template("accounts/login.html", form=form, ended=words_of_end(cause, most) if cause else "")


@blueprint.post("/login")
@allow(PUBLIC)
@private
def sign_in() -> BaseResponse | tuple[str, int]:
    """Check address and password; the same answer in the same time whether the address is known or not."""
    form = SignInForm()
    form.next.data = place_to_go(form.next.data)
    if form.validate():
        answer = _signed_in(form.email.data, form.password.data, form.next.data, stay=form.stay.data)
        if answer is not None:
            attempts.accepted("password", form.email.data)
            return answer
        attempts.refused("password", form.email.data)
        form.refuse(_("Wrong address or password."))
    return _login_page(form), 422


def _signed_in(email: str, password: str, next_path: str, *, stay: bool) -> BaseResponse | None:
    who = signin.Visitor(email, network(), browser.known_device(email_key(email)))
    signin.count(db.session, who)
    checked = signin.check_password(db.session, email=email, password=password)
    if checked is None:
        return None
    with writing() as unit:
        reader = signin.reader_for(unit, *checked)
        if reader is None:
            return None
        signin.forgive(unit, who)
        if second_factor.of(unit, reader.id) is not None:
            return waiting.wait_for_code(unit, reader, next_path, stay=stay)
        sessions.sign_in(unit, reader, request, stay=stay)
    answer = see_other(next_path)
    browser.remember_device(answer, reader.email_key)
    return answer


@blueprint.get(RESUME)
@allow(READER)
@private
def resume() -> BaseResponse | str:
    """Signed in again: what was typed before is shown, to be sent with one click; nothing is sent by itself."""
    found = unsent.waiting()
    if found is None:
        return see_other("/")
    path, fields = found
    return render_template("accounts/resume.html", path=path, fields=fields)


@blueprint.post("/logout")
@allow(PUBLIC)
@private
@viewable
def logout() -> BaseResponse:
    """End this session at once; back to the same page, as a stranger sees it."""
    answer = see_other(own_path(request.form.get("next")))
    if current_user.is_authenticated:
        with writing() as unit:
            sessions.sign_out(unit, current_user._get_current_object())
        flash(_("You are logged out."), "info")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@blueprint.post("/preferences")
@allow(PUBLIC)
@private
@csrf.exempt  # type: ignore[untyped-decorator]
def preferences() -> BaseResponse:
    """Language and appearance: a cookie, and the account when there is one. Public pages hold no token for it."""
    chosen = _chosen()
    answer = see_other(own_path(request.form.get("next")))
    for name, value in chosen.items():
        cookies.keep(answer, name, value)
    if chosen and current_user.is_authenticated:
        with writing() as unit:
            reader = unit.get_one(Reader, current_user.id)
            reader.locale = chosen.get(LOCALE_COOKIE, reader.locale)
            reader.theme = chosen.get(THEME_COOKIE, reader.theme)
    return answer


def _chosen() -> dict[str, str]:
    """The choices that mean something; anything else is ignored."""
    sent = {LOCALE_COOKIE: request.form.get("locale"), THEME_COOKIE: request.form.get("theme")}
    known = {LOCALE_COOKIE: LOCALES, THEME_COOKIE: THEMES}
    return {name: value for name, value in sent.items() if value is not None and value in known[name]}

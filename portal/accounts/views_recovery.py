"""A forgotten password: ask for a link, choose another password."""

from flask import flash, render_template, session
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import passwords, recovery
from portal.accounts.forms import NewPasswordForm, ResetRequestForm
from portal.accounts.tokens import LinkError
from portal.accounts.views import blueprint, network
from portal.accounts.views_registration import link_gone
from portal.db import db, end_reading, writing
from portal.i18n import current_locale
from portal.i18n import gettext as _
from portal.web import PUBLIC, allow, no_referrer, private, see_other

_NOTED = "resetting"


@blueprint.get("/reset")
@allow(PUBLIC)
@private
def reset() -> str:
    """Which address forgot its password."""
    return render_template("accounts/reset.html", form=ResetRequestForm())


@blueprint.post("/reset")
@allow(PUBLIC)
@private
def ask_for_reset() -> BaseResponse | tuple[str, int]:
    """Send the mail; the same answer whether the address is known or not."""
    form = ResetRequestForm()
    if not form.validate():
        return render_template("accounts/reset.html", form=form), 422
    with writing() as unit:
        recovery.ask_for_reset(unit, email=form.email.data, locale=current_locale(), network=network())
    session[_NOTED] = form.email.data
    return see_other("/reset/mailbox")


@blueprint.get("/reset/mailbox")
@allow(PUBLIC)
@private
def reset_mailbox() -> BaseResponse | str:
    """ "Check your mailbox"."""
    address = session.get(_NOTED)
    if address is None:
        return see_other("/reset")
    return render_template("accounts/reset_mailbox.html", address=address)


@blueprint.get("/reset/<token>")
@allow(PUBLIC)
@no_referrer
def new_password(token: str) -> str | tuple[str, int]:
    """The page where a new password is chosen."""
    try:
        reader = recovery.who_resets(db.session, token)
    except LinkError as error:
        return link_gone(error, reset=True)
    return render_template("accounts/new_password.html", form=NewPasswordForm([]), address=reader.email)


@blueprint.post("/reset/<token>")
@allow(PUBLIC)
@no_referrer
def set_new_password(token: str) -> BaseResponse | tuple[str, int]:
    """Set it, end every session, and on to the sign-in page."""
    try:
        reader = recovery.who_resets(db.session, token)
        form = NewPasswordForm([reader.email, reader.name, reader.company])
        if not form.validate():
            return render_template("accounts/new_password.html", form=form, address=reader.email), 422
        end_reading()
        password_hash = passwords.hash_password(form.password.data)
        with writing() as unit:
            recovery.reset(unit, token, password_hash=password_hash, locale=current_locale())
    except LinkError as error:
        return link_gone(error, reset=True)
    flash(_("Your password is changed and every device is signed out. Log in with the new one."), "success")
    return see_other("/login")

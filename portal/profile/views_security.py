"""“Security”: the password, the second factor, the devices that are signed in, and what happened to the account."""

from typing import Any

import segno
from flask import current_app, flash, render_template, request, url_for
from flask import session as cookie
from flask_login import current_user
from markupsafe import Markup

from portal.accounts import devices, passwords, recovery, second_factor, security_history, sessions
from portal.accounts.forms import CodeForm, NewPasswordForm
from portal.accounts.fresh import fresh
from portal.accounts.models import Reader
from portal.db import db, end_reading, writing
from portal.i18n import current_locale
from portal.i18n import gettext as _
from portal.profile.views import bp
from portal.web import READER, allow, own_path, private, see_other

_SALT = "second-factor"
_QUIET = 2  # modules of white around the code; scanners want some


@bp.get("/profile/security")
@allow(READER)
@private
def security() -> str:
    """What protects the account, at a glance."""
    factor = second_factor.of(db.session, current_user.id)
    codes_left = second_factor.codes_left(db.session, current_user.id) if factor else 0
    return render_template(
        "profile/security/overview.html",
        factor=factor,
        codes_left=codes_left,
        devices=devices.of_reader(db.session, current_user.id, current_user.session_id),
        most_devices=current_app.config["DEVICES"],
        history=security_history.read(db.session, current_user.id, before=request.args.get("before", 0, int)),
    )


@bp.get("/profile/security/password")
@allow(READER)
@private
@fresh
def password() -> str:
    """The page where the password is changed."""
    return _password_page(NewPasswordForm([]))


@bp.post("/profile/security/password")
@allow(READER)
@private
@fresh
def change_password() -> Any:
    """Change it; every other device is signed out."""
    person = current_user._get_current_object()
    reader = db.session.get_one(Reader, person.id)
    form = NewPasswordForm([reader.email, reader.name, reader.company])
    if not form.validate():
        return _password_page(form), 422
    end_reading()
    password_hash = passwords.hash_password(form.password.data)
    with writing() as unit:
        reader = unit.get_one(Reader, person.id)
        recovery.change(unit, reader, password_hash=password_hash, here=person.session_id, locale=current_locale())
    flash(_("Your password is changed. Every other device is signed out."), "success")
    return see_other(url_for("profile.security"))


def _password_page(form: NewPasswordForm) -> str:
    return render_template("profile/security/password.html", form=form)


@bp.get("/profile/security/second-factor", endpoint="second_factor")
@allow(READER)
@private
@fresh
def two_steps() -> str:
    """Turn it on with an app, or see what it is made of."""
    if second_factor.of(db.session, current_user.id) is not None:
        left = second_factor.codes_left(db.session, current_user.id)
        return render_template("profile/security/second_factor.html", codes_left=left)
    return _enrolment(CodeForm())


@bp.post("/profile/security/second-factor")
@allow(READER)
@private
@fresh
def enrol() -> Any:
    """Turn it on when the code is right: the recovery codes, this once."""
    form = CodeForm()
    if not form.validate():
        return _enrolment(form), 422
    person = current_user._get_current_object()
    try:
        with writing() as unit:
            reader = unit.get_one(Reader, person.id)
            codes = second_factor.confirm(unit, reader, _salt(), form.code.data)
            if codes is not None:
                sessions.end_all(unit, person.id, "second-factor", but=person.session_id)
                sessions.verify(unit, person.session_id, second_factor=True)
    except second_factor.AlreadyOn:
        return see_other(url_for("profile.second_factor"))
    if codes is None:
        form.code.errors = [_("This is not the code of this moment. Wait for the next one and type it.")]
        return _enrolment(form), 422
    cookie.pop(_SALT, None)
    return _codes_page(codes, new=True)


@bp.post("/profile/security/second-factor/codes")
@allow(READER)
@private
@fresh
def renew_codes() -> Any:
    """New recovery codes; the old ones are worth nothing."""
    if second_factor.of(db.session, current_user.id) is None:
        return see_other(url_for("profile.second_factor"))
    with writing() as unit:
        codes = second_factor.renew_codes(unit, unit.get_one(Reader, current_user.id))
    return _codes_page(codes, new=False)


@bp.post("/profile/security/second-factor/remove")
@allow(READER)
@private
@fresh
def remove_second_factor() -> Any:
    """Take it off; staff then find the back office closed until they add one again."""
    if second_factor.of(db.session, current_user.id) is not None:
        with writing() as unit:
            second_factor.remove(unit, unit.get_one(Reader, current_user.id))
            sessions.lose_second_factor(unit, current_user.id)
        flash(_("Two-step sign-in is off."), "info")
    return see_other(url_for("profile.security"))


def _next() -> str:
    return own_path(request.args.get("next"), "")


def _enrolment(form: CodeForm) -> str:
    salt = _salt()
    secret = _in_fours(second_factor.secret(salt))
    return render_template("profile/security/enrol.html", form=form, next=_next(), qr=_qr(salt), secret=secret)


def _salt() -> bytes:
    """The salt of the app that this browser is adding; worth nothing without the server's key."""
    if _SALT not in cookie:
        cookie[_SALT] = second_factor.new_salt().hex()
    return bytes.fromhex(cookie[_SALT])


def _qr(salt: bytes) -> Markup:
    """The code that an app scans, on white whatever the theme; what it holds is written beneath it."""
    code = segno.make(second_factor.address(salt, current_user.email), micro=False)
    drawn = code.svg_inline(border=_QUIET, light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    return Markup(drawn)  # noqa: S704  # nosec B704 - segno draws modules, no text


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _codes_page(codes: list[str], *, new: bool) -> str:
    return render_template("profile/security/codes.html", codes=codes, new=new, next=_next())

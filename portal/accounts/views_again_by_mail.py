"""Proving again who one is, for readers without a password: by a code that is mailed."""

from flask import flash, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import attempts, mail_code, second_factor, sessions, signin
from portal.accounts.forms import AgainByMailForm
from portal.accounts.mail_code import CodeGone
from portal.accounts.signin import Visitor
from portal.accounts.views import blueprint, network, place_to_go
from portal.accounts.views_mail_code import GONE, wrong_mail_code
from portal.accounts.views_second_step import wrong_code
from portal.db import db, writing
from portal.i18n import current_locale
from portal.web import READER, allow, private, see_other

PAGE = "/login/again/mail"
_KEY = "again-code"


@blueprint.get(PAGE)
@allow(READER)
@private
def again_by_mail() -> BaseResponse | str:
    """A button that sends the code; the form for it once it was sent."""
    next_path = place_to_go(request.args.get("next"))
    if signin.has_password(db.session, current_user.id):
        return see_other(url_for("accounts.again", next=next_path))
    return _page(AgainByMailForm(next=next_path))


@blueprint.post(PAGE)
@allow(READER)
@private
def send_again_code() -> BaseResponse:
    """Send the code, to the reader's own address and no other."""
    next_path = place_to_go(request.form.get("next"))
    with writing() as unit:
        session[_KEY] = mail_code.ask(unit, _who(), locale=current_locale(), replaces=_secret())
    return see_other(url_for("accounts.again_by_mail", next=next_path))


@blueprint.post(f"{PAGE}/code")
@allow(READER)
@private
def prove_again_by_mail() -> BaseResponse | tuple[str, int]:
    """Check the code and, where it is on, that of the app; then on to what was asked for."""
    form = AgainByMailForm()
    form.next.data = place_to_go(form.next.data)
    try:
        if form.validate():
            if _proved(form):
                attempts.accepted("mailed code again", current_user.email)
                session.pop(_KEY, None)
                return see_other(form.next.data)
            attempts.refused("mailed code again", current_user.email)
    except CodeGone as gone:
        session.pop(_KEY, None)
        flash(str(GONE[gone.cause]), "warning")
        return see_other(url_for("accounts.again_by_mail", next=form.next.data))
    return _page(form), 422


def _proved(form: AgainByMailForm) -> bool:
    """The app's code comes first: one mistyped there must not use up the mail's. Raises CodeGone, Throttled."""
    person = current_user._get_current_object()
    signin.count(db.session, _who())
    with writing() as unit:
        coded = second_factor.of(unit, person.id) is not None
        if coded and second_factor.check(unit, person.id, form.code.data or "") is None:
            form.code.errors = [wrong_code()]
            return False
        reader = mail_code.try_code(unit, _secret(), form.mailed.data)
        if reader is None or reader.id != person.id:
            form.mailed.errors = [wrong_mail_code()]
            return False
        sessions.verify(unit, person.session_id, second_factor=coded)
        signin.forgive(unit, _who())
    return True


def _who() -> Visitor:
    """Counted by this session: nobody else can keep its reader from trying."""
    return Visitor(current_user.email, network(), f"session-{current_user.session_id}")


def _secret() -> str:
    return str(session.get(_KEY) or "")


def _page(form: AgainByMailForm) -> str:
    coded = second_factor.of(db.session, current_user.id) is not None
    return render_template("accounts/again_by_mail.html", form=form, coded=coded, asked=bool(_secret()))

"""The second step of a sign-in, and proving again who one is before an act that matters."""

from flask import flash, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import audit
from portal.accounts import attempts, browser, mails, second_factor, sessions, signin, waiting
from portal.accounts.forms import AgainForm, CodeForm
from portal.accounts.models import Reader
from portal.accounts.second_factor import Proof
from portal.accounts.tokens import LinkError
from portal.accounts.views import blueprint, network, place_to_go
from portal.db import AnySession, db, writing
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.web import PUBLIC, READER, allow, private, see_other


@blueprint.get("/login/code")
@allow(PUBLIC)
@private
def second_step() -> BaseResponse | str:
    """The page that asks for the code."""
    if current_user.is_authenticated:
        return see_other("/")
    return _begin_again() if waiting.waiting(db.session) is None else _page(CodeForm())


@blueprint.post("/login/code")
@allow(PUBLIC)
@private
def take_code() -> BaseResponse | tuple[str, int]:
    """Check the code, and open the session."""
    found = waiting.waiting(db.session)
    if found is None:
        return _begin_again()
    form = CodeForm()
    if form.validate():
        try:
            answer = _checked(form.code.data, *found)
        except LinkError:
            return _begin_again()
        if answer is not None:
            return answer
        form.code.errors = [wrong_code()]
    return _page(form), 422


def _checked(code: str, reader: Reader, next_path: str) -> BaseResponse | None:
    with writing() as unit:
        second_factor.count_try(unit, reader.id)
    with writing() as unit:
        proof = second_factor.check(unit, reader.id, code)
        answer = None if proof is None else _let_in(unit, proof, next_path)
    if proof is None:
        attempts.refused("second step", reader.email)
    else:
        attempts.accepted(f"second step: {proof.value}", reader.email)
    return answer


def wrong_code() -> str:
    """What is said of a code that is not the app's."""
    return _("This code is not the right one, or was used already. Wait for the next one.")


def _let_in(unit: AnySession, proof: Proof, next_path: str) -> BaseResponse:
    reader, stay = waiting.end(unit)
    second_factor.forgive(unit, reader.id)
    sessions.sign_in(unit, reader, request, second_factor=True, stay=stay)
    if proof is Proof.RECOVERY:
        _tell_recovery(unit, reader)
    answer = see_other(place_to_go(next_path))
    browser.remember_device(answer, reader.email_key)
    return answer


def _tell_recovery(unit: AnySession, reader: Reader) -> None:
    audit.record(unit, "second-factor.recovery-used", actor_id=reader.id, target=("reader", reader.id))
    mails.second_factor_changed(unit, reader, "recovery-used")
    left = second_factor.codes_left(unit, reader.id)
    flash(ngettext("You have %(num)s recovery code left.", "You have %(num)s recovery codes left.", left), "warning")


def _begin_again() -> BaseResponse:
    waiting.forget()
    flash(_("That took too long. Log in again, then type the code."), "info")
    return see_other("/login")


def _page(form: CodeForm) -> str:
    return render_template("accounts/second_step.html", form=form)


@blueprint.get("/login/again")
@allow(READER)
@private
def again() -> BaseResponse | str:
    """Asks for the password once more, before an act that matters; for a mailed code where there is no password."""
    next_path = place_to_go(request.args.get("next"))
    if not signin.has_password(db.session, current_user.id):
        return see_other(url_for("accounts.again_by_mail", next=next_path))
    return _again_page(AgainForm(next=next_path))


@blueprint.post("/login/again")
@allow(READER)
@private
def prove_again() -> BaseResponse | tuple[str, int]:
    """Check password and, where it is on, the code; then on to what was asked for."""
    form = AgainForm()
    form.next.data = place_to_go(form.next.data)
    coded = second_factor.of(db.session, current_user.id) is not None
    if form.validate():
        if _proved(form, coded):
            attempts.accepted("password again", current_user.email)
            return see_other(form.next.data)
        attempts.refused("password again", current_user.email)
    return _again_page(form), 422


def _proved(form: AgainForm, coded: bool) -> bool:
    person = current_user._get_current_object()
    who = signin.Visitor(person.email, network(), f"session-{person.session_id}")
    signin.count(db.session, who)
    checked = signin.check_password(db.session, email=person.email, password=form.password.data)
    with writing() as unit:
        right = checked is not None and checked[0] == person.id
        if not right:
            form.password.errors = [_("This is not the password of this account.")]
        elif coded and second_factor.check(unit, person.id, form.code.data or "") is None:
            form.code.errors = [wrong_code()]
        else:
            sessions.verify(unit, person.session_id, second_factor=coded)
            signin.forgive(unit, who)
            return True
    return False


def _again_page(form: AgainForm) -> str:
    coded = second_factor.of(db.session, current_user.id) is not None
    return render_template("accounts/again.html", form=form, coded=coded)

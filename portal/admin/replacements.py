"""The queue of replacements beyond what an organisation may make by itself: agree, which makes it, or decline."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, render_template, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import aliased

from portal.accounts.forms import ButtonForm
from portal.accounts.models import Reader
from portal.admin.pages import PER_PAGE, bp, found
from portal.admin.trial_requests import DeclineForm
from portal.db import AnySession, db, writing
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.organisations import removing, replacing
from portal.organisations.models import Organisation, Seat
from portal.organisations.models_team import Answer, ReplacementRequest
from portal.roles import Permission
from portal.web import allow, private, see_other, staff

_RULE = staff(Permission.ANSWER_ENQUIRIES)
ANSWERS: Mapping[Answer, object] = {
    Answer.APPROVED: _("Agreed"),
    Answer.DECLINED: _("Declined"),
    Answer.WITHDRAWN: _("Withdrawn"),
}
_REFUSALS: Mapping[str, object] = {
    "answered": _("Somebody has answered in the meantime. Nothing was done twice."),
    "member": _("This address has a licence of the organisation by now."),
    "waiting": _("This address is invited by the organisation by now."),
    "over": _("Nobody sits on this licence any more: decline, and say that the place is free."),
}


@bp.get("/admin/replacements")
@allow(_RULE)
@private
def replacements() -> str:
    """Requests that wait, oldest first, then the last that were answered."""
    return render_template("admin/replacements.html", rows=_rows(), answers=ANSWERS)


def _rows() -> list[Any]:
    asker, sitting = aliased(Reader), aliased(Reader)
    statement = (
        select(ReplacementRequest, Organisation, asker, sitting)
        .join(Organisation, Organisation.id == ReplacementRequest.organisation_id)
        .join(asker, asker.id == ReplacementRequest.asked_by)
        .join(Seat, Seat.id == ReplacementRequest.seat_id)
        .join(sitting, sitting.id == Seat.reader_id)
        .order_by(ReplacementRequest.answered_at.is_not(None), ReplacementRequest.created_at, ReplacementRequest.id)
    )
    return list(db.session.execute(statement.limit(4 * PER_PAGE)))


@bp.get("/admin/replacements/<int:asked_id>")
@allow(_RULE)
@private
def replacement(asked_id: int) -> Any:
    """One request, what the organisation has replaced of late, and the two answers."""
    return _shown(asked_id)


@bp.post("/admin/replacements/<int:asked_id>/approve")
@allow(_RULE)
@private
def approve_replacement(asked_id: int) -> Any:
    """Agree: the one is taken off, the other invited."""
    found(ReplacementRequest, asked_id)
    form = ButtonForm()
    if form.validate() and _done(form, lambda unit: removing.approve(unit, asked_id, actor_id=current_user.id)):
        return _next(gettext("Agreed: the place is free, the invitation is on its way, the managers are told."))
    return _shown(asked_id, approve=form)


@bp.post("/admin/replacements/<int:asked_id>/decline")
@allow(_RULE)
@private
def decline_replacement(asked_id: int) -> Any:
    """Say no, with a sentence."""
    found(ReplacementRequest, asked_id)
    form = DeclineForm()

    def no(unit: AnySession) -> None:
        removing.decline(unit, asked_id, form.text.data, actor_id=current_user.id)

    if form.validate() and _done(form, no):
        return _next(gettext("Declined; the managers are told by e-mail."))
    return _shown(asked_id, decline=form)


def _done(form: FlaskForm, act: Callable[[AnySession], None]) -> bool:
    """Do it in one unit of work; False with a sentence in the form when it cannot be done."""
    try:
        with writing() as unit:
            act(unit)
    except removing.Answered:
        form.form_errors.append(str(_REFUSALS["answered"]))
        return False
    except removing.CannotReplace as error:
        form.form_errors.append(str(_REFUSALS[error.code]))
        return False
    return True


def _next(sentence: str) -> Any:
    flash(sentence, "success")
    return see_other(url_for("admin.replacements"))


def _shown(asked_id: int, approve: FlaskForm | None = None, decline: FlaskForm | None = None) -> Any:
    asked = found(ReplacementRequest, asked_id)
    organisation, seat = found(Organisation, asked.organisation_id), found(Seat, asked.seat_id)
    failed = any(form is not None and (form.errors or form.form_errors) for form in (approve, decline))
    page = render_template(
        "admin/replacement.html",
        asked=asked,
        organisation=organisation,
        asker=found(Reader, asked.asked_by),
        sitting=found(Reader, seat.reader_id),
        allowance=replacing.allowance(db.session, organisation),
        answer=ANSWERS.get(asked.answer) if asked.answer else None,
        approve=approve or ButtonForm(formdata=None),
        decline=decline or DeclineForm(formdata=None),
    )
    return (page, 422) if failed else page

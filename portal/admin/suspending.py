"""Suspending an account and lifting it: rights stay as they are, the decision refuses at once."""

from typing import Any

from flask import abort, flash, render_template, url_for
from flask_login import current_user

from portal.accounts import suspension
from portal.accounts.models import Reader
from portal.admin.forms import ReasonForm
from portal.admin.pages import bp, found
from portal.db import writing
from portal.i18n import gettext
from portal.roles import Permission
from portal.web import allow, private, see_other, staff

_RULE = staff(Permission.CHANGE_GRANTS)


@bp.route("/admin/readers/<int:reader_id>/suspend", methods=["GET", "POST"])
@allow(_RULE)
@private
def suspend(reader_id: int) -> Any:
    """Suspend an account, with a reason; nobody suspends themselves."""
    person = found(Reader, reader_id)
    if person.id == current_user.id or person.suspended_at is not None:
        abort(404)
    return _act(reader_id, "reader.suspended", "admin/suspend.html", gettext("The account is suspended."))


@bp.route("/admin/readers/<int:reader_id>/unsuspend", methods=["GET", "POST"])
@allow(_RULE)
@private
def unsuspend(reader_id: int) -> Any:
    """Lift a suspension, with a reason."""
    if found(Reader, reader_id).suspended_at is None:
        abort(404)
    return _act(reader_id, "reader.unsuspended", "admin/unsuspend.html", gettext("The suspension is lifted."))


def _act(reader_id: int, act: str, template: str, done: str) -> Any:
    form = ReasonForm()
    if form.validate_on_submit():
        _write(reader_id, act, form.reason.data.strip())
        flash(done, "success")
        return see_other(url_for("admin.reader", reader_id=reader_id))
    return render_template(template, form=form, reader=found(Reader, reader_id)), 422 if form.errors else 200


def _write(reader_id: int, act: str, reason: str) -> None:
    done = suspension.suspend if act == "reader.suspended" else suspension.lift
    with writing() as unit:
        done(unit, unit.get_one(Reader, reader_id), reason, actor_id=current_user.id)

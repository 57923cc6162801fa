"""How many trials may run at a time for one company: its page, and the form that changes the number."""

from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user
from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional

from portal import clock
from portal.admin.forms import ReasonForm
from portal.admin.pages import bp
from portal.db import db, writing
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.roles import Permission
from portal.trials import caps, queue
from portal.trials.caps import CapError
from portal.web import allow, private, see_other, staff

_RULE = staff(Permission.EXTEND_TRIALS)
_NUMBER = _("Enter a number of trials, from 0 to 500, or leave this empty.")


class CapForm(ReasonForm):
    """The company's own number; empty: as everybody."""

    cap = IntegerField(
        _("Trials of each edition at a time"),
        invalid_value_message=_NUMBER,
        validators=[Optional(), NumberRange(0, caps.MOST, _NUMBER)],
    )


@bp.get("/admin/trial-requests/caps")
@allow(_RULE)
@private
def trial_caps() -> Any:
    """Find a company by its domain or by an address; companies with a number of their own."""
    typed = request.args.get("company", "")[:254].replace("\0", "").strip()
    company = caps.company_named(typed) if typed else None
    if company is not None:
        return see_other(url_for("admin.trial_cap", company=company))
    return render_template("admin/trial_caps.html", typed=typed, caps=queue.own_caps(db.session))


@bp.route("/admin/trial-requests/caps/<company>", methods=["GET", "POST"])
@allow(_RULE)
@private
def trial_cap(company: str) -> Any:
    """One company: what runs, and how many may."""
    if caps.company_named(company) != company:
        abort(404)
    own = caps.own_cap(db.session, company)
    form = CapForm(data={"cap": own.cap if own else None})
    if form.validate_on_submit() and _changed(form, company):
        flash(gettext("The number of trials is changed for %(company)s.", company=company), "success")
        return see_other(url_for("admin.trial_cap", company=company))
    page = render_template(
        "admin/trial_cap.html",
        company=company,
        own=own,
        form=form,
        running=queue.running(db.session, company, clock.now()),
        usual=", ".join(f"{name} {number}" for name, number in caps.defaults(db.session)),
        most=caps.MOST,
    )
    return (page, 422) if form.errors or form.form_errors else page


def _changed(form: CapForm, company: str) -> bool:
    try:
        with writing() as unit:
            caps.set_cap(unit, company, form.cap.data, reason=form.reason.data, actor_id=current_user.id)
    except CapError:
        form.form_errors.append(gettext("Somebody has changed this in the meantime: look at the number again."))
        return False
    return True

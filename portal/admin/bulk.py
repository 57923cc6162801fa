"""Giving rights to a list of addresses: the form, a preview of what it would do, and the act itself, all or nothing."""

from typing import Any
from uuid import UUID

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user

from portal.access import grants, held, mails, words
from portal.access.held import GrantError
from portal.access.words import end_words
from portal.admin import bulk_plan, bulk_queries
from portal.admin.bulk_form import MOST, BulkForm, bulk_form
from portal.admin.bulk_plan import Plan
from portal.admin.giving import refusal
from portal.admin.pages import bp
from portal.db import AnySession, db, writing
from portal.i18n import gettext, ngettext
from portal.roles import Permission
from portal.verticals import all_verticals
from portal.web import allow, private, see_other, staff

_CHANGE = staff(Permission.CHANGE_GRANTS)


class Changed(Exception):
    """Something has changed since the preview; the plan is what would be done now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


@bp.route("/admin/grants/list", methods=["GET", "POST"])
@allow(_CHANGE)
@private
def bulk() -> Any:
    """The form; sent, the preview. Nothing is given here."""
    verticals = all_verticals(db.session)
    form = bulk_form(verticals)
    if "change" not in request.form and form.validate_on_submit():
        return _preview(form, bulk_plan.plan(db.session, form.pasted(), form.wish(verticals)))
    return _page(form)


@bp.post("/admin/grants/list/confirm")
@allow(_CHANGE)
@private
def confirm_bulk() -> Any:
    """Give what the preview showed; shown again when it would be something else by now."""
    form = bulk_form(all_verticals(db.session))
    if not form.validate_on_submit():
        return _page(form)
    act_id = form.act_id()
    try:
        with writing() as unit:
            told = _given(unit, form, act_id)
    except Changed as error:
        return _preview(form, error.plan, changed=True)
    except GrantError as error:
        form.form_errors.append(refusal(error))
        return _page(form)
    _say(told)
    return see_other(url_for("admin.grants_of_act", act_id=act_id))


def _given(unit: AnySession, form: BulkForm, act_id: str) -> int | None:
    """How many people are told; None when the act was done before. Raises Changed."""
    wish = form.wish(all_verticals(unit))
    plan = bulk_plan.plan(unit, form.pasted(), wish, hold=True)
    if held.of_act(unit, act_id):
        return None
    if not plan.given or plan.fingerprint() != form.seen.data:
        raise Changed(plan)
    starts_at, ends_at = wish.span()
    made = grants.give_many(
        unit,
        {line.reader_id: [vertical.id for vertical in line.given] for line in plan.given},
        starts_at=starts_at,
        ends_at=ends_at,
        reason=wish.reason,
        actor_id=current_user.id,
        act_id=act_id,
    )
    return mails.tell_many(unit, made)


def _say(told: int | None) -> None:
    if told is None:
        flash(gettext("This list was given already, by the same preview. Nothing was given twice."), "info")
        return
    done = gettext("The access is granted.")
    text = ngettext("%(num)s person is told by e-mail.", "%(num)s people are told by e-mail.", told)
    flash(f"{done} {text}", "success")


def _page(form: BulkForm) -> Any:
    """The form; 422 when it was refused, with everything that was typed."""
    colours = {str(vertical.id): vertical.slug for vertical in all_verticals(db.session)}
    return render_template("admin/bulk.html", form=form, colours=colours, most=MOST), 422 if form.errors else 200


def _preview(form: BulkForm, plan: Plan, *, changed: bool = False) -> Any:
    """What would be done, with everything that is needed to do it; 422 when it is not what was shown before."""
    starts_at, ends_at = plan.wish.span()
    context = {
        "plan": plan,
        "seen": plan.fingerprint(),
        "changed": changed,
        "start": words.start_words(starts_at),
        "end": end_words(ends_at),
        "spoken": bulk_queries.spoken,
        "effects": bulk_queries.EFFECTS,
    }
    return render_template("admin/bulk_preview.html", form=form, **context), 422 if changed else 200


@bp.get("/admin/grants/acts/<uuid:act_id>")
@allow(staff(Permission.SEE_READERS))
@private
def grants_of_act(act_id: UUID) -> str:
    """What one act gave, to whom, and how it stands now."""
    act = bulk_queries.act(db.session, str(act_id))
    if act is None:
        abort(404)
    return render_template("admin/act.html", act=act)

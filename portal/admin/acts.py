"""What staff do to rights: give, extend a trial, move an end, revoke. Each act is audited and told to the reader."""

from typing import Any

from flask import abort, flash, render_template, url_for
from flask_login import current_user
from flask_wtf import FlaskForm

from portal import clock
from portal.access import grants, mails
from portal.access.grants import GrantError, Holder
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.access.words import SOURCES, end_words, last_day
from portal.accounts.models import Reader
from portal.admin.forms import MOST_DAYS, EndForm, ExtendForm, GrantForm, RevokeForm
from portal.admin.pages import bp, changeable, found
from portal.admin.readers import grant_form, reader_page
from portal.db import db, writing
from portal.i18n import gettext
from portal.roles import Permission
from portal.trials.extend import extend as extend_trial
from portal.verticals import Vertical, all_verticals
from portal.web import allow, private, see_other, staff

_CHANGE = staff(Permission.CHANGE_GRANTS)


@bp.post("/admin/readers/<int:reader_id>/grants")
@allow(_CHANGE)
@private
def give(reader_id: int) -> Any:
    """Give verticals to a reader until a day."""
    person = found(Reader, reader_id)
    form = grant_form(all_verticals(db.session))
    if form.validate_on_submit() and _give(form, person.id):
        flash(gettext("The access is granted; the reader is told by e-mail."), "success")
        return see_other(url_for("admin.reader", reader_id=reader_id))
    return reader_page(person, form)


def _give(form: GrantForm, reader_id: int) -> bool:
    today = clock.paris_date(clock.now())
    first = form.start.data or today
    try:
        starts_at, ends_at = grants.day_bounds(first, form.until.data)
        with writing() as unit:
            made = grants.give(
                unit,
                Holder(reader_id=reader_id),
                form.verticals.data,
                starts_at=clock.now() if first == today else starts_at,
                ends_at=ends_at,
                reason=form.reason.data,
                actor_id=current_user.id,
            )
            mails.tell_given(unit, made)
    except GrantError as error:
        return _refused(form, error)
    return True


def _refused(form: FlaskForm, error: GrantError) -> bool:
    """Put the service's refusal beside the field it is about; the page is then shown again."""
    sentences = {
        "dates": gettext("These dates do not make a right: check the first and the last day."),
        "reason": gettext("Say why: the reason is kept in the audit log."),
        "revoked": gettext("This right was revoked in the meantime. Grant a new one."),
        "past": gettext("This right is over already."),
    }
    sentence = sentences.get(error.code, gettext("This right cannot be changed so."))
    form.form_errors.append(sentence)
    return False


@bp.route("/admin/grants/<int:grant_id>/extend", methods=["GET", "POST"])
@allow(staff(Permission.EXTEND_TRIALS))
@private
def extend(grant_id: int) -> Any:
    """More days for a trial, counted from today or from its last day."""
    grant, person = changeable(grant_id)
    if grant.source is not Source.TRIAL or grant.revoked_at is not None:
        abort(404)
    form = ExtendForm()
    if form.validate_on_submit() and _extend(form, grant_id):
        flash(gettext("The trial is extended; the reader is told by e-mail."), "success")
        return see_other(url_for("admin.reader", reader_id=person.id))
    return _page("admin/extend.html", form, grant_id, most=MOST_DAYS)


def _extend(form: ExtendForm, grant_id: int) -> bool:
    try:
        with writing() as unit:
            grant = unit.get_one(Grant, grant_id)
            extend_trial(unit, grant, form.days.data, reason=form.reason.data, actor_id=current_user.id)
    except GrantError as error:
        return _refused(form, error)
    return True


@bp.route("/admin/grants/<int:grant_id>/end", methods=["GET", "POST"])
@allow(_CHANGE)
@private
def move_end(grant_id: int) -> Any:
    """Another last day for a granted access or a trial."""
    grant, person = changeable(grant_id)
    end = last_day(grant.ends_at) or grant.ends_at
    form = EndForm(data={"until": clock.paris_date(end)})
    if form.validate_on_submit() and _move_end(form, grant_id):
        flash(gettext("The end is changed; the reader is told by e-mail."), "success")
        return see_other(url_for("admin.reader", reader_id=person.id))
    return _page("admin/end.html", form, grant_id)


def _move_end(form: EndForm, grant_id: int) -> bool:
    try:
        with writing() as unit:
            grant = unit.get_one(Grant, grant_id)
            _start, ends_at = grants.day_bounds(form.until.data, form.until.data)
            act = "trial.extended" if grant.source is Source.TRIAL else "grant.moved"
            grants.move_end(unit, grant, ends_at, reason=form.reason.data, actor_id=current_user.id, act=act)
            mails.tell_extended(unit, grant)
    except GrantError as error:
        return _refused(form, error)
    return True


@bp.route("/admin/grants/<int:grant_id>/revoke", methods=["GET", "POST"])
@allow(_CHANGE)
@private
def revoke(grant_id: int) -> Any:
    """End a right now, on a page of its own."""
    _grant, person = changeable(grant_id)
    form = RevokeForm()
    if form.validate_on_submit() and _revoke(form, grant_id):
        flash(gettext("The access is revoked; the reader is told by e-mail."), "success")
        return see_other(url_for("admin.reader", reader_id=person.id))
    return _page("admin/revoke.html", form, grant_id)


def _revoke(form: RevokeForm, grant_id: int) -> bool:
    try:
        with writing() as unit:
            grant = unit.get_one(Grant, grant_id)
            grants.revoke(unit, grant, reason=form.reason.data, actor_id=current_user.id)
            mails.tell_revoked(unit, grant)
    except GrantError as error:
        return _refused(form, error)
    return True


def _page(template: str, form: FlaskForm, grant_id: int, **more: Any) -> Any:
    """A form about one grant; 422 when it was refused."""
    grant, person = changeable(grant_id)
    vertical = found(Vertical, grant.vertical_id)
    context = {
        "grant": grant,
        "reader": person,
        "vertical": vertical,
        "source": SOURCES[grant.source],
        "ends": end_words(grant.ends_at),
        **more,
    }
    return render_template(template, form=form, **context), 422 if form.errors or form.form_errors else 200

"""What staff do to a right that exists: extend a trial, move an end, revoke. Each act is audited and told.

A form carries the end it was filled in under: two tabs or two people at once never move an end they have not seen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, flash, render_template
from flask_login import current_user
from flask_wtf import FlaskForm

from portal import clock
from portal.access import grants, held, mails
from portal.access.held import GrantError
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.access.words import SOURCES, end_words, last_day
from portal.admin import meanwhile
from portal.admin.forms import MOST_DAYS, EndForm, ExtendForm, RevokeForm
from portal.admin.giving import refusal
from portal.admin.holders import changeable
from portal.admin.meanwhile import Meanwhile
from portal.admin.pages import bp, found
from portal.db import AnySession, db, writing
from portal.i18n import gettext
from portal.roles import Permission
from portal.trials import dates
from portal.trials.extend import extend as extend_trial
from portal.verticals import Vertical
from portal.web import allow, private, see_other, staff

_CHANGE = staff(Permission.CHANGE_GRANTS)


@dataclass(frozen=True, slots=True)
class MoreDays:
    """Civil days for a trial, counted from today or from its last day, whichever is later."""

    form: ExtendForm
    template: str = "admin/extend.html"

    def asked(self, known: datetime) -> datetime:
        return dates.extended(known, clock.now(), self.form.days.data)

    def do(self, unit: AnySession, grant: Grant) -> int:
        extend_trial(unit, grant, self.form.days.data, reason=self.form.reason.data, actor_id=current_user.id)
        return 1

    def done(self) -> str:
        return gettext("The trial is extended.")


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """Another last day, later or earlier."""

    form: EndForm
    template: str = "admin/end.html"

    def asked(self, known: datetime) -> datetime:
        return dates.end_of_day(self.form.until.data)

    def do(self, unit: AnySession, grant: Grant) -> int:
        before = grant.ends_at
        ends_at = self.asked(before)
        grants.move_end(unit, grant, ends_at, reason=self.form.reason.data, actor_id=current_user.id)
        return mails.tell_moved(unit, grant, before)

    def done(self) -> str:
        return gettext("The end is changed.")


Move = MoreDays | OtherEnd
"""A way to move an end: what is asked by somebody who saw the end `known`, how it is done (how many people are told),
and the sentence for it."""


@bp.route("/admin/grants/<int:grant_id>/extend", methods=["GET", "POST"])
@allow(staff(Permission.EXTEND_TRIALS))
@private
def extend(grant_id: int) -> Any:
    """More days for a trial."""
    grant, _holding = changeable(grant_id)
    if grant.source is not Source.TRIAL:
        abort(404)
    return _moving(grant_id, MoreDays(ExtendForm(data={"known": grant.ends_at.isoformat()})))


@bp.route("/admin/grants/<int:grant_id>/end", methods=["GET", "POST"])
@allow(_CHANGE)
@private
def move_end(grant_id: int) -> Any:
    """Another last day for a granted access or a trial."""
    grant, _holding = changeable(grant_id)
    end = last_day(grant.ends_at) or grant.ends_at
    form = EndForm(data={"until": clock.paris_date(end), "known": grant.ends_at.isoformat()})
    return _moving(grant_id, OtherEnd(form))


def _moving(grant_id: int, move: Move) -> Any:
    grant, holding = changeable(grant_id)
    if grant.revoked_at is not None:
        return _over(grant_id)
    if move.form.validate_on_submit() and _moved(grant_id, move):
        return see_other(holding.url)
    return _page(move.template, move.form, grant_id, most=MOST_DAYS)


def _moved(grant_id: int, move: Move) -> bool:
    """Move the end and say so. False when it is refused: the form then says why."""
    _grant, holding = changeable(grant_id)
    try:
        with writing() as unit:
            grant = held.grant(unit, grant_id)
            _check_seen(unit, grant, move)
            told = move.do(unit, grant)
    except Meanwhile as other:
        return _said_meanwhile(other, move.form)
    except GrantError as error:
        move.form.form_errors.append(refusal(error))
        return False
    flash(f"{move.done()} {holding.told(told)}", "success")
    return True


def _check_seen(unit: AnySession, grant: Grant, move: Move) -> None:
    """Raise Meanwhile when the form was filled in under another end than the present one."""
    if move.form.shows(grant.ends_at) or grant.revoked_at is not None:
        return
    known = move.form.known_end()
    raise meanwhile.moved(unit, grant, done=known is not None and move.asked(known) == grant.ends_at)


def _said_meanwhile(other: Meanwhile, form: EndForm | ExtendForm) -> bool:
    """What is asked stands already: said, nothing to do. Else the form is shown again, under the end as it is now."""
    if other.done:
        flash(other.sentence, "info")
        return True
    form.known.data = other.end
    form.form_errors.append(other.sentence)
    return False


@bp.route("/admin/grants/<int:grant_id>/revoke", methods=["GET", "POST"])
@allow(_CHANGE)
@private
def revoke(grant_id: int) -> Any:
    """End a right now, on a page of its own."""
    grant, holding = changeable(grant_id)
    if grant.revoked_at is not None or grant.ends_at <= clock.now():
        return _over(grant_id)
    form = RevokeForm()
    if form.validate_on_submit() and _revoked(form, grant_id):
        return see_other(holding.url)
    return _page("admin/revoke.html", form, grant_id)


def _revoked(form: RevokeForm, grant_id: int) -> bool:
    _grant, holding = changeable(grant_id)
    try:
        with writing() as unit:
            grant = held.grant(unit, grant_id)
            grants.revoke(unit, grant, reason=form.reason.data, actor_id=current_user.id)
            told = mails.tell_revoked(unit, grant)
    except GrantError as error:
        if error.code != "past":
            form.form_errors.append(refusal(error))
            return False
        flash(meanwhile.revoked(db.session, found(Grant, grant_id)), "info")
    else:
        flash(f"{gettext('The access is revoked.')} {holding.told(told)}", "success")
    return True


def _over(grant_id: int) -> Any:
    """The right has ended or was revoked, perhaps a moment ago in another tab: back to its holder, with a sentence."""
    grant, holding = changeable(grant_id)
    flash(meanwhile.revoked(db.session, grant), "info")
    return see_other(holding.url)


def _page(template: str, form: FlaskForm, grant_id: int, **more: Any) -> Any:
    """A form about one grant; 422 when it was refused."""
    grant, holding = changeable(grant_id)
    vertical = found(Vertical, grant.vertical_id)
    context = {
        "holding": holding,
        "vertical": vertical,
        "source": SOURCES[grant.source],
        "ends": end_words(grant.ends_at),
        **more,
    }
    return render_template(template, form=form, **context), 422 if form.errors else 200

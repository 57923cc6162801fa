"""The queue of requests about trials: the list, one request with what helps to decide, and its answer."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import TextAreaField

from portal import clock
from portal.accounts.forms import ButtonForm, Form, Needed, SomeLines, one_kind_of_break, trimmed
from portal.accounts.identity import is_relay
from portal.accounts.models import Reader
from portal.admin.forms import MOST_DAYS, ExtendForm
from portal.admin.pages import PER_PAGE, bp, found
from portal.db import AnySession, db, writing
from portal.enquiries.queries import name_of
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.roles import Permission
from portal.trials import answering, asking, caps, queue
from portal.trials.answering import RequestError
from portal.trials.models import RequestAnswer, RequestKind, TrialRequest
from portal.trials.queue import Filters
from portal.verticals import Vertical
from portal.web import allow, private, see_other, staff
from portal.working_days import answer_by

_RULE = staff(Permission.EXTEND_TRIALS)
_FURTHEST = 1_000
_DAYS = 7  # what the form proposes
KINDS: Mapping[RequestKind, object] = {
    RequestKind.COMPANY_CAP: _("Trial beyond the company's cap"),
    RequestKind.EXTENSION: _("More days"),
}
ANSWERS: Mapping[RequestAnswer | None, object] = {
    RequestAnswer.STARTED: _("Trial started"),
    RequestAnswer.EXTENDED: _("Trial extended"),
    RequestAnswer.DECLINED: _("Declined"),
    None: _("Closed without an answer"),
}
_REFUSALS: Mapping[str, object] = {
    "answered": _("Somebody has answered in the meantime. Nothing was done twice."),
    "empty": _("Write a sentence: it goes to the reader as it stands."),
    "dates": _("Enter a number of days, from 1 to 90."),
    "reason": _("Say why: the reason is kept in the audit log."),
    "unconfirmed": _("The address of this account is not confirmed: no trial can begin."),
    "suspended": _("This account is suspended: no trial can begin."),
    "tried": _("This reader has tried this edition in the meantime."),
    "readable": _("This reader can read this edition by now: there is nothing to give."),
    "closed": _("This edition takes no trials at the moment."),
    "revoked": _("This trial was revoked. Grant an access from the reader's page instead."),
}


class DeclineForm(Form):
    """Why not, in a sentence for the reader."""

    text = TextAreaField(
        _("Your sentence"),
        filters=[trimmed, one_kind_of_break],
        validators=[Needed(_REFUSALS["empty"]), SomeLines(asking.LONGEST)],
    )


@bp.get("/admin/trial-requests")
@allow(_RULE)
@private
def trial_requests() -> str:
    """Requests that wait, oldest first, then answered ones."""
    filters, page = _filters(), min(max(request.args.get("page", 1, type=int), 1), _FURTHEST)
    rows = queue.requests(db.session, filters, offset=(page - 1) * PER_PAGE, limit=PER_PAGE)
    return render_template(
        "admin/trial_requests.html",
        rows=rows[:PER_PAGE],
        due={row[0].id: answer_by(row[0].created_at) for row in rows},
        today=clock.paris_date(clock.now()),
        filters=filters,
        filtered=filters != Filters(),
        kinds=KINDS,
        answers=ANSWERS,
        caps=queue.own_caps(db.session),
        next_url=_address(filters, page + 1) if len(rows) > PER_PAGE else None,
        previous_url=_address(filters, page - 1) if page > 1 else None,
    )


def _filters() -> Filters:
    """The filters of the address, unknown words left out."""
    kind, state = request.args.get("kind"), request.args.get("state")
    return Filters(
        kind=RequestKind(kind) if kind in set(RequestKind) else None,
        waiting=state == "waiting" if state in ("waiting", "answered") else None,
    )


def _address(filters: Filters, page: int) -> str:
    state = {True: "waiting", False: "answered", None: None}[filters.waiting]
    return url_for("admin.trial_requests", kind=filters.kind, state=state, page=page if page > 1 else None)


@bp.get("/admin/trial-requests/<int:request_id>")
@allow(_RULE)
@private
def trial_request(request_id: int) -> Any:
    """One request: who asks, who tries in their company, and the two forms that answer."""
    return _shown(request_id)


@bp.post("/admin/trial-requests/<int:request_id>/accept")
@allow(_RULE)
@private
def accept_trial_request(request_id: int) -> Any:
    """Start the trial, or give the days."""
    row = found(TrialRequest, request_id)
    if row.kind is RequestKind.COMPANY_CAP:
        form: Any = ButtonForm()
        done = form.validate() and _answered(form, request_id, answering.start_asked)
    else:
        form = ExtendForm()
        done = form.validate() and _answered(form, request_id, _give(form))
    if done:
        flash(gettext("Done; the reader is told by e-mail."), "success")
        return see_other(url_for("admin.trial_requests"))
    return _shown(request_id, accept=form)


Act = Callable[..., None]


def _give(form: ExtendForm) -> Act:
    def give(unit: AnySession, row: TrialRequest, *, actor_id: int) -> None:
        answering.give_more(unit, row, form.days.data, reason=form.reason.data, actor_id=actor_id)

    return give


@bp.post("/admin/trial-requests/<int:request_id>/decline")
@allow(_RULE)
@private
def decline_trial_request(request_id: int) -> Any:
    """Say no, with a sentence."""
    found(TrialRequest, request_id)
    form = DeclineForm()

    def no(unit: AnySession, row: TrialRequest, *, actor_id: int) -> None:
        answering.decline(unit, row, form.text.data, actor_id=actor_id)

    if form.validate() and _answered(form, request_id, no):
        flash(gettext("Declined; the reader is told by e-mail."), "success")
        return see_other(url_for("admin.trial_requests"))
    return _shown(request_id, decline=form)


@bp.post("/admin/trial-requests/<int:request_id>/close")
@allow(_RULE)
@private
def close_trial_request(request_id: int) -> Any:
    """Take it from the queue when it has settled itself: nothing is written to the reader."""
    row, form = found(TrialRequest, request_id), ButtonForm()
    if answering.moot(db.session, row) and _answered(form, request_id, answering.close):
        flash(gettext("Closed without an answer."), "success")
        return see_other(url_for("admin.trial_requests"))
    return _shown(request_id, accept=form)


def _answered(form: FlaskForm, request_id: int, act: Act) -> bool:
    """Do it in one unit of work; False with a sentence in the form when it cannot be done."""
    try:
        with writing() as unit:
            act(unit, unit.get_one(TrialRequest, request_id), actor_id=current_user.id)
    except RequestError as error:
        form.form_errors.append(str(_REFUSALS[error.code]))
        return False
    return True


def _shown(request_id: int, accept: FlaskForm | None = None, decline: FlaskForm | None = None) -> Any:
    row = found(TrialRequest, request_id)
    reader, vertical = found(Reader, row.reader_id), found(Vertical, row.vertical_id)
    more = row.kind is RequestKind.EXTENSION
    failed = any(form is not None and (form.errors or form.form_errors) for form in (accept, decline))
    page = render_template(
        "admin/trial_request.html",
        asked=row,
        reader=reader,
        vertical=vertical,
        more=more,
        kind=KINDS[row.kind],
        answer=ANSWERS[row.answer],
        answered_by=name_of(db.session, row.answered_by),
        due=answer_by(row.created_at),
        today=clock.paris_date(clock.now()),
        moot=row.answered_at is None and answering.moot(db.session, row),
        accept=accept or (ExtendForm(formdata=None, data={"days": _DAYS}) if more else ButtonForm(formdata=None)),
        decline=decline or DeclineForm(formdata=None),
        has_errors=failed,
        most_days=MOST_DAYS,
        relay=is_relay(reader.email.rpartition("@")[2]),
        tried_until=queue.tried_until(db.session, row),
        **_company(reader, vertical),
    )
    return (page, 422) if failed else page


def _company(reader: Reader, vertical: Vertical) -> dict[str, Any]:
    """Who tries in the reader's company, and how many may; nothing for addresses that stand for no company."""
    if reader.company_key is None:
        return {"company": None, "colleagues": []}
    return {
        "company": reader.company_key,
        "cap": caps.cap_of(db.session, reader.company_key, vertical),
        "colleagues": queue.running(db.session, reader.company_key, clock.now()),
    }

"""The queue of what people ask: the list, one question, its answer, or its end without one."""

from typing import Any

from flask import flash, render_template, request, url_for
from flask_login import current_user
from wtforms import TextAreaField

from portal import clock
from portal.accounts.forms import ButtonForm, Form, Needed, SomeLines, one_kind_of_break, trimmed
from portal.admin.pages import PER_PAGE, bp, found
from portal.billing import offering
from portal.db import db, writing
from portal.enquiries import asking, queries, words
from portal.enquiries.asking import EnquiryError
from portal.enquiries.models import Enquiry, EnquiryKind, EnquiryState
from portal.enquiries.queries import Filters
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.roles import Permission
from portal.web import allow, private, see_other, staff
from portal.working_days import answer_by

_RULE = staff(Permission.ANSWER_ENQUIRIES)
_FURTHEST = 1_000
_REFUSALS = {
    "empty": _("Write the answer: it goes to the sender as it stands."),
    "answered": _("Somebody has answered in the meantime. Your text was not sent."),
    "closed": _("Somebody has closed this in the meantime. Your text was not sent."),
}


class AnswerForm(Form):
    """What goes to whoever asked."""

    text = TextAreaField(
        _("Your answer"),
        filters=[trimmed, one_kind_of_break],
        validators=[Needed(_REFUSALS["empty"]), SomeLines(8_000)],
    )


@bp.get("/admin/enquiries")
@allow(_RULE)
@private
def enquiries() -> str:
    """Open enquiries, oldest first, then settled ones."""
    filters, page = _filters(), _page()
    rows = queries.queue(db.session, filters, offset=(page - 1) * PER_PAGE, limit=PER_PAGE)
    now = clock.now()
    return render_template(
        "admin/enquiries.html",
        enquiries=rows[:PER_PAGE],
        due={row.id: answer_by(row.created_at) for row in rows},
        today=clock.paris_date(now),
        filters=filters,
        filtered=filters != Filters(),
        kinds=words.KINDS,
        headings={row.id: words.heading(row) for row in rows},
        states=words.STATES,
        next_url=_address(filters, page + 1) if len(rows) > PER_PAGE else None,
        previous_url=_address(filters, page - 1) if page > 1 else None,
    )


def _filters() -> Filters:
    """The filters of the address, unknown words left out."""
    kind, state = request.args.get("kind"), request.args.get("state")
    return Filters(
        kind=EnquiryKind(kind) if kind in set(EnquiryKind) else None,
        state=EnquiryState(state) if state in set(EnquiryState) else None,
    )


def _page() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), _FURTHEST)


def _address(filters: Filters, page: int) -> str:
    return url_for("admin.enquiries", kind=filters.kind, state=filters.state, page=page if page > 1 else None)


@bp.get("/admin/enquiries/<int:enquiry_id>")
@allow(_RULE)
@private
def enquiry(enquiry_id: int) -> Any:
    """One question: who asks, what they said, and the form that answers."""
    return _shown(enquiry_id, AnswerForm())


@bp.post("/admin/enquiries/<int:enquiry_id>")
@allow(_RULE)
@private
def answer_enquiry(enquiry_id: int) -> Any:
    """Send the answer; a sentence when somebody else was quicker."""
    found(Enquiry, enquiry_id)
    form = AnswerForm()
    if form.validate() and _settled(form, enquiry_id, form.text.data):
        flash(gettext("The answer is kept and goes by e-mail."), "success")
        return see_other(url_for("admin.enquiries"))
    return _shown(enquiry_id, form)


@bp.route("/admin/enquiries/<int:enquiry_id>/close", methods=["GET", "POST"])
@allow(_RULE)
@private
def close_enquiry(enquiry_id: int) -> Any:
    """Take it from the queue without an answer, on a page of its own."""
    row, form = found(Enquiry, enquiry_id), ButtonForm()
    if row.state is not EnquiryState.OPEN:
        flash(gettext("This is settled already."), "info")
        return see_other(url_for("admin.enquiry", enquiry_id=enquiry_id))
    if form.validate_on_submit() and _settled(form, enquiry_id, None):
        flash(gettext("Closed without an answer."), "success")
        return see_other(url_for("admin.enquiries"))
    return render_template("admin/close_enquiry.html", enquiry=row, form=form, heading=words.heading(row))


def _settled(form: Form, enquiry_id: int, text: str | None) -> bool:
    """Answer, or close when there is no text; False with a sentence in the form when it was settled meanwhile."""
    try:
        with writing() as unit:
            row = unit.get_one(Enquiry, enquiry_id)
            if text is None:
                asking.close(unit, row, current_user.id)
            else:
                asking.answer(unit, row, text, current_user.id)
    except EnquiryError as error:
        form.refuse(str(_REFUSALS[error.code]))
        return False
    return True


def _shown(enquiry_id: int, form: AnswerForm) -> Any:
    row = found(Enquiry, enquiry_id)
    page = render_template(
        "admin/enquiry.html",
        enquiry=row,
        form=form,
        heading=words.heading(row),
        state=words.STATES[row.state],
        rows=words.facts(db.session, row),
        explanation=words.explanation(row),
        article=queries.article_of(db.session, row),
        reader=queries.name_of(db.session, row.reader_id),
        settled_by=queries.name_of(db.session, row.answered_by),
        due=answer_by(row.created_at),
        today=clock.paris_date(clock.now()),
        quotes=offering.of_enquiry(db.session, row.id),
    )
    return (page, 422) if form.errors else page

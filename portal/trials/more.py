"""More days of a trial that has ended: the reader says why in a sentence, a person answers within one working day."""

from flask import abort, flash, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import HiddenField, TextAreaField

from portal import clock
from portal.access.asking import reader_facts
from portal.accounts.forms import Form, Needed, SomeLines, one_kind_of_break, trimmed
from portal.accounts.models import Reader
from portal.db import db, writing
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.trials import asking, own, queries
from portal.trials.asking import NotAsked
from portal.trials.models import RequestKind
from portal.trials.views import blueprint
from portal.verticals import Vertical, VerticalInfo
from portal.web import READER, allow, own_path, private, see_other

Page = str | Response | tuple[str, int]


class MoreForm(Form):
    """Why, and where to go afterwards."""

    message = TextAreaField(
        _("Why would you like more days?"),
        filters=[trimmed, one_kind_of_break],
        validators=[Needed(_("Say in a sentence why you would like more days.")), SomeLines(asking.LONGEST)],
    )
    next = HiddenField()


@blueprint.get("/trial/more/<vertical>")
@allow(READER)
@private
def more(vertical: str) -> Page:
    """The form; or until when the answer comes, once it was sent."""
    return _page(_known(vertical), MoreForm(data={"next": own_path(request.args.get("next"), "")}))


@blueprint.post("/trial/more/<vertical>")
@allow(READER)
@private
def ask_for_more(vertical: str) -> Page:
    """Keep the wish; then the page says when the answer comes."""
    known, form = _known(vertical), MoreForm()
    if not form.validate():
        return _page(known, form)
    try:
        with writing() as unit:
            reader = unit.get_one(Reader, current_user.id)
            asking.ask_for_more(unit, reader, unit.get_one(Vertical, known.id), form.message.data)
    except NotAsked as refusal:
        if refusal.code != "waiting":
            flash(_refused(known), "warning")
            return see_other("/trial")
    return see_other(own.more_url(vertical, own_path(form.next.data, "")))


def _page(vertical: VerticalInfo, form: MoreForm) -> Page:
    wishes = asking.wishes(db.session, current_user.id)
    code = asking.hindrance(reader_facts(), vertical.slug, wishes, clock.now())
    if code in ("not-ended", "revoked"):
        return see_other("/trial")
    asked = wishes.get((RequestKind.EXTENSION, vertical.slug)) if code else None
    way_back = own_path(form.next.data, "")
    page = render_template("trials/more.html", vertical=vertical, form=form, code=code, asked=asked, next=way_back)
    return (page, 422) if form.errors and not code else page


def _refused(vertical: VerticalInfo) -> str:
    return gettext("More days of %(name)s cannot be asked for at the moment.", name=vertical.name)


def _known(slug: str) -> VerticalInfo:
    return queries.verticals_by_slug(db.session).get(slug) or abort(404)

"""“My data”: a copy of everything kept about the reader, and the end of the account."""

from typing import Any

from flask import Response, abort, flash, render_template, url_for
from flask_login import current_user

from portal import clock
from portal.accounts import sessions
from portal.accounts.fresh import fresh, is_fresh
from portal.accounts.models import Reader
from portal.clock import paris_date
from portal.db import db, writing
from portal.i18n import gettext as _
from portal.profile import copies, erasure
from portal.profile.erasure import EraseRefused
from portal.profile.forms_account import EraseForm
from portal.profile.views import bp
from portal.web import MAX_ID, READER, allow, private, see_other


@bp.get("/profile/data")
@allow(READER)
@private
def data() -> str:
    """The copy that is ready, or on its way, or can be asked for."""
    last = copies.last_of(db.session, current_user.id)
    waiting = last is not None and last.made_at is None
    soon = last is not None and last.asked_at > clock.now() - copies.PAUSE
    ready = copies.ready_of(db.session, current_user.id)
    return render_template("profile/data.html", ready=ready, waiting=waiting, soon=soon)


@bp.post("/profile/data")
@allow(READER)
@private
@fresh
def ask_for_copy() -> Any:
    """Keep the wish; a mail says when the copy is made."""
    try:
        with writing() as unit:
            copies.ask(unit, current_user.id)
    except copies.BeingMade:
        flash(_("Your copy is being made already. A mail tells you when it is ready."), "info")
    except copies.TooSoon:
        flash(_("You can ask for one copy a day. Try again tomorrow."), "warning")
    else:
        flash(_("Your copy is being made. A mail tells you when it is ready."), "success")
    return see_other(url_for("profile.data"))


@bp.get("/profile/data/copy/<int:copy_id>")
@allow(READER)
@private
@fresh
def download_copy(copy_id: int) -> Response:
    """The file, for its owner alone."""
    content = copies.content_of(db.session, current_user.id, copy_id) if copy_id <= MAX_ID else None
    if content is None:
        abort(404)
    name = f"mind-{paris_date(clock.now())}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="application/zip", headers=headers)


@bp.get("/profile/data/erase")
@allow(READER)
@private
def erase() -> str:
    """What goes, what stays and why; the form once the password was typed, or what stands in the way."""
    return _erase_page(EraseForm(current_user.email))


@bp.post("/profile/data/erase")
@allow(READER)
@private
@fresh
def erase_now() -> Any:
    """Erase the account, and sign out for good."""
    person, form = current_user._get_current_object(), EraseForm(current_user.email)
    if not form.validate():
        return _erase_page(form), 422
    try:
        with writing() as unit:
            erasure.erase(unit, unit.get_one(Reader, person.id), actor_id=person.id)
            sessions.sign_out(unit, person)
    except EraseRefused:
        return _erase_page(form), 409
    flash(_("Your account is erased. A last mail to your address says what was kept."), "success")
    answer = see_other("/")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _erase_page(form: EraseForm) -> str:
    refused = erasure.hindrance(db.session, db.session.get_one(Reader, current_user.id))
    return render_template("profile/erase.html", form=form, refused=refused, proved=is_fresh())

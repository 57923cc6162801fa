"""Signing devices out from the account: one, or every other."""

from flask import abort, flash, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts import devices, sessions
from portal.accounts.fresh import fresh
from portal.db import writing
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.profile.views import bp
from portal.web import MAX_ID, READER, allow, private, see_other


@bp.post("/profile/security/devices/<int:session_id>/end")
@allow(READER)
@private
def end_device(session_id: int) -> Response:
    """Sign one device out, at once; the present one as the button of the masthead does."""
    person = current_user._get_current_object()
    if session_id == person.session_id:
        return _leave()
    return _end_another(person.id, session_id)


@fresh
def _end_another(reader_id: int, session_id: int) -> Response:
    """Whoever found a browser open signs nobody else out with it."""
    try:
        with writing() as unit:
            devices.end_one(unit, reader_id, session_id if session_id <= MAX_ID else 0)
    except LookupError:
        abort(404)
    flash(_("This device is signed out."), "success")
    return see_other(url_for("profile.security"))


def _leave() -> Response:
    with writing() as unit:
        sessions.sign_out(unit, current_user._get_current_object())
    flash(_("You are logged out."), "info")
    answer = see_other(url_for("accounts.login"))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@bp.post("/profile/security/devices/end-others")
@allow(READER)
@private
@fresh
def end_other_devices() -> Response:
    """Sign every device out but this one."""
    person = current_user._get_current_object()
    with writing() as unit:
        ended = devices.end_others(unit, person.id, person.session_id)
    if ended:
        flash(ngettext("%(num)s device is signed out.", "%(num)s devices are signed out.", ended), "success")
    else:
        flash(_("You were signed in on no other device."), "info")
    return see_other(url_for("profile.security"))

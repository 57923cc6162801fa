"""“See as”: staff look at the site through a reader's eyes. Nothing can be done in that reader's name."""

from typing import Any

from flask import abort, flash, url_for
from flask_login import current_user

from portal.accounts import eyes
from portal.accounts.models import Reader
from portal.admin.pages import bp, found
from portal.db import writing
from portal.i18n import gettext as _
from portal.roles import Permission, is_staff
from portal.web import READER, allow, private, see_other, staff, viewable


@bp.post("/admin/readers/<int:reader_id>/view-as")
@allow(staff(Permission.VIEW_AS))
@private
def view_as(reader_id: int) -> Any:
    """Look through this reader's eyes; of staff and erased accounts there is nothing to see."""
    reader = found(Reader, reader_id)
    if is_staff(reader.role) or reader.erased_at is not None:
        flash(_("Only the eyes of readers can be looked through."), "warning")
        return see_other(url_for("admin.reader", reader_id=reader_id))
    with writing() as unit:
        eyes.begin(unit, current_user._get_current_object(), reader)
    return see_other("/profile/")


@bp.post("/viewing/stop")
@allow(READER)
@private
@viewable
def stop_viewing() -> Any:
    """Back to one's own eyes, at the page of that reader."""
    person = current_user._get_current_object()
    if person.viewer_id is None:
        abort(404)
    with writing() as unit:
        eyes.stop(unit, person)
    return see_other(url_for("admin.reader", reader_id=person.id))

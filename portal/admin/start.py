"""The start page of the back office."""

from flask import render_template
from flask_login import current_user

from portal import clock
from portal.admin import figures
from portal.admin.pages import bp
from portal.db import db
from portal.roles import Permission
from portal.web import allow, private, staff


@bp.get("/admin/")
@allow(staff(Permission.BACK_OFFICE))
@private
def start() -> str:
    """A few true figures and what waits for somebody."""
    now = clock.now()
    return render_template(
        "admin/start.html",
        figures=figures.figures(db.session, now, current_user.may),
        tasks=figures.work_queue(db.session, now, current_user.may),
        at=now,
    )

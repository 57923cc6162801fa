"""Saved articles: the list, and the button of an article that puts it there or takes it off again."""

from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user

from portal import clock
from portal.access.asking import reader_facts
from portal.content.fronts import page_number
from portal.db import db, writing
from portal.i18n import gettext
from portal.profile import shelf
from portal.profile.views import bp, posted_id
from portal.reading import saved as service
from portal.web import READER, allow, own_path, private, see_other


@bp.get("/profile/saved")
@allow(READER)
@private
def saved() -> str:
    """What the reader has put aside, open to them or not."""
    number, now = page_number(), clock.now()
    total = shelf.count(db.session, current_user.id, now)
    last = max(1, -(-total // shelf.PER_PAGE))
    if number > last:
        abort(404)
    items = shelf.page(db.session, reader_facts(), now, number)
    urls = {n: url_for("profile.saved", page=n if n > 1 else None) for n in range(1, last + 1)}
    return render_template("profile/saved.html", items=items, pages={"page": number, "last": last, "urls": urls})


@bp.post("/profile/saved")
@allow(READER)
def save() -> Any:
    """Put an article aside (`saved` is 1) or take it off the list (0); done twice it is done once.

    A script asks with `quiet` and is answered without a page.
    """
    article_id, wished = posted_id("article"), request.form.get("saved")
    if wished == "1":
        _save(article_id)
    elif wished == "0":
        with writing() as unit:
            service.unsave(unit, current_user.id, article_id)
    else:
        abort(404)
    if request.form.get("quiet"):
        return "", 204
    done = "Saved. You will find it in “My profile”." if wished == "1" else "Taken off your saved articles."
    flash(gettext(done), "success")
    return see_other(own_path(request.form.get("next"), url_for("profile.saved")))


def _save(article_id: int) -> None:
    if not shelf.may_be_saved(db.session, article_id, reader_facts(), clock.now()):
        abort(404)
    with writing() as unit:
        service.save(unit, current_user.id, article_id)

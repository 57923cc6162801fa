"""The letters of the house for whoever passes by, and a sample of each. Both are the same for all strangers."""

from email.utils import parseaddr

from flask import Blueprint, abort, current_app, render_template
from flask_login import current_user

from portal import clock, page_cache
from portal.db import db
from portal.newsletters import choices, queries
from portal.newsletters.sample import compose
from portal.web import PUBLIC, allow

blueprint = Blueprint("newsletters", __name__)


def _offer() -> bool:
    """A stranger's page may be kept; True for somebody who is signed in."""
    known = bool(current_user.is_authenticated)
    if not known:
        page_cache.may_keep()
    return known


@blueprint.get("/newsletters")
@allow(PUBLIC)
def overview() -> str:
    """What each letter holds, when it comes and who receives it."""
    wanted = choices.wanted(db.session, current_user.id) if _offer() else set()
    return render_template("newsletters/overview.html", shelves=queries.shelves(db.session), wanted=wanted)


@blueprint.get("/newsletters/<slug:vertical>/<slug:letter>/sample")
@allow(PUBLIC)
def sample(vertical: str, letter: str) -> str:
    """A letter as it would leave now."""
    _offer()
    here, found = queries.find(db.session, vertical, letter) or abort(404)
    sender = parseaddr(current_app.config["MAIL_FROM"])[1]
    items = compose(here, found)
    return render_template(
        "newsletters/sample.html", here=here, letter=found, items=items, sender=sender, now=clock.now()
    )

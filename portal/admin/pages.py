"""The back office's blueprint and what its pages share."""

from typing import Any, TypeVar

from flask import Blueprint, abort, request
from flask_login import current_user

from portal.db import db
from portal.enquiries.queries import open_count
from portal.i18n import lazy_gettext as _
from portal.organisations import removing
from portal.roles import Permission
from portal.trials.queue import waiting_count
from portal.web import MAX_ID

bp = Blueprint("admin", __name__)
PER_PAGE = 25

Row = TypeVar("Row")


def found(model: type[Row], id_: int) -> Row:
    """The row with this id, or 404; ids beyond what the database can hold are 404 too."""
    row: Any = db.session.get(model, id_) if 0 < id_ <= MAX_ID else None
    if row is None:
        abort(404)
    return row  # type: ignore[no-any-return]


def asked_before() -> int:
    """?before=, the id below which a list goes on; MAX_ID, which is beyond all of them, for what is no id."""
    asked = request.args.get("before", type=int) or MAX_ID
    return asked if 0 < asked <= MAX_ID else MAX_ID


_ENTRIES = (
    (_("Dashboard"), "/admin/", "layout-dashboard", True, Permission.BACK_OFFICE),
    (_("Readers"), "/admin/readers", "users", False, Permission.SEE_READERS),
    (_("Organisations"), "/admin/organisations", "building", False, Permission.SEE_READERS),
    (_("Grant to a list"), "/admin/grants/list", "ticket", False, Permission.CHANGE_GRANTS),
    (_("Enquiries"), "/admin/enquiries", "inbox", False, Permission.ANSWER_ENQUIRIES),
    (_("Trial requests"), "/admin/trial-requests", "hourglass", False, Permission.EXTEND_TRIALS),
    (_("Replacements"), "/admin/replacements", "users", False, Permission.ANSWER_ENQUIRIES),
    (_("Stripe"), "/admin/billing", "webhook", False, Permission.SEE_BILLING),
    (_("Audit log"), "/admin/audit", "scroll-text", False, Permission.SEE_AUDIT),
)


_WAITING = {
    "/admin/enquiries": open_count,
    "/admin/trial-requests": waiting_count,
    "/admin/replacements": removing.waiting_count,
}


def _waiting(url: str) -> int:
    """How much waits behind an entry."""
    return _WAITING[url](db.session) if url in _WAITING else 0


@bp.context_processor
def navigation() -> dict[str, Any]:
    """The back office's navigation: only what this person may open; and `may` for buttons."""
    if not current_user.is_authenticated:
        return {}
    entries = [
        {"label": str(label), "url": url, "icon": icon, "exact": exact, "count": _waiting(url)}
        for label, url, icon, exact, permission in _ENTRIES
        if current_user.may(permission)
    ]
    return {"admin_nav": entries, "may": lambda name: current_user.may(Permission(name))}

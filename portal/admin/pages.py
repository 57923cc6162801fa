"""The back office's blueprint and what its pages share."""

from typing import Any, TypeVar

from flask import Blueprint, abort, g, request
from flask_login import current_user
from sqlalchemy import Select, select

from portal.db import db
from portal.enquiries import queries as enquiries
from portal.i18n import lazy_gettext as _
from portal.organisations import removing
from portal.prepared import Prepared
from portal.roles import Permission
from portal.trials import queue
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
    (_("Quotes"), "/admin/quotes", "receipt", False, Permission.WRITE_QUOTES),
    (_("Trial requests"), "/admin/trial-requests", "hourglass", False, Permission.EXTEND_TRIALS),
    (_("Replacements"), "/admin/replacements", "users", False, Permission.ANSWER_ENQUIRIES),
    (_("Stripe"), "/admin/billing", "webhook", False, Permission.SEE_BILLING),
    (_("Audit log"), "/admin/audit", "scroll-text", False, Permission.SEE_AUDIT),
)


_WAITING: dict[str, Select[int]] = {
    "/admin/enquiries": enquiries.WAITING,
    "/admin/trial-requests": queue.WAITING,
    "/admin/replacements": removing.WAITING,
}
_COUNTS = Prepared(select(*(one.scalar_subquery().label(f"n{n}") for n, one in enumerate(_WAITING.values()))))


def _waiting() -> dict[str, int]:
    """How much waits behind each entry, in one statement."""
    return dict(zip(_WAITING, _COUNTS.first(db.session, {}), strict=True))


@bp.before_request
def _without_ribbon() -> None:
    """No trial's ribbon stands over the back office: nothing is read for it."""
    g.no_ribbon = True


@bp.context_processor
def navigation() -> dict[str, Any]:
    """The back office's navigation: only what this person may open; and `may` for buttons."""
    if not current_user.is_authenticated:
        return {}
    counts = _waiting()
    entries = [
        {"label": str(label), "url": url, "icon": icon, "exact": exact, "count": counts.get(url, 0)}
        for label, url, icon, exact, permission in _ENTRIES
        if current_user.may(permission)
    ]
    return {"admin_nav": entries, "may": lambda name: current_user.may(Permission(name))}

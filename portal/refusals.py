"""Why a request was refused, in sentences: which access is missing, whom to ask, what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_login import current_user
from werkzeug.exceptions import HTTPException

from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.roles import Permission, Role, may
from portal.web import FromElsewhere, OnlyLooking, Unpermitted

_MISSING: Mapping[Permission, object] = {
    Permission.SEE_READERS: _("This page needs the right to see readers' files."),
    Permission.CHANGE_GRANTS: _("This page needs the right to give, to end and to revoke access."),
    Permission.EXTEND_TRIALS: _("This page needs the right to extend trials."),
    Permission.EXPLAIN_ACCESS: _("This page needs the right to see why somebody may read."),
    Permission.SEE_BILLING: _("This page needs the right to see subscriptions and invoices."),
    Permission.REPAIR_BILLING: _("This needs the right to have Stripe’s state read again."),
    Permission.SEE_AUDIT: _("This page needs the right to read the log of what was done."),
    Permission.VIEW_AS: _("This page needs the right to look through a reader's eyes."),
    Permission.ANSWER_ENQUIRIES: _("This page needs the right to answer what people ask."),
    Permission.WRITE_QUOTES: _("This page needs the right to write quotes."),
}
_ROLES: Mapping[Role, object] = {
    Role.EDITOR: _("Editor"),
    Role.SUPPORT: _("Support"),
    Role.SALES: _("Sales"),
    Role.ADMIN: _("Administrator"),
    Role.AUDITOR: _("Auditor"),
}
_REASONS = {
    400: _("The form was too old or incomplete. Nothing was recorded."),
    405: _("This address does not do what was asked of it. Nothing was recorded."),
    413: _("What was sent is too large: 1 MB at most. Nothing was recorded."),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal explained: what is missing, whom to ask or what to do, and a page to go on with."""

    missing: str
    ask: str
    label: str
    url: str


def of(error: HTTPException) -> Refusal:
    """The sentences for a 403, for whoever is signed in."""
    if isinstance(error, FromElsewhere):
        return Refusal(
            gettext("The request came from a page of another site: nothing was done."),
            gettext("Open the page on this site, then send the form again from there."),
            gettext("Understand my access"),
            "/help/access",
        )
    if isinstance(error, OnlyLooking):
        return Refusal(
            gettext("You look through a reader's eyes: you can look, not act, and money and security stay closed."),
            gettext("Stop, with the button in the bar above the page, to act as yourself again."),
            gettext("Back to what this reader may read"),
            "/profile/",
        )
    if not isinstance(error, Unpermitted):
        return Refusal(
            gettext("Your account does not hold the access that this page needs."),
            gettext("If you think it should, write to whoever manages your access and give the address of this page."),
            gettext("Understand my access"),
            "/help/access",
        )
    if current_user.is_authenticated and current_user.is_staff:
        return _for_staff(error.permission)
    return Refusal(
        gettext("This page is a tool of the publisher's team; no subscription or licence opens it."),
        gettext("What you may read is not affected. If you work here, ask an administrator to change your role."),
        gettext("See my rights"),
        "/profile/",
    )


def _for_staff(permission: Permission | None) -> Refusal:
    missing = _MISSING.get(permission) if permission else None
    holders = ", ".join(str(name) for role, name in _ROLES.items() if permission and may(role, permission))
    ask = gettext("Ask an administrator, and give the address of this page.")
    if holders:
        ask = gettext("Roles that have it: %(roles)s.", roles=holders) + " " + ask
    text = str(missing) if missing else gettext("Your role does not include what this page does.")
    return Refusal(text, ask, gettext("Back office"), "/admin/")


def reason(status: int) -> str | None:
    """Why a request other than a forbidden one was refused; None for the ordinary sentence."""
    found = _REASONS.get(status)
    return str(found) if found else None

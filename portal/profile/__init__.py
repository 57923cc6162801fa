"""“Mon profil”: what a reader sees of their own rights and account. Pages over the services below; owns no table."""

from typing import Any

from flask import Flask, has_request_context, request
from flask_login import current_user

from portal.db import db
from portal.i18n import gettext

_ACCOUNT_ROOMS = frozenset({"profile", "billing", "organisations", "accounts"})


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    from portal.profile import (  # noqa: F401 - their routes
        views_accepting,
        views_address,
        views_data,
        views_devices,
        views_invitations,
        views_joining,
        views_managers,
        views_members,
        views_newsletters,
        views_saved,
        views_security,
        views_team,
    )
    from portal.profile.views import bp

    app.register_blueprint(bp)
    app.register_blueprint(views_team.bp)
    app.context_processor(_account_nav)


def _account_nav() -> dict[str, Any]:
    """The side navigation of the account's pages, whichever room they belong to."""
    if not has_request_context() or request.blueprint not in _ACCOUNT_ROOMS:
        return {}
    entries = [
        (gettext("My rights"), "/profile/", "ticket", True),
        (gettext("Newsletters"), "/profile/newsletters", "mail", False),
        (gettext("Saved articles"), "/profile/saved", "bookmark", False),
        (gettext("My details"), "/profile/identity", "user", False),
        (gettext("Security"), "/profile/security", "shield-check", False),
        (gettext("Billing"), "/billing/", "credit-card", False),
        *([(gettext("My team"), "/organisation/", "users", False)] if _manages() else []),
        (gettext("Help"), "/help/access", "help-circle", False),
    ]
    return {
        "account_nav": [
            {"label": label, "url": url, "icon": icon, "exact": exact} for label, url, icon, exact in entries
        ]
    }


def _manages() -> bool:
    """True when whoever is signed in looks after an organisation with licences."""
    from portal.profile import team

    return current_user.is_authenticated and bool(team.managed(db.session, current_user.id))

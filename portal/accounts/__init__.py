"""Readers and how they prove who they are: registration, sign-in, sessions, tokens, passwords.

Knows nothing of rights: what a registration wanted (its intent) is kept and handed back unread.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    from portal.accounts import (  # noqa: F401 - they add routes
        passwords,
        views,
        views_again_by_mail,
        views_mail_code,
        views_recovery,
        views_registration,
        views_second_step,
    )

    app.register_blueprint(views.blueprint)
    passwords.gate.share(app.extensions["portal.settings"].instance)

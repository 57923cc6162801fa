"""The development hub: demo accounts, mailbox, time machine. Registered only when PORTAL_ENV=development.

May call every service below it, and owns no table; `demo` fills an empty database through those services.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    from portal.dev import gallery, mailbox, mischief, rows, styleguide, views

    for module in (views, mailbox, gallery, styleguide, mischief, rows):
        app.register_blueprint(module.blueprint)

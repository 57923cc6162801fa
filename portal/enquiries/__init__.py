"""What people ask of the house: contact, mind Research, a quote, help with access.

Stored here, answered from the staff's queue; every question and every answer goes by mail too.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    from portal.enquiries import help_link, leave, views  # noqa: F401 - they add routes

    app.register_blueprint(views.blueprint)

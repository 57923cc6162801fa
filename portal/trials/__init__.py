"""The 15-day trial: starting, counting down, extending, reminding.

Writes trial grants through `access`; owns the staff's queue of requests.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    from portal.trials import confirming, more, reminders, views

    app.register_blueprint(views.blueprint)
    # Imported for what they register: the routes of two pages, and the question asked before a reminder is sent.
    del confirming, more, reminders

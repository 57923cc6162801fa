"""The development hub: demo accounts, mailbox, time machine. Registered only when PORTAL_ENV=development."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""

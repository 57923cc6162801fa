"""“Mon profil”: what a reader sees of their own rights and account. Pages over the services below; owns no table."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""

"""The back office: views, forms and queries over the services below. Owns no table."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""

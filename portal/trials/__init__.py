"""The 15-day trial: starting, counting down, extending, reminding.

Writes trial grants through `access`; owns the staff's queue of requests.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""

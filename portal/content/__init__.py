"""Articles and how they are ordered: rubrics, categories, tags, authors; their text, cut into preview and body.

Asks `access` who may read; a refused body is never loaded.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""

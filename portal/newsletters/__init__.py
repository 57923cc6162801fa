"""Newsletters: what there is, who wants which, and a letter as it would look now.

Reads articles and readers; sends nothing by itself.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    from portal.newsletters.views import blueprint

    app.register_blueprint(blueprint)

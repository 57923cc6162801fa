"""The house itself: who publishes, what it offers beside the articles, how access works, and the legal pages.

Texts are templates in both languages; what is data (titles, authors, prices) comes from the data. Owns no table.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    from portal.house import sitemaps, views, wellknown, wording

    app.jinja_env.filters |= {"typography": wording.typography, "listed": wording.listed}
    app.register_blueprint(views.blueprint)
    app.register_blueprint(wellknown.blueprint)
    app.register_blueprint(sitemaps.blueprint)

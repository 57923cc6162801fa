"""Articles and how they are ordered: rubrics, categories, tags, authors; their text, cut into preview and body.

Asks `access` who may read; a refused body is never loaded.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    # Routes are added by the way.
    from portal.content import feeds, fronts, homes, kept, library, structured, titles, views, views_why  # noqa: F401
    from portal.reading import log
    from portal.reading import titles as read
    from portal.web import absolute

    app.url_map.converters["slug"] = views.SlugConverter
    app.jinja_env.globals |= {"absolute": absolute, "breadcrumb_data": structured.breadcrumbs}
    app.register_blueprint(views.blueprint)
    kept.init_app(app)
    log.init_app(app)
    read.tell(app, titles.published)

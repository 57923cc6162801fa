"""The back office: views, forms and queries over the services below. Owns no table."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app: one blueprint, its pages in several modules."""
    from portal.admin import (  # noqa: F401 - they bind their views
        acts,
        audit_log,
        billing_desk,
        bulk,
        enquiries,
        giving,
        organisations,
        quotes,
        readers,
        received,
        replacements,
        start,
        suspending,
        trial_caps,
        trial_requests,
        viewing,
    )
    from portal.admin.pages import bp

    app.register_blueprint(bp)

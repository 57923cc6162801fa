"""Plans, checkout, subscriptions, invoices, and the sync that keeps money and rights together.

`gateway` alone speaks to Stripe; rights are written as grants of the organisation through `access`.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    """Bind this room to the app."""
    from portal.billing.views import bp

    app.register_blueprint(bp)

"""The pages of money: offers, summary, return, account, and the webhook's door."""

from flask import Blueprint

bp = Blueprint("billing", __name__)

from portal.billing.views import (  # noqa: E402
    account,  # noqa: F401
    cancel,  # noqa: F401
    change,  # noqa: F401
    checkout,  # noqa: F401
    export,  # noqa: F401
    hook,  # noqa: F401
    offers,  # noqa: F401
    quote,  # noqa: F401
    withdraw,  # noqa: F401
)

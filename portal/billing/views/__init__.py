"""The pages of money: offers, summary, return, account, and the webhook's door."""

from flask import Blueprint

bp = Blueprint("billing", __name__)

from portal.billing.views import account, cancel, change, checkout, export, hook, offers, withdraw  # noqa: E402, F401

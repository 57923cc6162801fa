"""The hosted pages: payment, customer portal, invoice."""

from __future__ import annotations

from flask import Blueprint

from portal.sandbox.desk import Desk


def blueprint(desk: Desk) -> Blueprint:
    """All pages."""
    return Blueprint("pages", __name__)

"""The hosted pages: payment, customer portal, invoice."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint
from werkzeug.wrappers import Response

from portal.sandbox.desk import Desk
from portal.sandbox.pages import creditnote, identity, invoice, layout, pay, portal

PortalPage = Callable[..., Response]


def blueprint(desk: Desk) -> Blueprint:
    """Every page and form."""
    pages = Blueprint("pages", __name__)
    pages.add_url_rule("/pay/<session>", "pay", lambda session: pay.show(desk, session))
    pages.add_url_rule("/pay/<session>", "paid", lambda session: pay.submit(desk, session), methods=["POST"])
    both = ["GET", "POST"]
    pages.add_url_rule("/pay/<session>/bank", "pay_bank", lambda session: pay.step(desk, session), methods=both)
    pages.add_url_rule("/pay/<session>/code", "pay_code", lambda session: pay.code(desk, session), methods=["POST"])
    home = "/portal/<session>"
    pages.add_url_rule(home, "portal", _portal(desk, portal.home))
    card = _portal(desk, portal.card, "payment_method_update")
    cancel = _portal(desk, portal.cancel, "subscription_cancel")
    resume = _portal(desk, portal.resume, "subscription_cancel")
    pages.add_url_rule(f"{home}/card", "card", card, methods=both)
    who = _portal(desk, identity.show, "customer_update")
    pages.add_url_rule(f"{home}/identity", "identity", who, methods=both)
    step = _portal(desk, portal.step, "payment_method_update")
    pages.add_url_rule(f"{home}/bank", "portal_bank", step, methods=both)
    pages.add_url_rule(f"{home}/cancel/<subscription>", "cancel", cancel, methods=both)
    pages.add_url_rule(f"{home}/resume/<subscription>", "resume", resume, methods=["POST"])
    pages.add_url_rule("/invoice/<number>", "invoice", _invoice(desk, invoice.show))
    pages.add_url_rule("/invoice/<number>", "pay_invoice", _invoice(desk, invoice.pay), methods=["POST"])
    pages.add_url_rule("/invoice/<number>/bank", "invoice_bank", _invoice(desk, invoice.step), methods=both)
    pages.add_url_rule("/invoice/<number>/pdf", "pdf", _invoice(desk, invoice.download))
    pages.add_url_rule("/credit_note/<number>/pdf", "credit_note", _credit_note(desk))
    pages.app_errorhandler(404)(lambda _: layout.unknown())
    return pages


def _portal(desk: Desk, shown: PortalPage, feature: str | None = None) -> PortalPage:
    def view(session: str, subscription: str | None = None) -> Response:
        with desk.store.turn():
            visit = portal.enter(desk, session)
            if visit is None:
                return portal.closed(desk, session)
            if feature and not visit.allows(feature):
                return layout.unknown()
            return shown(desk, visit, subscription) if subscription else shown(desk, visit)

    return view


def _invoice(desk: Desk, shown: PortalPage) -> PortalPage:
    def view(number: str) -> Response:
        with desk.store.turn():
            found = invoice.find(desk, number)
            return shown(desk, found) if found else layout.unknown()

    return view


def _credit_note(desk: Desk) -> PortalPage:
    def view(number: str) -> Response:
        with desk.store.turn():
            return creditnote.download(desk, number) or layout.unknown()

    return view

"""Invoices and their payment records."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.engine import collecting
from portal.sandbox.errors import ApiError, card_declined
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import PAGE, Kind, boolean, choice, struct, text, when
from portal.sandbox.rendering import envelope
from portal.sandbox.store import Document

FILTERS: dict[str, Kind] = {
    "collection_method": choice("charge_automatically", "send_invoice"),
    "created": when,
    "customer": text(),
    "status": choice("draft", "open", "paid", "uncollectible", "void"),
    "subscription": text(),
}
PAYMENT = struct("type", type=choice("payment_intent"), payment_intent=text())


@endpoint("GET", "invoices", PAGE | FILTERS)
def listed(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Invoices by pages."""
    conditions = wanted(parameters, "collection_method", "customer", "status")
    if "subscription" in parameters:
        conditions.append(("_subscription", "=", parameters["subscription"]))
    return page(desk, "invoice", "/v1/invoices", parameters, *conditions)


@endpoint("GET", "invoices/<invoice>")
def retrieve(desk: Desk, _parameters: dict[str, Any], invoice: str) -> Document:
    """One invoice."""
    return desk.get("invoice", invoice)


@endpoint("GET", "invoices/<invoice>/lines", PAGE)
def lines(desk: Desk, _parameters: dict[str, Any], invoice: str) -> Document:
    """An invoice's lines; it never has more than one page of them here."""
    data = desk.get("invoice", invoice)["lines"]["data"]
    return envelope(f"/v1/invoices/{invoice}/lines", data)


PAY: dict[str, Kind] = {"off_session": boolean, "paid_out_of_band": boolean, "payment_method": text()}


@endpoint("POST", "invoices/<invoice>/pay", PAY)
def pay(desk: Desk, parameters: dict[str, Any], invoice: str) -> Document:
    """Collect an open invoice now; ApiError 402 when the bank refuses."""
    found = desk.get("invoice", invoice)
    if parameters.get("paid_out_of_band"):
        _refuse_unpayable(found)
        collecting.settle_outside(desk, found, found["amount_remaining"])
    else:
        collect_now(desk, found, _method(desk, found, parameters))
    return desk.get("invoice", invoice)


def collect_now(desk: Desk, invoice: Document, method: Document | None = None) -> None:
    """Try once, keep and tell what happened, and raise when it was refused."""
    _refuse_unpayable(invoice)
    result = collecting.collect(desk, invoice, method)
    if result.settled:
        return
    if result.asked is not None:
        raise _authentication_wanted(desk, result.asked)
    if result.attempt is None:
        raise ApiError("This customer has no attached payment source or default payment method.")
    raise card_declined(
        "card_declined",
        result.attempt.refusal,
        charge=result.attempt.charge["id"],
        payment_intent=desk.show(result.attempt.intent),
        kept=True,
    )


def _refuse_unpayable(invoice: Document) -> None:
    if invoice["status"] == "paid":
        raise ApiError("Invoice is already paid", code="invoice_not_editable")
    if invoice["status"] not in ("open", "uncollectible"):
        raise ApiError("This invoice can no longer be paid.", code="invoice_not_editable")


def _authentication_wanted(desk: Desk, intent: Document) -> ApiError:
    message = "This payment requires additional user action before it can be completed successfully."
    code, shown = "invoice_payment_intent_requires_action", desk.show(intent)
    return ApiError(message, status=402, kind="card_error", code=code, payment_intent=shown, kept=True)


def _method(desk: Desk, invoice: Document, parameters: dict[str, Any]) -> Document | None:
    if "payment_method" not in parameters:
        return None
    method = desk.get("payment_method", parameters["payment_method"], "payment_method")
    if method["customer"] != invoice["customer"]:
        raise ApiError("The payment method is not attached to this invoice's customer.", param="payment_method")
    return method


@endpoint("GET", "invoice_payments", PAGE | {"created": when, "invoice": text(), "payment": PAYMENT, "status": text()})
def payments(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Payment records: the way from a payment intent back to its invoice."""
    conditions = wanted(parameters, "invoice", "status")
    if "payment" in parameters:
        conditions.append(("payment.payment_intent", "=", parameters["payment"].get("payment_intent")))
    return page(desk, "invoice_payment", "/v1/invoice_payments", parameters, *conditions)


@endpoint("GET", "invoice_payments/<payment>")
def retrieve_payment(desk: Desk, _parameters: dict[str, Any], payment: str) -> Document:
    """One payment record."""
    return desk.get("invoice_payment", payment)

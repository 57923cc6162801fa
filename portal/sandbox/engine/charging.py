"""One attempt to take money from a card: payment intent, charge, and the invoice's payment record."""

from __future__ import annotations

from typing import Any, NamedTuple

from portal.sandbox import ids
from portal.sandbox.desk import Desk
from portal.sandbox.store import Document

REFUSED = "Your card was declined."
UNPROVED = "We are unable to authenticate your payment method. Please choose a different payment method and try again."


class Attempt(NamedTuple):
    """What one attempt left behind; `payment` is the invoice's payment record, absent without an invoice."""

    intent: Document
    charge: Document
    payment: Document | None
    refusal: str | None

    @property
    def succeeded(self) -> bool:
        """Whether the money was taken."""
        return self.refusal is None


class Demand(NamedTuple):
    """What is to be taken: cents, currency, from whom, and on which payment intent when retrying."""

    amount: int
    currency: str
    customer: str
    invoice: str | None = None
    intent: str | None = None


def take(desk: Desk, demand: Demand, method: Document, refusal: str | None) -> Attempt:
    """Charge a payment method once; the caller tells, since the order of events differs by occasion."""
    intent = desk.get("payment_intent", demand.intent) if demand.intent else _intent(desk, demand)
    charge = desk.add("charge", _charge_fields(demand, intent, method, refusal))
    _settle_intent(desk, intent, charge, method, refusal)
    payment = _payment(desk, demand, intent, refusal) if demand.invoice else None
    return Attempt(intent, charge, payment, refusal)


def leave_with_the_bank(desk: Desk, demand: Demand, method: Document) -> Document:
    """A payment intent that is still being processed; no charge yet, and the invoice's payment record stays open."""
    intent = desk.change(_intent(desk, demand), status="processing", payment_method=method["id"])
    _open_payment(desk, demand, intent)
    return intent


def ask_the_holder(desk: Desk, demand: Demand, method: Document) -> Document:
    """A payment intent whose bank wants 3-D Secure; no charge until its holder has confirmed."""
    intent = desk.get("payment_intent", demand.intent) if demand.intent else _intent(desk, demand)
    if not demand.intent:
        _open_payment(desk, demand, intent)
    page = {"return_url": None, "url": f"{desk.address}/invoice/{demand.invoice}/bank"}
    step = {"type": "redirect_to_url", "redirect_to_url": page}
    return desk.change(intent, status="requires_action", next_action=step, payment_method=method["id"])


def not_authenticated(desk: Desk, intent: Document) -> Document:
    """The holder did not confirm: the intent wants another try; the caller tells."""
    method = desk.get("payment_method", intent["payment_method"])
    error = {
        "code": "payment_intent_authentication_failure",
        "message": UNPROVED,
        "payment_method": desk.show(method),
        "type": "card_error",
    }
    return desk.change(intent, status="requires_payment_method", next_action=None, last_payment_error=error)


def unproved(desk: Desk, demand: Demand, method: Document) -> Document:
    """An intent without an invoice that failed because its holder did not confirm; the caller tells."""
    intent = desk.change(_intent(desk, demand), payment_method=method["id"])
    return not_authenticated(desk, intent)


def told(desk: Desk, attempt: Attempt) -> dict[str, Document]:
    """Pictures of the events of an attempt, by type."""
    happened = {"charge.succeeded": attempt.charge, "payment_intent.succeeded": attempt.intent}
    if not attempt.succeeded:
        happened = {"charge.failed": attempt.charge, "payment_intent.payment_failed": attempt.intent}
    elif attempt.payment is not None:
        happened["invoice_payment.paid"] = attempt.payment
    return {event: desk.picture(event, document) for event, document in happened.items()}


def _intent(desk: Desk, demand: Demand) -> Document:
    identifier = ids.new_id("payment_intent")
    nothing: dict[str, Any] = dict.fromkeys(INTENT_EMPTY)
    fields = nothing | {
        "amount": demand.amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic",
        "client_secret": f"{identifier}_secret_{ids.random_letters(25)}",
        "confirmation_method": "automatic",
        "currency": demand.currency,
        "customer": demand.customer,
        "description": "Subscription creation" if demand.invoice else None,
        "metadata": {},
        "payment_method_types": ["card"],
        "setup_future_usage": "off_session",
        "status": "requires_payment_method",
    }
    return desk.add("payment_intent", fields, identifier)


def _settle_intent(desk: Desk, intent: Document, charge: Document, method: Document, refusal: str | None) -> None:
    if refusal is None:
        desk.change(
            intent,
            status="succeeded",
            amount_received=intent["amount"],
            latest_charge=charge["id"],
            payment_method=method["id"],
            last_payment_error=None,
            next_action=None,
        )
        return
    error = {
        "charge": charge["id"],
        "code": "card_declined",
        "decline_code": refusal,
        "message": REFUSED,
        "payment_method": desk.show(method),
        "type": "card_error",
    }
    again = {"status": "requires_payment_method", "next_action": None}
    desk.change(intent, latest_charge=charge["id"], last_payment_error=error, **again)


def _payment(desk: Desk, demand: Demand, intent: Document, refusal: str | None) -> Document:
    found = desk.store.find("invoice_payment", ("payment.payment_intent", "=", intent["id"]))
    payment = found[0] if found else _open_payment(desk, demand, intent)
    if refusal is None:
        times = payment["status_transitions"] | {"paid_at": desk.now()}
        desk.change(payment, status="paid", amount_paid=demand.amount, status_transitions=times)
    return payment


def _open_payment(desk: Desk, demand: Demand, intent: Document) -> Document:
    fields = {
        "amount_paid": None,
        "amount_requested": demand.amount,
        "currency": demand.currency,
        "invoice": demand.invoice,
        "is_default": True,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
    return desk.add("invoice_payment", fields)


def _charge_fields(demand: Demand, intent: Document, method: Document, refusal: str | None) -> Document:
    nothing: dict[str, Any] = dict.fromkeys(CHARGE_EMPTY)
    paid = refusal is None
    return nothing | {
        "amount": demand.amount,
        "amount_captured": demand.amount if paid else 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "captured": paid,
        "currency": demand.currency,
        "customer": demand.customer,
        "disputed": False,
        "failure_code": None if paid else "card_declined",
        "failure_message": None if paid else REFUSED,
        "metadata": {},
        "outcome": _outcome(refusal),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card(method["card"]), "type": "card"},
        "refunded": False,
        "status": "succeeded" if paid else "failed",
    }


def _outcome(refusal: str | None) -> Document:
    return {
        "advice_code": None if refusal is None else "try_again_later",
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if refusal is None else "declined_by_network",
        "reason": refusal,
        "risk_level": "normal",
        "seller_message": "Payment complete." if refusal is None else "The bank did not return any further details.",
        "type": "authorized" if refusal is None else "issuer_declined",
    }


def _card(card: Document) -> Document:
    shown = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    return {name: card[name] for name in shown} | {"network": card["brand"], "three_d_secure": None, "wallet": None}


INTENT_EMPTY = [
    "application",
    "application_fee_amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "customer_account",
    "last_payment_error",
    "latest_charge",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "payment_method_options",
    "processing",
    "receipt_email",
    "review",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
]
CHARGE_EMPTY = [
    "application",
    "application_fee",
    "application_fee_amount",
    "balance_transaction",
    "calculated_statement_descriptor",
    "description",
    "failure_balance_transaction",
    "on_behalf_of",
    "receipt_email",
    "receipt_number",
    "receipt_url",
    "review",
    "shipping",
    "source_transfer",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
]

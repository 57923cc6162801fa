"""A charge disputed at the buyer's bank, and how that ends: won gives the money back to the seller, lost does not."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.errors import ApiError
from portal.sandbox.store import Document

DAY = 86_400
TIME_TO_ANSWER = 7 * DAY
OVER = ("won", "lost")
REASONS = (
    "fraudulent",
    "duplicate",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "general",
)
CODES = {"fraudulent": "10.4", "duplicate": "12.6.1", "product_not_received": "13.1", "subscription_canceled": "13.2"}


def of_charge(desk: Desk, charge: Document) -> Document | None:
    """The dispute of a charge; there is never more than one."""
    found = desk.store.find("dispute", ("charge", "=", charge["id"]))
    return found[0] if found else None


def open_for(desk: Desk, charge: Document, reason: str = "fraudulent") -> Document:
    """The bank takes a paid charge back and asks for an explanation; ApiError when it cannot."""
    if not charge["paid"] or charge["refunded"] or of_charge(desk, charge):
        raise ApiError(f"Charge {charge['id']} cannot be disputed: unpaid, given back or disputed already.")
    dispute = desk.add("dispute", _fields(desk, charge, reason))
    desk.change(charge, "charge.updated", disputed=True)
    desk.tell("charge.dispute.created", dispute)
    desk.tell("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close(desk: Desk, dispute: Document, outcome: str) -> Document:
    """The bank decides: won or lost; ApiError when it has already."""
    if dispute["status"] in OVER:
        raise ApiError(f"This dispute is already closed: {dispute['status']}.")
    details = dispute["evidence_details"] | {"past_due": False}
    before = desk.show(dispute)
    desk.change(dispute, status=outcome, is_charge_refundable=outcome == "won", evidence_details=details)
    desk.tell("charge.dispute.closed", dispute, before)
    if outcome == "won":
        desk.tell("charge.dispute.funds_reinstated", dispute)
    return dispute


def _fields(desk: Desk, charge: Document, reason: str) -> Document:
    nothing: dict[str, Any] = dict.fromkeys(EVIDENCE)
    code = CODES.get(reason)
    brand = charge["payment_method_details"]["card"]["brand"]
    card = {"brand": brand, "case_type": "chargeback", "network": brand, "network_reason_code": code}
    return {
        "amount": charge["amount"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": nothing | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": desk.now() + TIME_TO_ANSWER,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": card, "type": "card"},
        "reason": reason,
        "status": "needs_response",
    }


EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]

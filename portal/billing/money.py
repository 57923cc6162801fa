"""What became of money at Stripe: invoices whose bank waits for its client, charges given back or disputed."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from portal import clock
from portal.billing import reading
from portal.billing.ending import Speaking
from portal.billing.shapes import RemoteDispute, RemoteInvoice

PAGE = 100
LOOKED_BACK = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Taken:
    """A charge that was paid: cents taken and given back, and the state of its dispute ("" without one)."""

    charge_id: str
    amount: int
    refunded: int
    currency: str
    dispute_id: str = ""
    dispute: str = ""
    reason: str = ""


def invoices(client: Any, subscription_id: str) -> tuple[RemoteInvoice, ...]:
    """All invoices of a subscription, those that wait for 3-D Secure marked as such."""
    pages = client.v1.invoices.list({"subscription": subscription_id, "limit": PAGE})
    found = [reading.invoice(one.to_dict()) for one in pages.auto_paging_iter()]
    return tuple(replace(one, asked=_asked(client, one)) for one in found)


def _asked(client: Any, invoice: RemoteInvoice) -> bool:
    """Whether the bank wants the card's holder; only an open invoice that was tried can be in that state."""
    if invoice.status != "open" or not invoice.attempt_count:
        return False
    wish: Any = {"invoice": invoice.id, "expand": ["data.payment.payment_intent"]}
    payments = [one.to_dict() for one in client.v1.invoice_payments.list(wish).data]
    intents = [(payment.get("payment") or {}).get("payment_intent") for payment in payments]
    return any(isinstance(one, dict) and one.get("status") == "requires_action" for one in intents)


def disputes(client: Any, customer_id: str) -> list[RemoteDispute]:
    """The disputes of a customer's payments within a year; a house has few, so one look serves all subscriptions."""
    since = int((clock.now() - LOOKED_BACK).timestamp())
    wish: Any = {"created": {"gte": since}, "limit": PAGE, "expand": ["data.charge"]}
    found = [one.to_dict() for one in client.v1.disputes.list(wish).auto_paging_iter()]
    mine = [one for one in found if reading.identifier((one["charge"] or {}).get("customer")) == customer_id]
    return [reading.dispute(one) for one in mine]


def taken(gateway: Speaking, payment_intent: str) -> list[Taken]:
    """The paid charges of a payment intent (one, as a rule)."""
    charges: Any = {"payment_intent": payment_intent, "limit": PAGE}
    disputes = [one.to_dict() for one in gateway._client.v1.disputes.list(charges).data]
    by_charge = {reading.identifier(one["charge"]): one for one in disputes}
    found = [one.to_dict() for one in gateway._client.v1.charges.list(charges).data]
    return [_taken(one, by_charge.get(one["id"], {})) for one in found if one["paid"]]


def _taken(charge: dict[str, Any], dispute: dict[str, Any]) -> Taken:
    return Taken(
        charge_id=charge["id"],
        amount=int(charge["amount"]),
        refunded=int(charge["amount_refunded"]),
        currency=str(charge["currency"]),
        dispute_id=str(dispute.get("id") or ""),
        dispute=str(dispute.get("status") or ""),
        reason=str(dispute.get("reason") or ""),
    )

"""The calls that change a subscription and take a change back; the gateway gives its client."""

from typing import Any

from portal.billing import parameters
from portal.billing.reading import identifier
from portal.billing.shapes import ChangeOrder, RemoteChange


def made(client: Any, order: ChangeOrder, key: str) -> RemoteChange:
    """Ask for a change; its payment is tried at once, and without it nothing changes."""
    subscriptions = client.v1.subscriptions
    if order.adds and order.tax_rate_ids and not order.removes:
        rates = {"default_tax_rates": list(order.tax_rate_ids)}
        subscriptions.update(order.subscription_id, rates, {"idempotency_key": f"{key}-rates"})
    answer = subscriptions.update(order.subscription_id, parameters.change(order), {"idempotency_key": key})
    found = answer.to_dict()
    if not found.get("pending_update"):
        return RemoteChange(pending=False)
    invoice = found["latest_invoice"]
    return RemoteChange(pending=True, to_confirm=_to_confirm(client, invoice))


def _to_confirm(client: Any, invoice: dict[str, Any]) -> str | None:
    """Where the payer confirms with the bank; None when the bank refused."""
    payments = client.v1.invoice_payments.list({"invoice": invoice["id"], "limit": 1}).data
    intent = identifier(payments[0].to_dict()["payment"].get("payment_intent")) if payments else None
    if intent is None or client.v1.payment_intents.retrieve(intent).status != "requires_action":
        return None
    return invoice.get("hosted_invoice_url")


def withdrawn(client: Any, subscription_id: str) -> None:
    """Void the invoice a change waits for: the change goes with it."""
    found = client.v1.subscriptions.retrieve(subscription_id, {"expand": ["latest_invoice"]}).to_dict()
    invoice = found.get("latest_invoice") or {}
    if found.get("pending_update") and invoice.get("status") == "open":
        client.v1.invoices.void_invoice(invoice["id"])

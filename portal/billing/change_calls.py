"""What a change would cost, the change itself, and taking it back: bodies of the gateway's calls."""

from typing import Any

from portal.billing import parameters, reading
from portal.billing.demands import ChangeOrder
from portal.billing.ending import Speaking
from portal.billing.reading import identifier
from portal.billing.shapes import RemoteChange, RemotePreview


def previewed(gateway: Speaking, order: ChangeOrder) -> RemotePreview:
    """What a change would be invoiced at once; nothing is changed."""
    params = parameters.preview(order)
    return reading.preview(gateway._client.v1.invoices.create_preview(params).to_dict())


def made(gateway: Speaking, order: ChangeOrder, key: str) -> RemoteChange:
    """Ask for a change; its payment is tried at once, and without it nothing changes. Raises CardRefused."""
    subscriptions = gateway._client.v1.subscriptions
    if order.adds and order.tax_rate_ids and not order.removes:
        rates = {"default_tax_rates": list(order.tax_rate_ids)}
        subscriptions.update(order.subscription_id, rates, {"idempotency_key": f"{key}-rates"})
    answer = subscriptions.update(order.subscription_id, parameters.change(order), {"idempotency_key": key})
    found = answer.to_dict()
    if not found.get("pending_update"):
        return RemoteChange(pending=False)
    invoice = found["latest_invoice"]
    return RemoteChange(pending=True, to_confirm=_to_confirm(gateway._client, invoice))


def _to_confirm(client: Any, invoice: dict[str, Any]) -> str | None:
    """Where the payer confirms with the bank; None when the bank refused."""
    payments = client.v1.invoice_payments.list({"invoice": invoice["id"], "limit": 1}).data
    intent = identifier(payments[0].to_dict()["payment"].get("payment_intent")) if payments else None
    if intent is None or client.v1.payment_intents.retrieve(intent).status != "requires_action":
        return None
    return invoice.get("hosted_invoice_url")


def withdrawn(gateway: Speaking, subscription_id: str) -> None:
    """Void the invoice a change waits for: the change goes with it; nothing happens when none waits."""
    found = gateway._client.v1.subscriptions.retrieve(subscription_id, {"expand": ["latest_invoice"]}).to_dict()
    invoice = found.get("latest_invoice") or {}
    if found.get("pending_update") and invoice.get("status") == "open":
        gateway._client.v1.invoices.void_invoice(invoice["id"])

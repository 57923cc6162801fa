"""Selling on invoice at Stripe: a subscription whose invoices are sent, its first one sent at once, money that came."""

from typing import Any

from portal.billing import parameters
from portal.billing.demands import InvoicedOrder
from portal.billing.ending import PAGE, Speaking


def subscribe_by_invoice(gateway: Speaking, order: InvoicedOrder, idempotency_key: str) -> str:
    """Open a subscription that is paid by transfer; returns its id."""
    wish: Any = parameters.invoiced(order)
    return str(gateway._client.v1.subscriptions.create(wish, {"idempotency_key": idempotency_key}).id)


def subscription_of_order(gateway: Speaking, customer_id: str, order: str) -> str | None:
    """The subscription made for an order, when the answer that told its id was lost and the key is forgotten."""
    wish: Any = {"customer": customer_id, "status": "all", "limit": PAGE}
    for one in gateway._client.v1.subscriptions.list(wish).auto_paging_iter():
        if (one.to_dict().get("metadata") or {}).get("order") == order:
            return str(one.id)
    return None


def send_first_invoice(gateway: Speaking, subscription_id: str) -> None:
    """Finalise the first invoice now, which sends it: by itself it is a draft without a due date for about an hour."""
    wish: Any = {"subscription": subscription_id, "status": "draft", "limit": PAGE}
    for one in list(gateway._client.v1.invoices.list(wish).data):
        gateway._client.v1.invoices.finalize_invoice(one.id, {"auto_advance": True})


def paid_by_transfer(gateway: Speaking, invoice_id: str, idempotency_key: str) -> None:
    """Tell that an invoice's money came to the bank account. Raises GatewayRefused when it is not open any more."""
    gateway._client.v1.invoices.pay(invoice_id, {"paid_out_of_band": True}, {"idempotency_key": idempotency_key})

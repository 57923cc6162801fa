"""How an end is announced, taken back and made at Stripe: bodies of the gateway's calls about leaving."""

from typing import Any, Protocol, cast

from portal.billing.reading import identifier

PAGE = 100


class Speaking(Protocol):
    """The gateway, as far as these calls use it."""

    _client: Any


def end_with_period(gateway: Speaking, subscription_id: str, idempotency_key: str, feedback: str | None = None) -> None:
    """Announce the end of a subscription with its period; `feedback` is one of Stripe's words for why."""
    wish: dict[str, Any] = {"cancel_at_period_end": True}
    if feedback:
        wish["cancellation_details"] = {"feedback": feedback}
    gateway._client.v1.subscriptions.update(subscription_id, wish, {"idempotency_key": idempotency_key})


def resume(gateway: Speaking, subscription_id: str) -> None:
    """Take an announced end back: one made as a date and one made as a boolean are taken back each in its own way."""
    found = gateway._client.v1.subscriptions.retrieve(subscription_id).to_dict()
    if found.get("cancel_at_period_end"):
        gateway._client.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": False})
    elif found.get("cancel_at"):
        gateway._client.v1.subscriptions.update(subscription_id, {"cancel_at": ""})


def end_now(gateway: Speaking, subscription_id: str, idempotency_key: str) -> None:
    """End a subscription at once, with nothing prorated and nothing more invoiced; one that has ended stays so."""
    found = gateway._client.v1.subscriptions.retrieve(subscription_id).to_dict()
    if found["status"] in ("canceled", "incomplete_expired"):
        return
    gateway._client.v1.subscriptions.cancel(subscription_id, {"prorate": False}, {"idempotency_key": idempotency_key})


def payment_of_invoice(gateway: Speaking, invoice_id: str) -> str | None:
    """The payment intent that paid an invoice; None when it was paid without money moving here."""
    params = {"invoice": invoice_id, "status": "paid", "limit": PAGE}
    for one in gateway._client.v1.invoice_payments.list(params).data:
        payment = cast(dict[str, Any], one.to_dict()).get("payment") or {}
        if (found := identifier(payment.get("payment_intent"))) is not None:
            return found
    return None


def refund(gateway: Speaking, payment_intent: str, amount: int, idempotency_key: str) -> str:
    """Give money back, in cents; returns the refund's id. Asked again after Stripe forgot the key, still once."""
    refunds = gateway._client.v1.refunds
    for known in refunds.list({"payment_intent": payment_intent, "limit": PAGE}).auto_paging_iter():
        if (known.to_dict().get("metadata") or {}).get("key") == idempotency_key:
            return str(known.id)
    wish = {
        "payment_intent": payment_intent,
        "amount": amount,
        "reason": "requested_by_customer",
        "metadata": {"key": idempotency_key},
    }
    return str(refunds.create(wish, {"idempotency_key": idempotency_key}).id)


def void_open_invoices(gateway: Speaking, subscription_id: str) -> None:
    """Nobody owes an invoice of this subscription any more."""
    params = {"subscription": subscription_id, "status": "open", "limit": PAGE}
    for one in list(gateway._client.v1.invoices.list(params).auto_paging_iter()):
        gateway._client.v1.invoices.void_invoice(one.id)

"""Stripe's customer portal: what it may do for us, and the way into it.

It cannot update subscriptions with several items, so plans and seats are changed on our own pages.
"""

from typing import Any

_NAME = "portal-1"
_FEATURES: dict[str, Any] = {
    "customer_update": {"enabled": True, "allowed_updates": ["address", "email", "name", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {
        "enabled": True,
        "mode": "at_period_end",
        "cancellation_reason": {
            "enabled": True,
            "options": ["too_expensive", "missing_features", "unused", "switched_service", "other"],
        },
    },
}


def configuration(client: Any) -> str:
    """The id of our configuration, made at the first need; found again by its metadata."""
    known = client.v1.billing_portal.configurations.list({"active": True, "limit": 100})
    for one in known.auto_paging_iter():
        if (one.to_dict().get("metadata") or {}).get("name") == _NAME:
            return str(one.id)
    wish = {"features": _FEATURES, "metadata": {"name": _NAME}}
    return str(client.v1.billing_portal.configurations.create(wish, {"idempotency_key": _NAME}).id)


def opened(
    client: Any,
    configuration_id: str,
    customer_id: str,
    *,
    return_url: str,
    locale: str,
    flow: str | None,
    target: str,
) -> str:
    """The address of a portal session; `flow` is None, "card" or "cancel" (of the subscription `target`)."""
    wish: dict[str, Any] = {
        "customer": customer_id,
        "configuration": configuration_id,
        "return_url": return_url,
        "locale": locale,
    }
    if flow is not None:
        wish["flow_data"] = _flow(flow, target, return_url)
    return str(client.v1.billing_portal.sessions.create(wish).url)


def _flow(flow: str, target: str, return_url: str) -> dict[str, Any]:
    after = {"type": "redirect", "redirect": {"return_url": return_url}}
    if flow == "card":
        return {"type": "payment_method_update", "after_completion": after}
    return {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": target},
        "after_completion": after,
    }


def usable(client: Any, configuration_id: str) -> bool:
    """False when Stripe forgot a configuration that was found before (another test account, an emptied stand-in)."""
    known = client.v1.billing_portal.configurations.list({"active": True, "limit": 100})
    return any(one.id == configuration_id for one in known.auto_paging_iter())

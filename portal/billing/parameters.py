"""What we ask of Stripe, as its parameters: plain dictionaries, no library."""

from typing import Any

from portal.billing.shapes import CustomerDetails, SessionOrder


def customer(details: CustomerDetails) -> dict[str, Any]:
    """Who is invoiced, as customers are created and updated."""
    address = {
        "line1": details.line1,
        "postal_code": details.postal_code,
        "city": details.city,
        "country": details.country,
    }
    return {
        "name": details.name,
        "email": details.email,
        "address": address,
        "preferred_locales": [details.locale],
        "tax_exempt": "reverse" if details.reverse_charge else "none",
        "metadata": dict(details.metadata),
    }


def session(order: SessionOrder) -> dict[str, Any]:
    """A Checkout session; tax is ours (`tax_rates` of the line), so nothing automatic is asked for."""
    line = {"price": order.price_id, "quantity": order.quantity}
    about: dict[str, Any] = {"metadata": dict(order.metadata)}
    if order.trial_end:
        about["trial_end"] = int(order.trial_end.timestamp())
    return {
        "mode": "subscription",
        "customer": order.customer_id,
        "client_reference_id": order.reference,
        "metadata": dict(order.metadata),
        "subscription_data": about,
        "line_items": [line | ({"tax_rates": list(order.tax_rate_ids)} if order.tax_rate_ids else {})],
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "expires_at": int(order.expires_at.timestamp()),
        "locale": order.locale,
    }

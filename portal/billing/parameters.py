"""What we ask of Stripe, as its parameters: plain dictionaries, no library."""

from typing import Any

from portal.billing.demands import ChangeOrder, CustomerDetails, InvoicedOrder, ItemWish, SessionOrder


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
        "invoice_settings": {
            "custom_fields": [{"name": name, "value": value} for name, value in details.fields] or "",
            "footer": details.footer,
        },
        "metadata": dict(details.metadata),
    }


def invoiced(order: InvoicedOrder) -> dict[str, Any]:
    """A subscription whose invoices are sent, to be paid within so many days."""
    line = {"quantity": order.quantity} | ({"tax_rates": list(order.tax_rate_ids)} if order.tax_rate_ids else {})
    return {
        "customer": order.customer_id,
        "items": [{"price": price} | line for price in order.price_ids],
        "collection_method": "send_invoice",
        "days_until_due": order.days_until_due,
        "metadata": dict(order.metadata),
    }


def session(order: SessionOrder) -> dict[str, Any]:
    """A Checkout session; tax is ours (`tax_rates` of the line), so nothing automatic is asked for."""
    line = {"price": order.price_id, "quantity": order.quantity}
    about: dict[str, Any] = {"metadata": dict(order.metadata)}
    if order.trial_end:
        about["trial_end"] = int(order.trial_end.timestamp())
    # Our page asked for the code and showed what it takes off: Stripe's page never asks for another.
    reduced = {"discounts": [{"promotion_code": order.promotion_code_id}]} if order.promotion_code_id else {}
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
        **reduced,
    }


def price(product_id: str, lookup_key: str, amount: int, currency: str, interval: str) -> dict[str, Any]:
    """A price before tax per seat and interval."""
    return {
        "product": product_id,
        "currency": currency,
        "unit_amount": amount,
        "recurring": {"interval": interval},
        "lookup_key": lookup_key,
        "tax_behavior": "exclusive",
    }


def tax_rate(key: str, name: str, percentage: float, country: str) -> dict[str, Any]:
    """An exclusive tax rate, found again by its key."""
    about = {"display_name": name, "percentage": percentage, "inclusive": False, "country": country}
    return {**about, "metadata": {"key": key}}


def preview(order: ChangeOrder) -> dict[str, Any]:
    """What a change would be invoiced at once."""
    return {"subscription": order.subscription_id, "subscription_details": {**_prorated(order), **_items(order, True)}}


def change(order: ChangeOrder) -> dict[str, Any]:
    """The change itself, made only when it is paid.

    Stripe lets prices and quantities wait for a payment, and nothing else: where an item goes, a refusal is an error
    instead, and new items take the subscription's own tax rates when they must wait.
    """
    waits = not order.removes
    behaviour = "pending_if_incomplete" if waits else "error_if_incomplete"
    wish = {**_prorated(order), **_items(order, rated=not waits)}
    return {**wish, "payment_behavior": behaviour, "expand": ["latest_invoice"]}


def _prorated(order: ChangeOrder) -> dict[str, Any]:
    return {"proration_behavior": "always_invoice", "proration_date": int(order.prorated_at.timestamp())}


def _items(order: ChangeOrder, rated: bool) -> dict[str, Any]:
    rates = list(order.tax_rate_ids) if rated else []
    return {"items": [_item(item, rates) for item in order.items]}


def _item(item: ItemWish, rates: list[str]) -> dict[str, Any]:
    if item.deleted:
        return {"id": item.item_id, "deleted": True}
    wish: dict[str, Any] = {"price": item.price_id, "quantity": item.quantity}
    if item.item_id is not None:
        return {"id": item.item_id, **wish}
    return {**wish, "tax_rates": rates} if rates else wish

"""Stored objects into what the API shows: references resolved that Stripe always embeds, private fields left out.

A stored field whose name begins with an underscore is the stand-in's own.
"""

from __future__ import annotations

from collections.abc import Callable

from portal.sandbox.store import Document, Store


def render(store: Store, document: Document) -> Document:
    """The public form of a stored object."""
    public = {key: value for key, value in document.items() if not key.startswith("_")}
    if document.get("deleted"):
        return public
    return RENDERERS.get(document["object"], _as_it_is)(store, public)


def envelope(url: str, data: list[Document], has_more: bool = False) -> Document:
    """A list as Stripe wraps it."""
    return {"object": "list", "url": url, "has_more": has_more, "data": data}


def items_of(store: Store, subscription: str) -> list[Document]:
    """A subscription's items as stored, first one first."""
    return store.find("subscription_item", ("subscription", "=", subscription), oldest_first=True)


def _as_it_is(_store: Store, public: Document) -> Document:
    return public


def _subscription(store: Store, public: Document) -> Document:
    items = [render(store, item) for item in items_of(store, public["id"])]
    rates = [_known(store, rate) for rate in public["default_tax_rates"]]
    listed = envelope(f"/v1/subscription_items?subscription={public['id']}", items)
    return public | {"items": listed, "default_tax_rates": rates}


def _subscription_item(store: Store, public: Document) -> Document:
    price = _known(store, public["price"])
    rates = [_known(store, rate) for rate in public["tax_rates"]]
    return without(public, "livemode") | {"price": price, "plan": _plan(price), "tax_rates": rates}


def _item(store: Store, public: Document) -> Document:
    return without(public, "livemode", "created") | {"price": _known(store, public["price"])}


def _event(store: Store, public: Document) -> Document:
    sql = "SELECT count(*) FROM deliveries WHERE event = ? AND state IN ('pending', 'sending')"
    return public | {"pending_webhooks": store.db.execute(sql, (public["id"],)).fetchone()[0]}


def _modeless(_store: Store, public: Document) -> Document:
    return without(public, "livemode")


def _discount(_store: Store, public: Document) -> Document:
    return without(public, "livemode", "created")


def _coupon(_store: Store, public: Document) -> Document:
    """Its products are shown to those only who ask for them."""
    return without(public, "applies_to")


def _known(store: Store, identifier: str) -> Document:
    document = store.get(identifier)
    if document is None:
        raise LookupError(identifier)
    return render(store, document)


def _plan(price: Document) -> Document:
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "nickname": price["nickname"],
        "product": price["product"],
        "usage_type": recurring["usage_type"],
    }


def without(document: Document, *names: str) -> Document:
    """A copy that leaves fields out."""
    return {key: value for key, value in document.items() if key not in names}


RENDERERS: dict[str, Callable[[Store, Document], Document]] = {
    "subscription": _subscription,
    "subscription_item": _subscription_item,
    "item": _item,
    "refund": _modeless,
    "coupon": _coupon,
    "discount": _discount,
    "event": _event,
}

"""What is sold, as Stripe has it: found by what we wrote into its metadata; bodies of the gateway's calls."""

from typing import Any

from portal.billing import parameters, reading
from portal.billing.ending import Speaking
from portal.billing.shapes import RemotePrice

PAGE = 100
KEYS = 10
"""Lookup keys that one request takes."""


def prices(gateway: Speaking, lookup_keys: list[str]) -> dict[str, RemotePrice]:
    """Active prices by lookup key."""
    found: dict[str, RemotePrice] = {}
    for start in range(0, len(lookup_keys), KEYS):
        params = {"lookup_keys": lookup_keys[start : start + KEYS], "active": True, "limit": PAGE}
        for one in gateway._client.v1.prices.list(params).data:
            read = reading.price(one.to_dict())
            found[read.lookup_key or ""] = read
    return found


def products(gateway: Speaking) -> dict[str, str]:
    """Ids of our active products by the plan they carry in their metadata."""
    return _ids_by(gateway._client.v1.products.list, "plan")


def tax_rates(gateway: Speaking) -> dict[str, str]:
    """Ids of our active tax rates by the key in their metadata."""
    return _ids_by(gateway._client.v1.tax_rates.list, "key")


def _ids_by(listing: Any, word: str) -> dict[str, str]:
    pages = listing({"active": True, "limit": PAGE}).auto_paging_iter()
    plain = [one.to_dict() for one in pages]
    return {one["metadata"][word]: one["id"] for one in plain if word in (one.get("metadata") or {})}


def create_product(gateway: Speaking, plan: str, name: str, verticals: list[str]) -> str:
    """A product that names its plan and its verticals in its metadata; returns its id."""
    metadata = {"plan": plan, "verticals": ",".join(verticals)}
    return str(gateway._client.v1.products.create({"name": name, "metadata": metadata}).id)


def create_price(gateway: Speaking, product_id: str, lookup_key: str, wish: tuple[int, str, str]) -> str:
    """A price before tax per seat, of (cents, currency, interval); returns its id."""
    params = parameters.price(product_id, lookup_key, *wish)
    return str(gateway._client.v1.prices.create(params).id)


def create_tax_rate(gateway: Speaking, key: str, name: str, percentage: float, country: str) -> str:
    """An exclusive tax rate; returns its id."""
    return str(gateway._client.v1.tax_rates.create(parameters.tax_rate(key, name, percentage, country)).id)

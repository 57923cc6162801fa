"""Products and tax rates."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.errors import ApiError
from portal.sandbox.listing import one_of, page, wanted
from portal.sandbox.params import PAGE, Kind, boolean, many, metadata, number, text, unset, when
from portal.sandbox.resources.merging import changes, merged
from portal.sandbox.store import Condition, Document

PRODUCT: dict[str, Kind] = {
    "active": boolean,
    "description": unset(text(40_000)),
    "images": unset(many(text(), 8)),
    "metadata": metadata,
    "name": text(),
    "statement_descriptor": text(22),
    "tax_code": unset(text()),
    "unit_label": unset(text(12)),
    "url": unset(text()),
}
TAX_RATE: dict[str, Kind] = {
    "active": boolean,
    "country": text(2),
    "description": text(),
    "display_name": text(50),
    "jurisdiction": text(50),
    "metadata": metadata,
    "state": text(),
    "tax_type": text(),
}


@endpoint("POST", "products", PRODUCT | {"id": text(), "type": text()}, required=("name",))
def create_product(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A new product, under an id of the caller's choice if given."""
    identifier = parameters.pop("id", None)
    if identifier and desk.store.get(identifier):
        raise ApiError(f"Product already exists: {identifier}", code="resource_already_exists", param="id")
    fields = _blank_product(desk.now()) | changes({"metadata": {}}, parameters)
    product = desk.add("product", fields, identifier)
    desk.tell("product.created", product)
    return product


@endpoint("POST", "products/<product>", PRODUCT)
def update_product(desk: Desk, parameters: dict[str, Any], product: str) -> Document:
    """A product changed."""
    found = desk.alive("product", product)
    return desk.change(found, "product.updated", **changes(found, parameters), updated=desk.now())


@endpoint("GET", "products/<product>")
def retrieve_product(desk: Desk, _parameters: dict[str, Any], product: str) -> Document:
    """One product."""
    return desk.get("product", product)


@endpoint("GET", "products", PAGE | {"active": boolean, "created": when, "ids": many(text())})
def list_products(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Products by pages."""
    return page(desk, "product", "/v1/products", parameters, *_product_conditions(parameters))


def _product_conditions(parameters: dict[str, Any]) -> list[Condition]:
    conditions = wanted(parameters, "active")
    return [*conditions, one_of("id", parameters["ids"])] if "ids" in parameters else conditions


@endpoint(
    "POST",
    "tax_rates",
    TAX_RATE | {"inclusive": boolean, "percentage": number},
    required=("display_name", "inclusive", "percentage"),
)
def create_tax_rate(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A new tax rate."""
    if parameters["inclusive"]:
        raise ApiError("This stand-in computes exclusive tax rates only.", param="inclusive")
    fields = _blank_tax_rate(parameters["percentage"]) | changes({"metadata": {}}, parameters)
    rate = desk.add("tax_rate", fields)
    desk.tell("tax_rate.created", rate)
    return rate


@endpoint("POST", "tax_rates/<tax_rate>", TAX_RATE)
def update_tax_rate(desk: Desk, parameters: dict[str, Any], tax_rate: str) -> Document:
    """A tax rate changed; its percentage cannot be."""
    found = desk.get("tax_rate", tax_rate)
    return desk.change(found, "tax_rate.updated", **changes(found, parameters))


@endpoint("GET", "tax_rates/<tax_rate>")
def retrieve_tax_rate(desk: Desk, _parameters: dict[str, Any], tax_rate: str) -> Document:
    """One tax rate."""
    return desk.get("tax_rate", tax_rate)


@endpoint("GET", "tax_rates", PAGE | {"active": boolean, "created": when, "inclusive": boolean})
def list_tax_rates(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Tax rates by pages."""
    return page(desk, "tax_rate", "/v1/tax_rates", parameters, *wanted(parameters, "active", "inclusive"))


def _blank_product(now: int) -> Document:
    return {
        "active": True,
        "default_price": None,
        "description": None,
        "images": [],
        "marketing_features": [],
        "metadata": merged(None, None),
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
    }


def _blank_tax_rate(percentage: float) -> Document:
    return {
        "active": True,
        "country": None,
        "description": None,
        "effective_percentage": percentage,
        "flat_amount": None,
        "jurisdiction": None,
        "jurisdiction_level": None,
        "metadata": {},
        "rate_type": "percentage",
        "state": None,
        "tax_type": None,
    }

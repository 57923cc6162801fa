"""A fast yes or no for the few JSON Schema words that the derived schemas use.

jsonschema explains deviations but takes milliseconds over an invoice; most lines of a wire log are lawful, so they
are asked here first. A test holds the two against each other.
"""

from __future__ import annotations

from typing import Any

from tests.stripe_contract.openapi import document
from tests.stripe_contract.schemas import ROOT, Schema

PREFIX = f"{ROOT}#/components/schemas/"
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def fits(schema: Schema, value: Any) -> bool:
    """Whether a value meets a schema."""
    if "$ref" in schema:
        return fits(document()["components"]["schemas"][schema["$ref"].removeprefix(PREFIX)], value)
    if "if" in schema:
        return fits(schema["then" if isinstance(value, dict) and "deleted" in value else "else"], value)
    return _is_one_of(schema, value) and _is_kind(schema.get("type"), value) and _fits_inside(schema, value)


def _is_one_of(schema: Schema, value: Any) -> bool:
    if "anyOf" in schema and not any(fits(option, value) for option in schema["anyOf"]):
        return False
    return "enum" not in schema or any(type(word) is type(value) and word == value for word in schema["enum"])


def _is_kind(kind: str | list[str] | None, value: Any) -> bool:
    if kind is None:
        return True
    kinds = [kind] if isinstance(kind, str) else kind
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, KINDS[word]) for word in kinds)


def _fits_inside(schema: Schema, value: Any) -> bool:
    if isinstance(value, list):
        return "items" not in schema or all(fits(schema["items"], entry) for entry in value)
    if not isinstance(value, dict):
        return True
    known, other = schema.get("properties", {}), schema.get("additionalProperties", {})
    if any(name not in value for name in schema.get("required", ())):
        return False
    return all(_fits_field(known.get(name, other), entry) for name, entry in value.items())


def _fits_field(schema: Schema | bool, value: Any) -> bool:
    return fits(schema, value) if isinstance(schema, dict) else schema

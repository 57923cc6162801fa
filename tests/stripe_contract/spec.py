"""Would Stripe accept this request, could it have given this answer? Shapes only; well under a millisecond each."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import jsonschema
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from tests.stripe_contract.fitting import fits
from tests.stripe_contract.openapi import FORM, document
from tests.stripe_contract.schemas import ROOT, Schema


class Operation(NamedTuple):
    """One path and verb with its schemas."""

    verb: str
    path: str
    pattern: re.Pattern[str]
    asked: Schema
    answered: Schema


class Offence(NamedTuple):
    """A deviation, in Stripe's own error codes where it is a request's."""

    code: str
    where: str
    message: str


@cache
def operations() -> list[Operation]:
    """Every operation; literal paths come before patterns, so that create_preview is no invoice id."""
    found = [
        _operation(verb, path, table) for path, verbs in document()["paths"].items() for verb, table in verbs.items()
    ]
    return sorted(found, key=lambda operation: operation.path.count("{"))


def _operation(verb: str, path: str, table: dict[str, Any]) -> Operation:
    pattern = re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(path)))
    asked = table["requestBody"]["content"][FORM]["schema"]
    return Operation(verb, path, pattern, asked, table["responses"]["200"]["content"]["application/json"]["schema"])


def find(method: str, path: str) -> Operation | None:
    """The operation that a request addresses."""
    hits = [operation for operation in operations() if operation.pattern.fullmatch(path)]
    return next((hit for hit in hits if hit.verb == method.lower()), None)


def check_request(method: str, url: str, body: str = "") -> list[Offence]:
    """What is wrong with a request; nothing when Stripe's types allow it."""
    address = urlsplit(url)
    operation = find(method, address.path)
    if operation is None:
        return [Offence("url_invalid", address.path, f"Unrecognized request URL ({method}: {address.path})")]
    text = body if method.upper() == "POST" else address.query
    try:
        data = coerce(nest(parse_qsl(text, keep_blank_values=True)), operation.asked)
    except ValueError as fault:
        return [Offence("parameter_invalid", "", str(fault))]
    return [offence for error in _errors(operation.asked, data) for offence in _refusals(error)]


def check_answer(method: str, url: str, answer: Any) -> list[Offence]:
    """What Stripe could not have answered with status 200."""
    operation = find(method, urlsplit(url).path)
    return [] if operation is None else check(operation.answered, answer)


def check_object(thing: dict[str, Any]) -> list[Offence]:
    """What is wrong with an object, by the name it carries."""
    name = thing.get("object")
    if name not in document()["components"]["schemas"]:
        return []
    return check({"$ref": f"{ROOT}#/components/schemas/{name}"}, thing)


def check(schema: Schema, value: Any) -> list[Offence]:
    """Deviations from a schema, the deepest cause of each."""
    found = []
    for error in _errors(schema, value):
        cause = best_match([error]) or error
        found.append(Offence("answer_invalid", ".".join(map(str, cause.absolute_path)), cause.message[:300]))
    return found


def nest(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Bracket-form pairs as nested dictionaries; ValueError when two of them conflict.

    Written apart from the stand-in's own reader on purpose.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        *way, last = [name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        here = root
        for step in way:
            here = here.setdefault(step or str(len(here)), {})
            if not isinstance(here, dict):
                raise ValueError(f"conflicting values for {name}")
        here[last or str(len(here))] = value
    return root


def coerce(value: Any, schema: Schema) -> Any:
    """Text from a form as the type that the schema asks for, where it can be read so."""
    if "anyOf" in schema:
        readings = [(coerce(value, option), option) for option in schema["anyOf"]]
        return next((read for read, option in readings if not list(_errors(option, read))), value)
    kind = schema.get("type")
    if isinstance(value, dict):
        return _coerce_dict(value, schema)
    if kind == "integer" and re.fullmatch(r"-?\d+", str(value)):
        return int(value)
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        return float(value)
    return {"true": True, "false": False}.get(value, value) if kind == "boolean" else value


def _coerce_dict(value: dict[str, Any], schema: Schema) -> Any:
    if schema.get("type") == "array" and all(key.isdecimal() for key in value):
        return [coerce(value[key], schema["items"]) for key in sorted(value, key=int)]
    known, other = schema.get("properties", {}), schema.get("additionalProperties")
    rest = other if isinstance(other, dict) else {}
    return {key: coerce(entry, known.get(key, rest)) for key, entry in value.items()}


def _refusals(error: jsonschema.ValidationError) -> list[Offence]:
    error = best_match([error]) or error
    where = "".join(f"[{step}]" if place else str(step) for place, step in enumerate(error.absolute_path))
    if error.validator == "additionalProperties":
        unknown = sorted(set(error.instance) - set(error.schema.get("properties", {})))
        return [Offence("parameter_unknown", f"{where}[{key}]" if where else key, "unknown") for key in unknown]
    code = "parameter_missing" if error.validator == "required" else "parameter_invalid"
    return [Offence(code, where, error.message[:200])]


def _errors(schema: Schema, value: Any) -> Any:
    if fits(schema, value):
        return iter(())
    return _validator(id(schema), _Held(schema)).iter_errors(value)


class _Held:
    """Lets a cache key be the schema's identity while keeping the schema alive."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@cache
def _validator(identity: int, held: _Held) -> Any:
    return jsonschema.Draft7Validator(held.schema, registry=_registry())


@cache
def _registry() -> Any:
    return Registry().with_resource(ROOT, Resource(contents=document(), specification=DRAFT7))

"""The parameters an endpoint takes, written as a small table and checked as Stripe checks them.

A kind is a function of (raw value, parameter name) that returns the value or raises ApiError. An empty
string unsets what may be unset: `unset(kind)` reads it as None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portal.sandbox.errors import ApiError, missing_parameter, unknown_parameter

Kind = Callable[[Any, str], Any]
LARGEST = 2**53


def text(maximum: int = 5_000) -> Kind:
    """A string that is not empty."""

    def read(raw: Any, name: str) -> str:
        if not isinstance(raw, str):
            raise ApiError(f"Invalid string: {name}", param=name)
        if not raw:
            raise _empty(name)
        if len(raw) > maximum:
            raise ApiError(f"Invalid string: {raw[:20]}…; must be at most {maximum} characters", param=name)
        return raw

    return read


def integer(minimum: int | None = None, maximum: int = LARGEST) -> Kind:
    """A whole number within bounds."""

    def read(raw: Any, name: str) -> int:
        try:
            number = int(raw) if isinstance(raw, str) and len(raw) < 20 else None
        except ValueError:
            number = None
        if number is None:
            raise ApiError(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=name)
        if minimum is not None and number < minimum:
            words = f"This value must be greater than or equal to {minimum}."
            raise ApiError(words, code="parameter_invalid_integer", param=name)
        if number > maximum:
            words = f"This value must be less than or equal to {maximum}."
            raise ApiError(words, code="parameter_invalid_integer", param=name)
        return number

    return read


def number(raw: Any, name: str) -> float:
    """A percentage between 0 and 100."""
    try:
        value = float(raw)
    except (TypeError, ValueError):
        value = -1.0
    if not 0 <= value <= 100:
        raise ApiError(f"Invalid decimal: {raw}; must be between 0 and 100", param=name)
    return value


def boolean(raw: Any, name: str) -> bool:
    """`true` or `false`, spelled so."""
    if raw not in ("true", "false"):
        raise ApiError(f"Invalid boolean: {raw}", param=name)
    return bool(raw == "true")


def choice(*words: str) -> Kind:
    """One of a few words."""

    def read(raw: Any, name: str) -> str:
        if raw not in words:
            listed = ", ".join(words)
            raise ApiError(f"Invalid {name}: must be one of {listed}", param=name)
        return str(raw)

    return read


def unset(kind: Kind) -> Kind:
    """The kind, or the empty string that clears the field."""
    return lambda raw, name: None if raw == "" else kind(raw, name)


def many(kind: Kind, maximum: int = 100) -> Kind:
    """A list of one kind."""

    def read(raw: Any, name: str) -> list[Any]:
        if not isinstance(raw, list):
            raise ApiError("Invalid array", param=name)
        if len(raw) > maximum:
            raise ApiError(f"Array is too long: at most {maximum} entries", param=name)
        return [kind(entry, f"{name}[{index}]") for index, entry in enumerate(raw)]

    return read


def metadata(raw: Any, name: str) -> dict[str, str]:
    """Key and value pairs; an empty value unsets its key, an empty whole (read as {"": ""}) unsets all."""
    if raw == "":
        return {"": ""}
    pairs = _numbered(raw)
    if not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
        raise ApiError("Invalid hash", param=name)
    if any(len(key) > 40 or len(value) > 500 for key, value in pairs.items()):
        raise ApiError("Metadata keys take at most 40 characters and values at most 500", param=name)
    return pairs


def _numbered(raw: Any) -> Any:
    # Metadata whose keys are all digits arrives as a list; its keys were positions only by appearance.
    return {str(index): value for index, value in enumerate(raw)} if isinstance(raw, list) else raw


def struct(*required: str, **fields: Kind) -> Kind:
    """A dictionary with known fields; the names in `required` must be present."""

    def read(raw: Any, name: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise ApiError("Invalid object", param=name or None)
        return read_fields(raw, fields, required, name)

    read.fields = fields  # type: ignore[attr-defined]  # lets a test walk the tables
    return read


def read_fields(
    raw: Mapping[str, Any], fields: Mapping[str, Kind], required: tuple[str, ...] = (), name: str = ""
) -> dict[str, Any]:
    """Every field read by its kind; what is unknown or missing is refused by its full name."""
    for key in raw:
        if key not in fields:
            raise unknown_parameter(_inside(name, key))
    for key in required:
        if key not in raw:
            raise missing_parameter(_inside(name, key))
    return {key: fields[key](value, _inside(name, key)) for key, value in raw.items()}


def _inside(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


def _empty(name: str) -> ApiError:
    words = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
    )
    return ApiError(words, code="parameter_invalid_empty", param=name)


instant = integer(minimum=0)
_BOUNDS = {"gt": instant, "gte": instant, "lt": instant, "lte": instant}


def when(raw: Any, name: str) -> dict[str, int]:
    """A filter on an instant: one exact second, or bounds."""
    if isinstance(raw, dict):
        return read_fields(raw, _BOUNDS, (), name)
    exact = instant(raw, name)
    return {"gte": exact, "lte": exact}


ADDRESS = struct(**{part: unset(text()) for part in ("city", "country", "line1", "line2", "postal_code", "state")})
PAGE: dict[str, Kind] = {
    "limit": integer(1, 100),
    "starting_after": text(),
    "ending_before": text(),
}

"""Stripe's form encoding: `items[0][price]=…` read into nested dictionaries and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from portal.sandbox.errors import ApiError

MAX_PAIRS = 2_000
MAX_DEPTH = 12
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def read_form(text: str) -> dict[str, Any]:
    """The parameters of a query string or body; ApiError when a key is not well formed."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PAIRS, errors="strict")
    except ValueError as fault:
        raise ApiError("Invalid request body: it is not a well-formed form.") from fault
    return {key: _listed(value) for key, value in nest(pairs).items()}


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nested dictionaries; numbered and empty brackets stay keys until `_listed` turns them into lists."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        _place(root, name, value)
    return root


def _place(root: dict[str, Any], name: str, value: str) -> None:
    *way, last = _steps(name)
    here = root
    for step in way:
        here = here.setdefault(step or str(len(here)), {})
        if not isinstance(here, dict):
            raise ApiError(f"Invalid request: conflicting values for {name}.", param=name)
    here[last or str(len(here))] = value


def _steps(name: str) -> list[str]:
    match = _KEY.fullmatch(name)
    if match is None:
        raise ApiError(f"Invalid parameter name: {name}", code="parameter_unknown", param=name)
    steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(steps) > MAX_DEPTH:
        raise ApiError("Invalid request: parameters are nested too deeply.", param=match[1])
    return steps


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    inner = {key: _listed(value) for key, value in node.items()}
    if inner and all(key.isdecimal() and key.isascii() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner

"""How an update joins what is there: metadata key by key, the rest by replacement."""

from __future__ import annotations

from typing import Any

from portal.sandbox.errors import ApiError

MOST_KEYS = 50


def merged(old: dict[str, str] | None, new: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: an empty value unsets its key, {"": ""} unsets all."""
    if not new:
        return dict(old or {})
    if "" in new:
        return {}
    joined = {key: value for key, value in ((old or {}) | new).items() if value}
    if len(joined) > MOST_KEYS:
        raise ApiError(f"You can only set metadata for up to {MOST_KEYS} keys.", param="metadata")
    return joined


def changes(document: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """The fields to write for an update, metadata merged; `expand` is no field."""
    fields = {key: value for key, value in parameters.items() if key != "expand"}
    if "metadata" in fields:
        fields["metadata"] = merged(document["metadata"], fields["metadata"])
    return fields

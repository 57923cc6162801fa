"""An OpenAPI 3.1 document derived from the installed `stripe` package: always the pinned API version.

It is written to the machine's temporary folder and found there again; nothing of it is kept in the tree.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.stripe_contract.schemas import Converter, Schema
from tests.stripe_contract.typings import Module, Package, constant, name_of

FAMILIES = [
    "customers",
    "products",
    "prices",
    "checkout/sessions",
    "billing_portal",
    "subscriptions",
    "subscription_items",
    "subscription_schedules",
    "invoices",
    "invoiceitems",
    "invoice_payments",
    "payment_methods",
    "payment_intents",
    "setup_intents",
    "coupons",
    "promotion_codes",
    "tax_ids",
    "tax_rates",
    "events",
    "webhook_endpoints",
    "test_helpers/test_clocks",
    "credit_notes",
    "refunds",
    "charges",
    "disputes",
]
FORM = "application/x-www-form-urlencoded"


@cache
def document() -> dict[str, Any]:
    """The document, derived once for each version of the library and of this generator."""
    root = installed()
    path = Path(tempfile.gettempdir()) / f"stripe-openapi-{_fingerprint(root)}.json"
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(derive(root)), encoding="utf-8")
        draft.replace(path)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def installed() -> Path:
    """The folder of the installed client library."""
    spec = importlib.util.find_spec("stripe")
    if spec is None or spec.origin is None:
        raise LookupError("the stripe package is not installed")
    return Path(spec.origin).parent


def derive(root: Path) -> dict[str, Any]:
    """The document of the families of endpoints that a subscription business meets."""
    package = Package(root)
    components: dict[str, Schema] = {}
    paths: dict[str, dict[str, Any]] = {}
    for module, service in package.services():
        for method in service.body:
            if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                _add(paths, package, components, module, method)
    info = {"title": "Stripe, as the client library types it", "version": _version(root)}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": components}}


def _add(
    paths: dict[str, dict[str, Any]],
    package: Package,
    components: dict[str, Schema],
    module: Module,
    method: ast.FunctionDef,
) -> None:
    found = _address(method)
    if found is None or not _wanted(found[1]):
        return
    verb, path = found
    asked = Converter(package, False, {}).convert(_parameters(method), module) if _parameters(method) else _NOTHING
    answer = Converter(package, True, components).convert(method.returns, module) if method.returns else {}
    paths.setdefault(path, {})[verb] = {
        "requestBody": {"content": {FORM: {"schema": asked}}},
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": answer}}}},
    }


_NOTHING: Schema = {"type": "object", "properties": {}, "additionalProperties": False}


def _address(method: ast.FunctionDef) -> tuple[str, str] | None:
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and name_of(node.func) == "_request":
            path = node.args[1]
            if isinstance(path, ast.Call) and isinstance(path.func, ast.Attribute):
                path = path.func.value
            return str(constant(node.args[0])), str(constant(path))
    return None


def _wanted(path: str) -> bool:
    rest = path.removeprefix("/v1/")
    known = any(rest == family or rest.startswith(f"{family}/") for family in FAMILIES)
    return path != rest and known and "/sources" not in path and "bank_accounts" not in path


def _parameters(method: ast.FunctionDef) -> ast.expr | None:
    for argument in method.args.args:
        if argument.arg == "params" and argument.annotation is not None:
            note = argument.annotation
            return note.slice if isinstance(note, ast.Subscript) else note
    return None


def _version(root: Path) -> str:
    match = re.search(r'CURRENT = "([^"]+)"', (root / "_api_version.py").read_text(encoding="utf-8"))
    if match is None:
        raise LookupError("the library does not say which API version it speaks")
    return match[1]


def _fingerprint(root: Path) -> str:
    here = Path(__file__).parent
    sources = [here / "typings.py", here / "schemas.py", here / "openapi.py", root / "_version.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]

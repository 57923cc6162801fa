"""expand[]: ids in an answer replaced by the objects they name, four levels deep at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.errors import ApiError
from portal.sandbox.rendering import envelope
from portal.sandbox.store import Document

MAX_DEPTH = 4


def expanded(desk: Desk, answer: Document, paths: list[str]) -> Document:
    """The answer with every asked path expanded; ApiError for a path that leads nowhere."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > MAX_DEPTH:
            raise ApiError(f"You cannot expand more than {MAX_DEPTH} levels of a property ({path}).", param="expand")
        _expand(desk, answer, steps, path)
    return answer


def _expand(desk: Desk, node: Any, steps: list[str], path: str) -> None:
    if isinstance(node, list):
        for entry in node:
            _expand(desk, entry, steps, path)
        return
    if not steps or node is None:
        return
    if not isinstance(node, dict):
        raise _not_expandable(path)
    node[steps[0]] = _resolve(desk, node, steps[0], path)
    _expand(desk, node[steps[0]], steps[1:], path)


def _resolve(desk: Desk, node: Document, name: str, path: str) -> Any:
    included = INCLUDED.get((str(node.get("object")), name))
    if included is not None:
        return node.get(name) or included(desk, node)
    if name not in node:
        raise _not_expandable(path)
    value = node[name]
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return [_object(desk, entry, path) for entry in value]
    return _object(desk, value, path) if isinstance(value, str) else value


def _object(desk: Desk, identifier: str, path: str) -> Document:
    document = desk.store.get(identifier)
    if document is None:
        raise _not_expandable(path)
    # A coupon that was deleted goes on for those who have it.
    return desk.show(document.get("_kept") or document)


def _not_expandable(path: str) -> ApiError:
    return ApiError(f"This property cannot be expanded ({path}).", param="expand")


def line_items(desk: Desk, session: Document) -> Document:
    """What a checkout session sells."""
    items = desk.store.find("item", ("_session", "=", session["id"]), oldest_first=True)
    return envelope(f"/v1/checkout/sessions/{session['id']}/line_items", [desk.show(item) for item in items])


def _payments(desk: Desk, invoice: Document) -> Document:
    found = desk.store.find("invoice_payment", ("invoice", "=", invoice["id"]))
    return envelope(f"/v1/invoice_payments?invoice={invoice['id']}", [desk.show(payment) for payment in found])


def _subscriptions(desk: Desk, customer: Document) -> Document:
    found = desk.store.find("subscription", ("customer", "=", customer["id"]), ("status", "!=", "canceled"))
    return envelope(f"/v1/customers/{customer['id']}/subscriptions", [desk.show(one) for one in found])


def _tax_ids(desk: Desk, customer: Document) -> Document:
    found = desk.store.find("tax_id", ("customer", "=", customer["id"]))
    return envelope(f"/v1/customers/{customer['id']}/tax_ids", [desk.show(tax_id) for tax_id in found])


def _refunds(desk: Desk, charge: Document) -> Document:
    found = desk.store.find("refund", ("charge", "=", charge["id"]))
    return envelope(f"/v1/charges/{charge['id']}/refunds", [desk.show(refund) for refund in found])


def _applies_to(desk: Desk, coupon: Document) -> Document | None:
    """The products a coupon is for; None when it is for all."""
    found = desk.store.get(coupon["id"]) or {}
    return (found.get("_kept") or found).get("applies_to")


INCLUDED: dict[tuple[str, str], Callable[[Desk, Document], Document | None]] = {
    ("coupon", "applies_to"): _applies_to,
    ("checkout.session", "line_items"): line_items,
    ("invoice", "payments"): _payments,
    ("charge", "refunds"): _refunds,
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "tax_ids"): _tax_ids,
}

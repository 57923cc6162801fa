"""The customer portal's page on who is invoiced: only what its configuration lets be changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import redirect, request
from werkzeug.wrappers import Response as AnyResponse

from portal.sandbox.desk import Desk
from portal.sandbox.pages import layout
from portal.sandbox.pages.cardform import CardForm
from portal.sandbox.pages.words import say
from portal.sandbox.resources import customers
from portal.sandbox.store import Document

if TYPE_CHECKING:
    from portal.sandbox.pages.portal import Visit

PLAIN = ("name", "email", "phone")
ADDRESS = ("line1", "line2", "postal_code", "city", "country")
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
VAT = re.compile(r"[A-Z]{2}[A-Z0-9]{2,13}")


def fields(visit: Visit) -> list[str]:
    """The inputs of the form."""
    allowed = visit.features["customer_update"]["allowed_updates"] or []
    plain = [name for name in PLAIN if name in allowed]
    return plain + (list(ADDRESS) if "address" in allowed else []) + (["tax_id"] if "tax_id" in allowed else [])


def show(desk: Desk, visit: Visit) -> AnyResponse:
    """The form, and its reception."""
    if request.method == "GET":
        return _page(desk, visit, known(visit.customer), {})
    values = {name: request.form.get(name, "")[:250].strip() for name in fields(visit)}
    errors = {name: say(visit.tongue, key) for name, key in _wrong(values).items()}
    if errors:
        return _page(desk, visit, values, errors)
    _write(desk, visit.customer, values)
    return redirect(f"{visit.home}&note=identity", 303)


def known(customer: Document) -> dict[str, str]:
    """What is written on invoices now."""
    address = customer["address"] or {}
    numbers = customer["_tax_ids"]
    texts = {name: customer[name] or "" for name in PLAIN} | {name: address.get(name) or "" for name in ADDRESS}
    return texts | {"tax_id": numbers[0]["value"] if numbers else ""}


def _wrong(values: dict[str, str]) -> dict[str, str]:
    wrong = {}
    if "email" in values and not MAIL.fullmatch(values["email"]):
        wrong["email"] = "email_wrong"
    if values.get("country") and not re.fullmatch("[A-Za-z]{2}", values["country"]):
        wrong["country"] = "country_wrong"
    if values.get("tax_id") and not VAT.fullmatch(_number(values["tax_id"])):
        wrong["tax_id"] = "tax_id_wrong"
    return wrong


def _number(text: str) -> str:
    return re.sub(r"[\s.-]", "", text).upper()


def _write(desk: Desk, customer: Document, values: dict[str, str]) -> None:
    written: Document = {name: values[name] or None for name in PLAIN if name in values}
    if "city" in values:
        written["address"] = {name: values[name] or None for name in ADDRESS}
        written["address"]["country"] = values["country"].upper() or None
    customers.update(desk, written, customer["id"])
    if "tax_id" in values:
        customers.set_tax_id(desk, desk.get("customer", customer["id"]), _number(values["tax_id"]))


def _page(desk: Desk, visit: Visit, values: dict[str, str], errors: dict[str, str]) -> AnyResponse:
    return layout.page(
        "portal_identity.html",
        visit.tongue,
        (visit.session["return_url"],),
        422 if errors else 200,
        visit=visit,
        fields=fields(visit),
        form=CardForm(values, errors),
        problems=list(errors.items()),
        seller=desk.config.account_name,
    )

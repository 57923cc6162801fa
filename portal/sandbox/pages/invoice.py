"""The hosted invoice: to read, to pay while it is open, to download."""

from __future__ import annotations

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from portal.sandbox.desk import Desk
from portal.sandbox.engine import collecting, duties
from portal.sandbox.pages import cardform, layout, pdf
from portal.sandbox.pages.cardform import CardForm
from portal.sandbox.pages.portal import replace_card
from portal.sandbox.pages.words import say
from portal.sandbox.store import Document


def find(desk: Desk, invoice_id: str) -> Document | None:
    """The invoice of an address."""
    duties.run_due(desk)
    found = desk.store.get(invoice_id)
    return found if found and found["object"] == "invoice" and found["status"] != "draft" else None


def show(desk: Desk, invoice: Document) -> AnyResponse:
    """The page, with a card form while there is something to pay."""
    return _page(desk, invoice, cardform.blank())


def pay(desk: Desk, invoice: Document) -> AnyResponse:
    """The card form of an open invoice: the card is kept for what follows, as the subscription's own."""
    tongue = _tongue(desk, invoice)
    form = cardform.read(desk, tongue)
    if invoice["status"] == "open" and form.card is None:
        return _page(desk, invoice, form, status=422)
    if invoice["status"] == "open":
        customer = desk.get("customer", invoice["customer"])
        if form.card and form.card.refusal:
            return _page(desk, invoice, form, status=422, declined=True)
        collecting.collect(desk, invoice, replace_card(desk, customer, form))
    return redirect(f"/invoice/{invoice['id']}?lang={tongue}", 303)


def download(desk: Desk, invoice: Document) -> Response:
    """The invoice as a PDF of one page."""
    tongue = _tongue(desk, invoice)
    response = Response(
        pdf.invoice(desk, invoice, lines(desk, invoice, tongue), tongue), content_type="application/pdf"
    )
    response.headers["Content-Disposition"] = f'inline; filename="{invoice["number"]}.pdf"'
    return response


def lines(desk: Desk, invoice: Document, tongue: str) -> list[Document]:
    """The invoice's lines for people: [{name, quantity, start, end, amount}]."""
    return [_line(desk, line, tongue) for line in invoice["lines"]["data"]]


def _line(desk: Desk, line: Document, tongue: str) -> Document:
    name = desk.get("product", line["pricing"]["price_details"]["product"])["name"]
    return {
        "name": _named(line, name, tongue),
        "quantity": line["quantity"],
        "start": line["period"]["start"],
        "end": line["period"]["end"],
        "amount": line["amount"],
    }


def _named(line: Document, name: str, tongue: str) -> str:
    details = line["parent"]["subscription_item_details"] or {}
    if details.get("proration"):
        return say(tongue, "unused_line" if line["amount"] < 0 else "remaining_line", name=name)
    return say(tongue, "trial_line", name=name) if line["pricing"]["unit_amount_decimal"] == "0" else name


def _tongue(desk: Desk, invoice: Document) -> str:
    customer = desk.store.get(invoice["customer"]) or {}
    locales = customer.get("preferred_locales") or [None]
    return layout.language(locales[0])


def _page(desk: Desk, invoice: Document, form: CardForm, status: int = 200, declined: bool = False) -> AnyResponse:
    tongue = _tongue(desk, invoice)
    return layout.page(
        "invoice.html",
        tongue,
        status=status,
        invoice=invoice,
        lines=lines(desk, invoice, tongue),
        taxes=[(desk.get("tax_rate", tax["tax_rate_details"]["tax_rate"]), tax) for tax in invoice["total_taxes"]],
        form=form,
        problems=cardform.problems(form, tongue, declined),
        cards=cardform.explained_cards(tongue),
        seller=desk.config.account_name,
    )

"""The hosted invoice: to read, to pay while it is open, to download."""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from portal.sandbox.desk import Desk
from portal.sandbox.engine import cards, charging, collecting, discounting, duties
from portal.sandbox.engine.cards import Card, Details
from portal.sandbox.pages import bank, cardform, layout, pdf
from portal.sandbox.pages.cardform import CardForm
from portal.sandbox.pages.portal import charge_from_now_on
from portal.sandbox.pages.words import say
from portal.sandbox.store import Document

ACCOUNT = pdf.ACCOUNT


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
    if invoice["status"] == "open" and form.card:
        if form.card.refusal:
            return _page(desk, invoice, form, status=422, declined=True)
        collecting.collect(desk, invoice, _card(desk, invoice, form.card, form.details))
    return redirect(f"/invoice/{invoice['id']}?lang={tongue}", 303)


def step(desk: Desk, invoice: Document) -> AnyResponse:
    """The bank's own page for a payment that waits for its holder, and the holder's answer."""
    tongue, intent = _tongue(desk, invoice), waiting(desk, invoice)
    home = redirect(f"/invoice/{invoice['id']}?lang={tongue}", 303)
    if intent is None or invoice["status"] != "open":
        return home
    method = desk.get("payment_method", intent["payment_method"])
    if request.method == "GET":
        target, due = f"/invoice/{invoice['id']}/bank", (invoice["amount_remaining"], invoice["currency"])
        return bank.page(tongue, target, due, method)
    if request.form.get("answer") != "yes":
        desk.tell("payment_intent.payment_failed", charging.not_authenticated(desk, intent))
        return _page(desk, invoice, cardform.blank(), status=422, declined=True, word="unproved")
    collecting.collect(desk, invoice, method, collecting.Manner(authenticated=True))
    return home


def waiting(desk: Desk, invoice: Document) -> Document | None:
    """The payment intent of an invoice whose bank waits for the card's holder."""
    for payment in desk.store.find("invoice_payment", ("invoice", "=", invoice["id"])):
        intent = desk.store.get(payment["payment"]["payment_intent"])
        if intent and intent["status"] == "requires_action":
            return intent
    return None


def _card(desk: Desk, invoice: Document, card: Card, details: Details) -> Document:
    """The card kept: for the subscription too, unless its invoices are paid one by one."""
    customer = desk.get("customer", invoice["customer"])
    method = cards.keep(desk, card, details, customer)
    desk.tell("payment_method.attached", method)
    if invoice["collection_method"] == "charge_automatically":
        charge_from_now_on(desk, customer, method)
    return desk.get("payment_method", method["id"])


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


def _coupon_name(desk: Desk, discount: str) -> str:
    """A discount by the name of its coupon."""
    coupon = discounting.coupon_of(desk, desk.get("discount", discount))
    return str(coupon["name"] or coupon["id"])


def _tongue(desk: Desk, invoice: Document) -> str:
    customer = desk.store.get(invoice["customer"]) or {}
    locales = customer.get("preferred_locales") or [None]
    return layout.language(locales[0])


def _page(
    desk: Desk, invoice: Document, form: CardForm, status: int = 200, *, declined: bool = False, word: str = "declined"
) -> AnyResponse:
    tongue = _tongue(desk, invoice)
    return layout.page(
        "invoice.html",
        tongue,
        status=status,
        invoice=invoice,
        lines=lines(desk, invoice, tongue),
        taxes=[(desk.get("tax_rate", tax["tax_rate_details"]["tax_rate"]), tax) for tax in invoice["total_taxes"]],
        form=form,
        names={one["discount"]: _coupon_name(desk, one["discount"]) for one in invoice["total_discount_amounts"]},
        waiting=waiting(desk, invoice) if invoice["status"] == "open" else None,
        account=ACCOUNT,
        problems=cardform.problems(form, tongue, declined, word),
        cards=cardform.explained_cards(tongue),
        seller=desk.config.account_name,
    )

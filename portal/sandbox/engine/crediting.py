"""Credit notes: an invoice taken back in part or whole, before it is paid or after."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from portal.sandbox import ids
from portal.sandbox.desk import Desk
from portal.sandbox.engine import amounts, collecting, refunding
from portal.sandbox.errors import ApiError
from portal.sandbox.rendering import envelope
from portal.sandbox.store import Document


class Wish(NamedTuple):
    """What is asked for; `lines` are {type, invoice_line_item, quantity, amount, description, unit_amount}."""

    amount: int | None
    lines: list[Document]
    refund: int
    out_of_band: int
    fields: Document


def issue(desk: Desk, invoice: Document, wish: Wish) -> Document:
    """Keep, settle and tell a credit note; ApiError when the invoice does not bear it."""
    if invoice["status"] not in ("open", "paid"):
        raise ApiError(
            "You can only create credit notes for finalized invoices that are open or paid.", param="invoice"
        )
    identifier = ids.new_id("credit_note")
    lines = _lines(desk, invoice, wish)
    sums = _sums(lines)
    _refuse(desk, invoice, sums["total"], wish)
    fields = _fields(desk, invoice, lines, wish) | sums
    fields["lines"]["url"] = f"/v1/credit_notes/{identifier}/lines"
    fields["pdf"] = f"{desk.address}/credit_note/{identifier}/pdf"
    note = desk.add("credit_note", fields | wish.fields, identifier)
    desk.tell("credit_note.created", note)
    return _settle(desk, invoice, note, wish)


def void(desk: Desk, note: Document) -> Document:
    """Take a credit note back; only while its invoice is open."""
    invoice = desk.get("invoice", note["invoice"])
    if note["status"] == "void" or invoice["status"] != "open":
        raise ApiError("You can only void an issued credit note of an open invoice.")
    _lower(desk, invoice, -int(note["total"]))
    return desk.change(note, "credit_note.voided", status="void", voided_at=desk.now())


def _settle(desk: Desk, invoice: Document, note: Document, wish: Wish) -> Document:
    if note["type"] == "pre_payment":
        _lower(desk, invoice, note["total"])
        if not invoice["amount_remaining"]:
            collecting.settle_outside(desk, invoice)
        return note
    given = int(invoice["post_payment_credit_notes_amount"])
    desk.change(invoice, "invoice.updated", post_payment_credit_notes_amount=given + note["total"])
    if not wish.refund:
        return note
    made = refunding.refund(desk, charge_of(desk, invoice), refunding.Wish(wish.refund))
    linked = {"amount_refunded": made["amount"], "payment_record_refund": None, "refund": made["id"], "type": "refund"}
    return desk.change(note, "credit_note.updated", refunds=[linked])


def charge_of(desk: Desk, invoice: Document) -> Document:
    """The charge that paid an invoice; ApiError when it was not a card."""
    for payment in desk.store.find("invoice_payment", ("invoice", "=", invoice["id"]), ("status", "=", "paid")):
        return refunding.charge_of(desk, desk.get("payment_intent", payment["payment"]["payment_intent"]))
    raise ApiError("This invoice was not paid by card: there is no charge to refund.", param="refund_amount")


def _lower(desk: Desk, invoice: Document, cents: int) -> None:
    desk.change(
        invoice,
        "invoice.updated",
        amount_due=invoice["amount_due"] - cents,
        amount_remaining=invoice["amount_remaining"] - cents,
        pre_payment_credit_notes_amount=invoice["pre_payment_credit_notes_amount"] + cents,
    )


def _refuse(desk: Desk, invoice: Document, total: int, wish: Wish) -> None:
    issued = desk.store.find("credit_note", ("invoice", "=", invoice["id"]), ("status", "=", "issued"))
    left = int(invoice["total"]) - sum(note["total"] for note in issued)
    if not 0 < total <= left:
        raise ApiError(f"The credit note's amount ({total}) must be between 1 and what is left ({left}).")
    if invoice["status"] == "open" and (wish.refund or wish.out_of_band):
        raise ApiError("An open invoice has nothing to refund: leave refund_amount and out_of_band_amount out.")
    if invoice["status"] == "paid" and wish.refund + wish.out_of_band != total:
        message = "The sum of credit amount, refund amount and out of band amount must equal the credit note amount"
        raise ApiError(f"{message} ({total}).")


def _lines(desk: Desk, invoice: Document, wish: Wish) -> list[Document]:
    if (wish.amount is None) == (not wish.lines):
        raise ApiError("You must pass exactly one of: amount, lines.")
    if wish.amount is not None:
        return [_line({"amount": wish.amount, "description": None, "type": "custom_line_item"})]
    return [_wanted(desk, invoice, line, f"lines[{place}]") for place, line in enumerate(wish.lines)]


def _wanted(desk: Desk, invoice: Document, wish: Document, name: str) -> Document:
    if wish["type"] == "custom_line_item":
        quantity, unit = wish.get("quantity", 1), wish.get("unit_amount", 0)
        fields = {"amount": quantity * unit, "description": wish.get("description"), "quantity": quantity}
        return _line(fields | {"unit_amount": unit, "type": "custom_line_item"})
    for line in invoice["lines"]["data"]:
        if line["id"] == wish.get("invoice_line_item"):
            return _of_invoice(desk, line, wish)
    raise ApiError(
        "No such invoice line item on this invoice.", code="resource_missing", param=f"{name}[invoice_line_item]"
    )


def _of_invoice(desk: Desk, line: Document, wish: Document) -> Document:
    quantity: int | None = wish.get("quantity")
    counted = "quantity" if quantity else "amount"
    share = Decimal(int(wish.get(counted) or line[counted])) / (line[counted] or 1)
    if not 0 < share <= 1:
        raise ApiError("A credit note cannot take back more than the invoice line holds.")
    off = _part(sum(one["amount"] for one in line["discount_amounts"]), share)
    taxes = [
        tax | {"amount": _part(tax["amount"], share), "taxable_amount": _part(tax["taxable_amount"], share)}
        for tax in line["taxes"]
    ]
    return _line(
        {
            "amount": _part(line["amount"], share),
            "description": line["description"],
            "discount_amount": off,
            "invoice_line_item": line["id"],
            "quantity": quantity,
            "taxes": taxes,
            "tax_rates": [desk.get("tax_rate", tax["tax_rate_details"]["tax_rate"]) for tax in taxes],
            "type": "invoice_line_item",
        }
    )


def _part(cents: int, share: Decimal) -> int:
    return int((cents * share).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _line(fields: Document) -> Document:
    blank: dict[str, Any] = {
        "id": ids.new_id("credit_note_line_item"),
        "object": "credit_note_line_item",
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": None,
        "tax_rates": [],
        "taxes": [],
        "unit_amount": None,
        "unit_amount_decimal": None,
    }
    return blank | fields


def _sums(lines: list[Document]) -> Document:
    net = sum(line["amount"] for line in lines)
    off = sum(line["discount_amount"] for line in lines)
    taxes = amounts.summed([tax for line in lines for tax in line["taxes"]])
    total = net - off + sum(tax["amount"] for tax in taxes)
    return {
        "amount": total,
        "discount_amount": off,
        "subtotal": net,
        "subtotal_excluding_tax": net,
        "total": total,
        "total_excluding_tax": net - off,
        "total_taxes": taxes,
    }


def _fields(desk: Desk, invoice: Document, lines: list[Document], wish: Wish) -> Document:
    before = len(desk.store.find("credit_note", ("invoice", "=", invoice["id"])))
    paid, total = invoice["status"] == "paid", _sums(lines)["total"]
    return {
        "amount_shipping": 0,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amounts": [],
        "effective_at": desk.now(),
        "invoice": invoice["id"],
        "lines": envelope("", lines),
        "memo": None,
        "metadata": {},
        "number": f"{invoice['number']}-CN-{before + 1:02d}",
        "out_of_band_amount": wish.out_of_band or None,
        "post_payment_amount": total if paid else 0,
        "pre_payment_amount": 0 if paid else total,
        "pretax_credit_amounts": [],
        "reason": None,
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "type": "post_payment" if paid else "pre_payment",
        "voided_at": None,
    }

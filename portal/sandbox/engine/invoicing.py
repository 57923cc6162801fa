"""Invoices: drawn up from a subscription's items, finalised with a number; collecting them is elsewhere."""

from __future__ import annotations

from typing import Any

from portal.sandbox import ids
from portal.sandbox.desk import Desk
from portal.sandbox.engine import amounts, balances, discounting
from portal.sandbox.rendering import envelope, items_of
from portal.sandbox.store import Document

DAY = 86_400
SYMBOLS = {"eur": "€", "usd": "$", "gbp": "£"}


def draw_up(desk: Desk, subscription: Document, reason: str, period: tuple[int, int], free: bool = False) -> Document:
    """A draft for the items' current periods; `period` is the invoice's own, `free` the one of a trial.

    Prorations that waited for the next invoice come first.
    """
    waiting = subscription.get("_prorations") or []
    lines = [*waiting, *(line_of(desk, item, free) for item in items_of(desk.store, subscription["id"]))]
    if waiting:
        desk.change(subscription, _prorations=[])
    return keep(desk, subscription, reason, period, lines)


def keep(desk: Desk, subscription: Document, reason: str, period: tuple[int, int], lines: list[Document]) -> Document:
    """A draft of these lines."""
    identifier = ids.new_id("invoice")
    lines = [line | {"invoice": identifier} for line in lines]
    invoice = desk.add("invoice", _fields(desk, subscription, reason, period, lines), identifier)
    discounting.used(desk, subscription, invoice["lines"]["data"])
    return invoice


def _fields(
    desk: Desk, subscription: Document, reason: str, period: tuple[int, int], lines: list[Document]
) -> Document:
    """What a draft of these lines holds; the lines name it."""
    customer = desk.get("customer", subscription["customer"])
    lines = discounting.applied(desk, subscription, lines)
    identifier = lines[0]["invoice"] if lines else ""
    fields = _blank(desk, identifier, lines) | _payer(customer) | _amounts(lines)
    fields |= balances.settled(customer["balance"], fields["total"]) | {"ending_balance": None}
    return fields | {
        "billing_reason": reason,
        "collection_method": subscription["collection_method"],
        "currency": subscription["currency"],
        "default_payment_method": None,
        "parent": _parent(subscription),
        "period_start": period[0],
        "period_end": period[1],
        "_subscription": subscription["id"],
        "_days_until_due": subscription["days_until_due"] if by_transfer(subscription) else None,
    }


def previewed(
    desk: Desk, subscription: Document, period: tuple[int, int], lines: list[Document], instant: int
) -> Document:
    """An invoice that will never be kept, as previews show it."""
    identifier = ids.new_id("preview")
    lines = [line | {"invoice": identifier} for line in lines]
    fields = _fields(desk, subscription, "upcoming", period, lines)
    fields["parent"]["subscription_details"]["subscription_proration_date"] = instant
    return {"id": identifier, "object": "invoice", "created": desk.now(), "livemode": False, **fields}


def finalise(desk: Desk, invoice: Document) -> Document:
    """Give a draft its number and open it for payment; the caller tells."""
    customer = desk.get("customer", invoice["customer"])
    sequence = customer["next_invoice_sequence"]
    desk.change(customer, next_invoice_sequence=sequence + 1)
    balance = balances.use(desk, invoice)
    page = f"{desk.address}/invoice/{invoice['id']}"
    days = invoice.get("_days_until_due")
    return desk.change(
        invoice,
        **balance,
        status="open",
        number=f"{customer['invoice_prefix']}-{sequence:04d}",
        auto_advance=True,
        automatically_finalizes_at=None,
        effective_at=desk.now(),
        due_date=None if days is None else desk.now() + days * DAY,
        hosted_invoice_url=page,
        invoice_pdf=f"{page}/pdf",
        status_transitions=invoice["status_transitions"] | {"finalized_at": desk.now()},
    )


def by_transfer(subscription: Document) -> bool:
    """Whether a subscription's invoices are sent instead of charged."""
    return bool(subscription["collection_method"] == "send_invoice")


def mark_paid(desk: Desk, invoice: Document) -> Document:
    """Record that nothing is left to pay; the caller tells."""
    return desk.change(
        invoice,
        status="paid",
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        attempted=True,
        auto_advance=False,
        next_payment_attempt=None,
        status_transitions=invoice["status_transitions"] | {"paid_at": desk.now()},
    )


def line_of(desk: Desk, item: Document, free: bool = False) -> Document:
    """A subscription item's line for its current period."""
    line = sold_on(desk, item)
    amount = 0 if free else amounts.subtotal(line)
    product = desk.get("product", line.price["product"])
    return drawn(desk, item, line, amount, describe(line, product, free))


def sold_on(desk: Desk, item: Document) -> amounts.Line:
    """A subscription item as sold, with the subscription's own tax rates when the item has none."""
    rates = item["tax_rates"] or desk.get("subscription", item["subscription"])["default_tax_rates"]
    return amounts.lines_of(desk, [item | {"tax_rates": rates}])[0]


def drawn(desk: Desk, item: Document, line: amounts.Line, amount: int, description: str) -> Document:
    """A line of an invoice; the invoice's id is written when it joins one."""
    owner = desk.get("subscription", item["subscription"])
    exempt = desk.get("customer", owner["customer"])["tax_exempt"]
    return {
        "id": ids.new_id("line_item"),
        "object": "line_item",
        "amount": amount,
        "currency": line.price["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": _line_parent(item),
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
        "pretax_credit_amounts": [],
        "pricing": _pricing(line, amount),
        "quantity": line.quantity,
        "quantity_decimal": str(line.quantity),
        "subscription": item["subscription"],
        "subtotal": amount,
        "taxes": [amounts.tax_fields(tax) for tax in amounts.taxes(line, exempt, amount)],
    }


def describe(line: amounts.Line, product: Document, free: bool) -> str:
    """A line in Stripe's words, for example `2 × mind Health (at €89.00 / month)`."""
    if free:
        return f"Trial period for {product['name']}"
    sign = SYMBOLS.get(line.price["currency"], line.price["currency"].upper() + " ")
    each = f"{sign}{line.price['unit_amount'] / 100:.2f}"
    return f"{line.quantity} × {product['name']} (at {each} / {line.price['recurring']['interval']})"


def _pricing(line: amounts.Line, amount: int) -> Document:
    return {
        "price_details": {"price": line.price["id"], "product": line.price["product"]},
        "type": "price_details",
        "unit_amount_decimal": str(line.price["unit_amount"]) if amount else "0",
    }


def _line_parent(item: Document) -> Document:
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": item["subscription"],
        "subscription_item": item["id"],
    }
    return {
        "invoice_item_details": None,
        "subscription_item_details": details,
        "type": "subscription_item_details",
    }


def _parent(subscription: Document) -> Document:
    details = {
        "metadata": subscription["metadata"],
        "subscription": subscription["id"],
        "subscription_proration_date": None,
    }
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _amounts(lines: list[Document]) -> Document:
    net = sum(line["amount"] for line in lines)
    taxes = amounts.summed([tax for line in lines for tax in line["taxes"]])
    off = discounting.summed(lines)
    left = net - sum(one["amount"] for one in off)
    total = left + sum(tax["amount"] for tax in taxes)
    return {
        "amount_paid": 0,
        "subtotal": net,
        "subtotal_excluding_tax": net,
        "total": total,
        "discounts": [one["discount"] for one in off],
        "total_discount_amounts": off,
        "total_excluding_tax": left,
        "total_taxes": taxes,
    }


def _payer(customer: Document) -> Document:
    return {
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": customer["_tax_ids"],
        "custom_fields": customer["invoice_settings"]["custom_fields"],
        "footer": customer["invoice_settings"]["footer"],
    }


def _blank(desk: Desk, identifier: str, lines: list[Document]) -> Document:
    nothing: dict[str, Any] = dict.fromkeys(EMPTY_FIELDS)
    zero = dict.fromkeys(ZERO_FIELDS, 0)
    return (
        nothing
        | zero
        | {
            "account_country": "FR",
            "account_name": desk.config.account_name,
            "attempted": False,
            "auto_advance": True,
            "automatic_tax": {
                "disabled_reason": None,
                "enabled": False,
                "liability": None,
                "provider": None,
                "status": None,
            },
            "default_tax_rates": [],
            "issuer": {"account": None, "type": "self"},
            "lines": envelope(f"/v1/invoices/{identifier}/lines", lines),
            "metadata": {},
            "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
            "status": "draft",
            "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
            "total_pretax_credit_amounts": [],
            "webhooks_delivered_at": desk.now(),
        }
    )


EMPTY_FIELDS = [
    "amount_paid_off_stripe",
    "account_tax_ids",
    "application",
    "automatically_finalizes_at",
    "default_source",
    "description",
    "due_date",
    "effective_at",
    "ending_balance",
    "from_invoice",
    "hosted_invoice_url",
    "invoice_pdf",
    "last_finalization_error",
    "latest_revision",
    "next_payment_attempt",
    "number",
    "on_behalf_of",
    "receipt_number",
    "rendering",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
    "test_clock",
]
ZERO_FIELDS = [
    "amount_overpaid",
    "amount_shipping",
    "attempt_count",
    "post_payment_credit_notes_amount",
    "pre_payment_credit_notes_amount",
]

"""A customer's balance: credit (negative) that the next invoices use up, so that nothing is ever paid out by itself."""

from __future__ import annotations

from portal.sandbox.desk import Desk
from portal.sandbox.store import Document


def settled(balance: int, total: int) -> Document:
    """What an invoice of this total asks for, and what it leaves of the balance."""
    due = max(0, total + balance)
    return {
        "amount_due": due,
        "amount_remaining": due,
        "starting_balance": balance,
        "ending_balance": balance + total - due,
    }


def use(desk: Desk, invoice: Document) -> Document:
    """Set an invoice's total off against the customer's balance; returns the fields to write on the invoice."""
    customer = desk.get("customer", invoice["customer"])
    fields = settled(customer["balance"], invoice["total"])
    if fields["ending_balance"] != customer["balance"]:
        desk.change(customer, "customer.updated", balance=fields["ending_balance"])
    return fields

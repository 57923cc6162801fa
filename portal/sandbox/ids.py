"""Identifiers in Stripe's manner: a prefix that names the kind, then random letters and digits."""

from __future__ import annotations

import secrets
import string

PREFIXES = {
    "billing_portal.configuration": ("bpc_", 24),
    "billing_portal.session": ("bps_", 24),
    "charge": ("ch_", 24),
    "checkout.session": ("cs_test_", 58),
    "coupon": ("", 8),
    "credit_note": ("cn_", 24),
    "credit_note_line_item": ("cnli_", 24),
    "customer": ("cus_", 14),
    "discount": ("di_", 24),
    "dispute": ("du_", 24),
    "event": ("evt_", 24),
    "invoice": ("in_", 24),
    "invoice_payment": ("inpay_", 24),
    "item": ("li_", 24),
    "line_item": ("il_", 24),
    "payment_intent": ("pi_", 24),
    "payment_method": ("pm_", 24),
    "preview": ("upcoming_in_", 24),
    "price": ("price_", 24),
    "product": ("prod_", 14),
    "promotion_code": ("promo_", 24),
    "refund": ("re_", 24),
    "request": ("req_", 14),
    "setup_intent": ("seti_", 24),
    "subscription": ("sub_", 24),
    "subscription_item": ("si_", 14),
    "tax_id": ("txi_", 24),
    "tax_rate": ("txr_", 24),
    "test_helpers.test_clock": ("clock_", 24),
    "webhook_endpoint": ("we_", 24),
}
ALPHABET = string.ascii_letters + string.digits


def new_id(kind: str) -> str:
    """A fresh identifier for an object of that kind."""
    prefix, length = PREFIXES[kind]
    return prefix + random_letters(length)


def random_letters(length: int, alphabet: str = ALPHABET) -> str:
    """Unguessable letters: a session's address is the only key to its page."""
    return "".join(secrets.choice(alphabet) for _ in range(length))

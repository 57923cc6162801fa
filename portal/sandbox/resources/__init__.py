"""The endpoints, one module per family of objects; importing this package enters them all into the table."""

from portal.sandbox.resources import (
    catalogue,
    checkout,
    credit_notes,
    customers,
    disputes,
    events,
    invoices,
    invoicing,
    payments,
    portal,
    previews,
    prices,
    refunds,
    setups,
    subscriptions,
)

__all__ = [
    "catalogue",
    "checkout",
    "credit_notes",
    "customers",
    "disputes",
    "events",
    "invoices",
    "invoicing",
    "payments",
    "portal",
    "previews",
    "prices",
    "refunds",
    "setups",
    "subscriptions",
]

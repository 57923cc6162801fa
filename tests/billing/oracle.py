"""A second opinion on what Stripe's state gives, read from Stripe's own JSON and the rule of BILLING's table alone.

It shares no line with the portal: titles come from the metadata of Stripe's products, instants from its timestamps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.sandbox.shop import everything

DAY = 86_400
CARD_GRACE, INVOICE_GRACE, SLACK = 7 * DAY, 15 * DAY, DAY
Document = Mapping[str, Any]


@dataclass(frozen=True)
class AtStripe:
    """Everything about an account's money at one moment."""

    subscriptions: list[Document]
    invoices: list[Document]
    titles: dict[str, tuple[str, ...]]
    """The titles that each price sells."""
    shut: dict[str, int] = field(default_factory=dict)
    """Subscriptions that a disputed payment closes, and since when."""

    def open_titles(self, now: int) -> set[str]:
        """What whoever pays may read at this second."""
        return {title for one in self.subscriptions for title in self._opened(one, now)}

    def live(self) -> list[Document]:
        """Subscriptions that are still one."""
        return [
            one for one in self.subscriptions if one["status"] in ("trialing", "active", "past_due", "unpaid", "paused")
        ]

    def paid(self) -> list[Document]:
        """Invoices that took money."""
        return [one for one in self.invoices if one["status"] == "paid" and one["amount_paid"] > 0]

    def _opened(self, one: Document, now: int) -> Iterator[str]:
        for item in one["items"]["data"]:
            if item["created"] <= now < min(self._end(one, item), self.shut.get(one["id"], now + 1)):
                yield from self.titles.get(item["price"]["id"], ())

    def _end(self, one: Document, item: Document) -> float:
        """The second at which an item gives nothing more; 0 when it gives nothing at all."""
        announced = one["ended_at"] or one["cancel_at"]
        if announced is None and one["cancel_at_period_end"]:
            announced = max(other["current_period_end"] for other in one["items"]["data"])
        by_hand, owed = one["collection_method"] == "send_invoice", self._owed(one)
        if one["status"] not in ("trialing", "active", "past_due"):
            return 0
        if owed and by_hand:
            until = min(invoice["due_date"] or invoice["created"] for invoice in owed) + INVOICE_GRACE
        elif one["status"] == "past_due":
            until = min((invoice["created"] for invoice in owed), default=item["current_period_start"]) + CARD_GRACE
        else:
            return float(announced or max(i["current_period_end"] for i in self._same(one, item)) + SLACK)
        return float(min(until, announced or until))

    def _owed(self, one: Document) -> list[Document]:
        return [invoice for invoice in self.invoices if invoice["status"] == "open" and _for(invoice) == one["id"]]

    def _same(self, one: Document, item: Document) -> list[Document]:
        """Items that sell a title of this one, too."""
        mine = set(self.titles.get(item["price"]["id"], ()))
        return [other for other in one["items"]["data"] if mine & set(self.titles.get(other["price"]["id"], ()))] or [
            item
        ]


def _for(invoice: Document) -> str | None:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return details.get("subscription")


def look(url: str, released: set[str] | None = None) -> AtStripe:
    """Read everything, page by page. Disputes close nothing, or with `released` all but those that staff opened."""
    products, prices = everything(url, "/v1/products"), everything(url, "/v1/prices")
    sold = {one["id"]: tuple(one["metadata"].get("verticals", "").split(",")) for one in products}
    titles = {one["id"]: sold.get(one["product"], ()) for one in prices}
    subscriptions = list(everything(url, "/v1/subscriptions", status="all"))
    found = AtStripe(subscriptions, list(everything(url, "/v1/invoices")), titles)
    return found if released is None else replace(found, shut=dict(_shut(url, found, released)))


def _shut(url: str, found: AtStripe, released: set[str]) -> Iterator[tuple[str, int]]:
    """Latest first, so that the earliest stays in a dictionary."""
    paid_by = {one["payment"].get("payment_intent"): one["invoice"] for one in everything(url, "/v1/invoice_payments")}
    by_id = {invoice["id"]: invoice for invoice in found.invoices}
    for dispute in everything(url, "/v1/disputes"):
        subscription = _for(by_id[paid_by[dispute["payment_intent"]]])
        if subscription and dispute["id"] not in released and _closes(dispute, subscription, found.invoices):
            yield subscription, dispute["created"]


def _closes(dispute: Document, subscription: str, invoices: list[Document]) -> bool:
    """While the bank has not decided; lost, until money comes in again."""
    if dispute["status"] != "lost":
        return bool(dispute["status"] == "needs_response")
    since = (one for one in invoices if _for(one) == subscription and one["amount_paid"])
    return not any((one["status_transitions"]["paid_at"] or 0) > dispute["created"] for one in since)

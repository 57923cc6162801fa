"""The bank's page between two of ours, 3-D Secure: its holder confirms the card, or does not."""

from __future__ import annotations

from flask import Response

from portal.sandbox.pages import layout
from portal.sandbox.store import Document


def page(
    tongue: str, target: str, due: tuple[int, str], method: Document, leads_to: tuple[str | None, ...] = ()
) -> Response:
    """Two buttons, sent to `target` as answer=yes or no; `due` is (cents, currency), no cents for a card kept."""
    return layout.page(
        "bank.html",
        tongue,
        leads_to,
        target=target,
        amount=due[0],
        currency=due[1],
        card=method["card"],
        seller=None,
    )

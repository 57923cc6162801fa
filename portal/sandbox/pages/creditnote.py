"""A credit note as a PDF of one page."""

from __future__ import annotations

from flask import Response

from portal.sandbox.desk import Desk
from portal.sandbox.pages import formats, layout, pdf
from portal.sandbox.pages.pdf import MARGIN, Text
from portal.sandbox.pages.words import say
from portal.sandbox.store import Document


def download(desk: Desk, number: str) -> Response | None:
    """The file, or None when there is no such credit note."""
    note = desk.store.get(number)
    if note is None or note["object"] != "credit_note":
        return None
    customer = desk.store.get(note["customer"]) or {}
    tongue = layout.language((customer.get("preferred_locales") or [None])[0])
    response = Response(pdf.write(_texts(desk, note, tongue)), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{note["number"]}.pdf"'
    return response


def _texts(desk: Desk, note: Document, tongue: str) -> list[Text]:
    invoice = desk.get("invoice", note["invoice"])
    sums = [("net", note["total_excluding_tax"]), ("total", note["total"])]
    texts = [
        Text(MARGIN, 70, say(tongue, "credit_title", number=note["number"]), 20, True),
        Text(MARGIN, 94, say(tongue, "issued", date=formats.day(tongue, note["effective_at"]))),
        Text(MARGIN, 112, say(tongue, "credit_of", number=invoice["number"])),
        Text(MARGIN, 146, desk.config.account_name),
        Text(320, 146, invoice["customer_name"] or invoice["customer_email"] or ""),
        Text(MARGIN, 200, note["memo"] or ""),
        Text(MARGIN, 800, say(tongue, "banner"), 9),
    ]
    for place, (word, cents) in enumerate(sums):
        y = 240 + 18 * place
        texts += [Text(320, y, say(tongue, word)), Text(440, y, formats.money(tongue, cents, note["currency"]))]
    return texts

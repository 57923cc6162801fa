"""A real, minimal PDF written by hand: one page of text in Helvetica, for an invoice."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from portal.sandbox.desk import Desk
from portal.sandbox.pages import formats
from portal.sandbox.pages.words import say
from portal.sandbox.store import Document

WIDTH, HEIGHT, MARGIN, ROW = 595, 842, 56, 36


ACCOUNT = (("iban", "FR76 3000 6000 0112 3456 7890 189"), ("bic", "AGRIFRPP"))
"""The bank account of the demonstration: an IBAN made for examples, of nobody."""


class Text(NamedTuple):
    """A piece of text: points from the left and from the top, size, bold."""

    x: int
    y: int
    text: str
    size: int = 10
    bold: bool = False


def invoice(desk: Desk, document: Document, lines: list[Document], tongue: str) -> bytes:
    """The invoice as bytes of a PDF 1.4 file; `lines` as its page shows them."""
    return write(
        [*_head(desk, document, tongue), *_lines(document, lines, tongue), *_sums(desk, document, lines, tongue)]
    )


def _head(desk: Desk, document: Document, tongue: str) -> list[Text]:
    return [
        Text(MARGIN, 70, say(tongue, "invoice_title", number=document["number"]), 20, True),
        Text(MARGIN, 94, say(tongue, "issued", date=formats.day(tongue, document["effective_at"]))),
        Text(MARGIN, 130, say(tongue, "seller"), 9, True),
        Text(MARGIN, 146, desk.config.account_name),
        Text(320, 130, say(tongue, "billed_to"), 9, True),
        Text(320, 146, document["customer_name"] or document["customer_email"] or ""),
        Text(MARGIN, 800, say(tongue, "banner"), 9),
    ]


def _lines(document: Document, lines: list[Document], tongue: str) -> list[Text]:
    texts = [Text(MARGIN, 200, say(tongue, "line"), 9, True), Text(440, 200, say(tongue, "net"), 9, True)]
    for place, line in enumerate(lines):
        y = 222 + ROW * place
        amount = formats.money(tongue, line["amount"], document["currency"])
        period = say(tongue, "period", start=formats.day(tongue, line["start"]), end=formats.day(tongue, line["end"]))
        named = f"{line['name']} × {line['quantity']}" if line["quantity"] > 1 else line["name"]
        texts += [Text(MARGIN, y, named), Text(440, y, amount), Text(MARGIN, y + 13, period, 8)]
    return texts


def _sums(desk: Desk, document: Document, lines: list[Document], tongue: str) -> list[Text]:
    rows = [(say(tongue, "subtotal"), document["subtotal"])]
    rows += [(say(tongue, "discount", name=""), -one["amount"]) for one in document["total_discount_amounts"]]
    for tax in document["total_taxes"]:
        rate = desk.get("tax_rate", tax["tax_rate_details"]["tax_rate"])["percentage"]
        rows.append((say(tongue, "tax", rate=formats.percent(tongue, rate)), tax["amount"]))
    rows.append((say(tongue, "total"), document["total"]))
    y, texts = 234 + ROW * len(lines), []
    for place, (label, cents) in enumerate(rows):
        amount, bold = formats.money(tongue, cents, document["currency"]), place == len(rows) - 1
        texts += [Text(320, y + 18 * place, label, 10, bold), Text(440, y + 18 * place, amount, 10, bold)]
    y += 18 * len(rows) + 6
    return [*texts, Text(320, y, say(tongue, f"status_{document['status']}"), 10, True), *_foot(document, y, tongue)]


def _foot(document: Document, y: int, tongue: str) -> list[Text]:
    """The customer's own references, how to pay by transfer, the seller's last words."""
    rows = [f"{field['name']}: {field['value']}" for field in document["custom_fields"] or []]
    if document["due_date"]:
        rows.append(say(tongue, "due_by", date=formats.day(tongue, document["due_date"])))
        rows += [f"{say(tongue, name)}: {value}" for name, value in ACCOUNT]
    rows += [line for text in (document["footer"] or "").splitlines() for line in textwrap.wrap(text, 90)]
    return [Text(MARGIN, y + 24 + 14 * place, row, 9) for place, row in enumerate(rows)]


def write(texts: list[Text]) -> bytes:
    """A file of one A4 page with these texts."""
    stream = b"\n".join(_shown(text) for text in texts)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 6 0 R "
        b"/Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>" % (WIDTH, HEIGHT),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    return _assembled(objects)


def _assembled(objects: list[bytes]) -> bytes:
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return file + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (count, table, count, len(file))
    )


def _shown(text: Text) -> bytes:
    # Windows-1252 has the euro sign and French letters, but no narrow no-break space.
    plain = text.text.replace("\u202f", "\u00a0").encode("cp1252", "replace")
    escaped = plain.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    font = b"F2" if text.bold else b"F1"
    return b"BT /%s %d Tf %d %d Td (%s) Tj ET" % (font, text.size, text.x, HEIGHT - text.y, escaped)

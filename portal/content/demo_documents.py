"""Documents of the demonstration, made from a few lines of Markdown: real PDF and XLSX files, the same at every run."""

import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape  # nosec B406 - writes entities, parses nothing

import xlsxwriter
from markdown_it import MarkdownIt
from markdown_it.token import Token
from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from portal.content.models import ResourceKind
from portal.typography import french

_SPACES = re.compile(r"[ \u00a0\u202f]")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_INK, _LINE = colors.HexColor("#17191e"), colors.HexColor("#e2ded3")
_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=14.5, textColor=_INK, spaceAfter=6)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=8, leading=11)
_CELL = ParagraphStyle("cell", parent=_BODY, fontSize=8.5, leading=11.5, spaceAfter=0, alignment=TA_LEFT)
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - written into the file, where it has no zone; a fixed one keeps files alike


def make(kind: ResourceKind, *, title: str, source: str, publication: str, colour: str) -> bytes:
    """The file: a PDF of one or two pages, or a workbook with a sheet for each heading."""
    if kind is ResourceKind.PDF:
        return _pdf(french(title), source, publication, colour)
    return _workbook(french(title), source, publication, colour)


def _pdf(title: str, source: str, publication: str, colour: str) -> bytes:
    target = BytesIO()
    page = SimpleDocTemplate(
        target, pagesize=A4, title=title, author=publication, invariant=True, lang="fr",
        leftMargin=22 * mm, rightMargin=22 * mm, topMargin=20 * mm, bottomMargin=20 * mm,
    )  # fmt: skip
    accent = colors.HexColor(colour)
    head = ParagraphStyle("head", parent=_BODY, fontName="Helvetica-Bold", fontSize=20, leading=24, spaceAfter=12)
    over = ParagraphStyle("over", parent=_SMALL, fontName="Helvetica-Bold", textColor=accent, spaceAfter=4)
    story = [Paragraph(_plain(publication), over), Paragraph(_plain(title), head), *_flow(source, accent)]
    story += [
        Spacer(1, 10),
        Paragraph(_plain("Document de démonstration : personnes, entreprises et chiffres inventés."), _SMALL),
    ]
    page.build(story)
    return target.getvalue()


def _plain(text: str) -> str:
    """For reportlab's own markup and the letters its built-in faces have."""
    return escape(french(text)).replace("\u202f", "\u00a0").replace("−", "–")


def _flow(source: str, accent: Any) -> Iterator[Any]:
    sub = ParagraphStyle(
        "sub", parent=_BODY, fontName="Helvetica-Bold", fontSize=12.5, leading=16, textColor=accent, spaceBefore=8
    )
    listed = ParagraphStyle("listed", parent=_BODY, leftIndent=12, bulletIndent=2, spaceAfter=3)
    for kind, content in _blocks(source):
        if kind == "table":
            yield _grid(content, accent)
            yield Spacer(1, 8)
        elif kind == "li":
            yield Paragraph(_plain(content), listed, bulletText="•")
        else:
            yield Paragraph(_plain(content), sub if kind == "h" else _BODY)


def _grid(rows: list[list[str]], accent: Any) -> Table:
    cells = [[Paragraph(_plain(cell), _CELL) for cell in row] for row in rows]
    rules = [
        ("LINEBELOW", (0, 0), (-1, 0), 1.2, accent),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Table(cells, style=TableStyle(rules), repeatRows=1, hAlign="LEFT")


def _blocks(source: str) -> Iterator[tuple[str, Any]]:
    """("h", text), ("p", text), ("li", text) and ("table", rows), in order."""
    rows: list[list[str]] = []
    inside = ""
    for token in _MARKDOWN.parse(source.strip() + "\n"):
        if token.type in ("heading_open", "list_item_open", "table_open"):
            inside = {"heading_open": "h", "list_item_open": "li", "table_open": "table"}[token.type]
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "table_close":
            yield "table", rows
            rows, inside = [], ""
        elif token.type == "inline" and inside == "table":
            rows[-1].append(_text(token))
        elif token.type == "inline":
            yield inside or "p", _text(token)
        elif token.type in ("heading_close", "list_item_close"):
            inside = ""


def _text(token: Token) -> str:
    pieces = (child.content if child.type in ("text", "code_inline") else " " for child in token.children or ())
    return "".join(piece for piece in pieces).replace("  ", " ").strip()


def _workbook(title: str, source: str, publication: str, colour: str) -> bytes:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"title": title, "author": publication, "created": _MADE})
    heads = book.add_format({"bold": True, "font_color": colour, "bottom": 2, "text_wrap": True, "valign": "top"})
    cells = book.add_format({"text_wrap": True, "valign": "top"})
    name = "Données"
    for kind, content in _blocks(source):
        if kind == "h":
            name = content
        elif kind == "table":
            _sheet(book, name, content, heads, cells)
    about = book.add_worksheet("À propos")
    about.set_column(0, 0, 90)
    for row, line in enumerate((title, publication, "Démonstration : personnes, entreprises et chiffres inventés.")):
        about.write_string(row, 0, line)
    book.close()
    return target.getvalue()


def _sheet(book: Any, name: str, rows: list[list[str]], heads: Any, cells: Any) -> None:
    taken = {sheet.get_name().lower() for sheet in book.worksheets()}
    short = "".join(sign for sign in name if sign not in "[]:*?/\\'")[:28].strip() or "Feuille"
    sheet = book.add_worksheet(short if short.lower() not in taken else f"{short} {len(taken) + 1}")
    sheet.freeze_panes(1, 0)
    for column in range(max(len(row) for row in rows)):
        longest = max((len(row[column]) for row in rows if column < len(row)), default=8)
        sheet.set_column(column, column, min(46, max(10, longest + 2)))
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            _write(sheet, number, column, text, heads if number == 0 else cells)


def _write(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    """Numbers as numbers, so that the reader can count with them; never as a formula."""
    bare = _SPACES.sub("", text).replace("−", "-").replace(",", ".")
    if _NUMBER.fullmatch(bare):
        sheet.write_number(row, column, float(bare), style)
    else:
        sheet.write_string(row, column, text, style)

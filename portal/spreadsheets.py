"""Tables as CSV files that a spreadsheet opens as they are: UTF-8 with a mark, the separator its language expects.

Excel in French reads a comma as one cell: French files are separated by semicolons and have decimal commas, English
ones by commas with decimal points. What people typed never becomes a formula.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

SEPARATOR = {"fr": ";", "en": ","}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Cents(int):
    """An amount in integer cents, written as a number with two decimals."""


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], locale: str) -> bytes:
    """The file: a line of names, then a line for each row."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=SEPARATOR.get(locale, ","))
    writer.writerow(header)
    writer.writerows([_cell(value, locale) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def _cell(value: Any, locale: str) -> str:
    """As text that no spreadsheet takes for a formula; our own amounts may begin with a minus, and stay numbers."""
    if isinstance(value, Cents):
        whole, rest = divmod(abs(value), 100)
        return f"{'-' if value < 0 else ''}{whole}{',' if locale == 'fr' else '.'}{rest:02}"
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text

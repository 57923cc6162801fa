"""Addresses as people paste them: one a line, or between commas and semicolons, with names before them or without."""

import re
from collections.abc import Iterator

_NAMED = re.compile(r"<([^<>]*)>\s*$")
_PARTS = re.compile(r"""("[^"\n]*"|<[^<>\n]*>|[^",;<>\n]+|.)""")


def typed(text: str) -> list[str]:
    """Each entry as it was typed, in order, blanks left out. A comma in a name, quoted or not, ends nothing."""
    return [entry for line in text.splitlines() for entry in _entries(line)]


def _entries(line: str) -> Iterator[str]:
    parts = [part.strip() for part in _split(line)]
    before = ""
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        if _is_first_half(part, after):
            before = f"{part}, "
            continue
        if part:
            yield f"{before}{part}"
        before = ""


def _is_first_half(part: str, after: str) -> bool:
    """ "Orvault" of “Orvault, Inès <ines@…>”."""
    return bool(part) and "@" not in part and not after.startswith("<") and after.endswith(">")


def _split(line: str) -> list[str]:
    """At commas and semicolons outside of quotes and angle brackets."""
    parts, current = [], ""
    for piece in _PARTS.findall(line):
        if piece in (",", ";"):
            parts.append(current)
            current = ""
        else:
            current += piece
    return [*parts, current]


def address_of(entry: str) -> str:
    """The address of an entry: between its angle brackets, or all of it."""
    named = _NAMED.search(entry)
    return (named[1] if named else entry).strip().removeprefix("mailto:")

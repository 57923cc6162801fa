"""Addresses out of a text that somebody pasted: from a mail's header, a spreadsheet's column, a list typed by hand.

One on a line, or several with commas, semicolons or blanks between them; “Name <address>” and “Last, First <address>”
are understood. What is no address is kept, so that it can be shown.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from portal.accounts.identity import AddressError, checked_address, email_key

LONGEST_SHOWN = 80
_QUOTED = re.compile(r'"[^"\n]*"')
_BRACKETS = re.compile(r"<([^<>]*)>\s*$")
_AROUND = "\"'’‘“”«»()[]<>.,:;"


@dataclass(slots=True)
class Pasted:
    """Each address once, as it was typed first; those that were typed again; what is no address."""

    addresses: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def read(text: str) -> Pasted:
    """The addresses of a text, in its order. Two spellings of one account are one address."""
    found = Pasted()
    known: dict[str, str] = {}
    for piece, is_address in _pieces(text):
        if not is_address:
            found.unreadable.append(piece[:LONGEST_SHOWN])
            continue
        key = email_key(piece)
        first = known.setdefault(key, piece)
        if first is piece:
            found.addresses.append(piece)
        elif first not in found.repeated:
            found.repeated.append(first)
    return found


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """(address, True), or (what is none, False)."""
    for part in re.split(r"[\r\n;\t]+", _without_quotes(_visible(text))):
        names: list[str] = []
        for piece in (piece.strip() for piece in part.split(",")):
            bracketed = _BRACKETS.search(piece)
            if bracketed:
                names.clear()  # “Last, First <address>”
                yield _checked(bracketed[1], piece)
            elif "@" in piece:
                yield from ((name, False) for name in names)
                names.clear()
                yield from (_checked(word, word) for word in piece.split() if "@" in word)
            elif piece:
                names.append(piece)
        yield from ((name, False) for name in names)


def _visible(text: str) -> str:
    """Without signs that cannot be seen; each kind of blank is one."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in folded if sign in "\r\n\t" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))


def _without_quotes(text: str) -> str:
    """A quoted name holds what it likes; an address has no need of quotes."""
    return _QUOTED.sub(lambda match: match[0].strip('"') if "@" in match[0] else " ", text)


def _checked(word: str, whole: str) -> tuple[str, bool]:
    """The address in a word, without what stands around it; an account may have one that is taken from nobody now."""
    bare = re.sub(r"(?i)^mailto:", "", word.strip().strip(_AROUND)).partition("?")[0].strip(_AROUND)
    try:
        checked_address(bare)
    except AddressError as error:
        if error.code == "invalid":
            return whole, False
    return bare, True

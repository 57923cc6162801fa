"""Where a text is cut for those who may not read it whole.

The preview is whole first blocks up to about 700 characters, cut at the end of a sentence; never more than 40 % of the
text (which beats every other wish: of a text that is one sentence, nothing is shown but its standfirst), never less
than one sentence, never a table or a chart, never ending on a heading or on a phrase that announces a list.
"""

import re
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it.token import Token

if TYPE_CHECKING:
    from portal.content.body import Block

ABOUT = 700
SHARE = 0.4
_END = re.compile(r"[.!?…](?:[\s\u00a0\u202f]?[»”])?(?=\s+[\w«“—–]|\s*$)")
_NO_END = re.compile(r"(?:\b(?:M|MM|Mme|Dr|Pr|St|art|al|cf|ex|vs|No|p|éd)|\b[A-ZÉÈ])\.$")


@dataclass(frozen=True, slots=True)
class Cut:
    """The first `whole` blocks, then the tokens of a paragraph cut short (none when it ends between blocks)."""

    whole: int
    partial: tuple[Token, ...] = ()
    partial_plain: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    block: int
    offset: int
    shown: int
    ends_block: bool


def plain(children: Sequence[Token] | None) -> str:
    """The text of inline tokens without their marks."""
    return "".join(_piece(token) for token in children or ())


def _piece(token: Token) -> str:
    if token.type in ("text", "code_inline"):
        return token.content
    return " " if token.type in ("softbreak", "hardbreak") else ""


def cut(blocks: "Sequence[Block]") -> Cut:
    """The place that shows most within the limits."""
    most = SHARE * sum(len(block.plain) for block in blocks)
    places = [place for place in _places(blocks) if place.shown <= most]
    if not places:
        return Cut(0)
    short = [place for place in places if place.shown <= ABOUT]
    place = short[-1] if short else places[0]
    return _cut_at(blocks, place)


def _places(blocks: "Sequence[Block]") -> Iterator[_Place]:
    """Every end of a sentence of a paragraph before the first table or chart, with what would be shown by then."""
    before = 0
    for number, block in enumerate(blocks):
        if block.kind in ("table", "chart"):
            return
        if block.kind == "p" and not _all_bold(block.tokens[1].children or []):
            for offset in _sentence_ends(block.tokens[1].children or []):
                yield _Place(number, offset, before + offset, offset >= len(block.plain))
        before += len(block.plain)


def _all_bold(children: Sequence[Token]) -> bool:
    """An interviewer's question: it announces what follows, as a heading does."""
    marks = [token.type for token in children if token.content or token.nesting]
    return marks[:1] == ["strong_open"] and marks[-1:] == ["strong_close"] and marks.count("strong_open") == 1


def _sentence_ends(children: Sequence[Token]) -> Iterator[int]:
    """Offsets in the plain text after which a sentence is over, outside of any mark and of any quotation."""
    text = plain(children)
    for match in _END.finditer(text):
        end = match.end()
        told = text[:end]
        quoting = told.count("«") > told.count("»") or told.count("(") > told.count(")")
        if not quoting and not _NO_END.search(told) and (end >= len(text) or _outside_marks(children, end)):
            yield end


def _outside_marks(children: Sequence[Token], offset: int) -> bool:
    depth, position = 0, 0
    for token in children:
        depth += token.nesting
        position += len(_piece(token))
        if position >= offset:
            return depth == 0 and token.type == "text"
    return False


def _cut_at(blocks: "Sequence[Block]", place: _Place) -> Cut:
    if place.ends_block:
        return Cut(place.block + 1)
    opening, inline, closing = blocks[place.block].tokens
    short = copy(inline)
    short.children = _first(inline.children or [], place.offset)
    return Cut(place.block, (opening, short, closing), plain(short.children))


def _first(children: Sequence[Token], length: int) -> list[Token]:
    kept: list[Token] = []
    for token in children:
        size = len(_piece(token))
        if token.type == "text" and size >= length:
            last = copy(token)
            last.content = token.content[:length]
            return [*kept, last]
        kept.append(token)
        length -= size
    return kept

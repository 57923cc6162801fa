"""No text of the demonstration is told twice: readers notice a set that was filled by copying."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from portal.content.demo import Piece, read_pieces
from portal.settings import ROOT

LONG = 7  # words from which on a sentence is nobody's but its article's
OPENING = 3
MOST_ALIKE = 3
_BLOCK = re.compile(r"```.*?```", re.DOTALL)
_END = re.compile(r"(?<=[.!?…])\s+")
_NOT_PROSE = ("#", "|", "---", "***", "===")
_MARKS = str.maketrans("", "", "*_>`[]")


@cache
def pieces() -> tuple[Piece, ...]:
    """Every article of the demonstration."""
    found = tuple(read_pieces(ROOT / "demo"))
    assert len(found) > 50
    return found


def paragraphs(piece: Piece) -> list[str]:
    """The prose of an article: no headings, tables, rules or charts."""
    lines = (line.strip().translate(_MARKS).strip() for line in _BLOCK.sub("", piece.source).splitlines())
    return [line for line in lines if line and not line.startswith(_NOT_PROSE)]


def texts(piece: Piece) -> Iterator[str]:
    """What readers read of an article, part by part: what its front matter says, its body, its documents."""
    yield from _strings({key: value for key, value in piece.head.items() if key not in ("resources", "persons")})
    yield from paragraphs(piece)
    for resource in piece.head.get("resources", []):
        yield resource.get("summary", "")
        yield from paragraphs(Piece(piece.slug, {}, resource.get("source", "")))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def sentences(piece: Piece) -> set[str]:
    """Its long sentences."""
    found = (sentence for text in texts(piece) for sentence in _END.split(text))
    return {sentence.casefold() for sentence in found if len(sentence.split()) >= LONG}


def test_no_sentence_stands_in_two_articles() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for piece in pieces():
        for sentence in sentences(piece):
            where[sentence].append(piece.slug)
    assert {sentence: slugs for sentence, slugs in where.items() if len(slugs) > 1} == {}
    assert len(where) > 10 * len(pieces()), "the search finds no sentences"


def test_no_opening_is_a_habit() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for piece in pieces():
        where[" ".join(paragraphs(piece)[0].split()[:OPENING]).casefold()].append(piece.slug)
    assert {words: slugs for words, slugs in where.items() if len(slugs) > MOST_ALIKE} == {}


def test_no_title_and_no_standfirst_is_used_twice() -> None:
    for key in ("title", "standfirst"):
        told = [piece.head[key] for piece in pieces()]
        assert sorted(text for text in set(told) if told.count(text) > 1) == []

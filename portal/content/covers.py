"""Illustrations of long pieces: drawn from the article's address in the language of its format, the same each time.

Bars that rise for an inquiry, two voices for an interview, points for a reference note, ranks for a ranking, rings for
a file. Decoration only: no figure is told by them, so they carry no words.
"""

import hashlib
import math
from collections.abc import Callable, Iterator
from functools import lru_cache

from markupsafe import Markup

from portal.content.models import ArticleFormat

WIDE, HIGH = 640, 200
Numbers = Iterator[float]
_DRAWN: dict[ArticleFormat, Callable[[Numbers], Iterator[Markup]]] = {}  # by format, filled in below


def _numbers(seed: str) -> Numbers:
    """Numbers from 0 to 1 without end, the same for the same seed."""
    block = hashlib.blake2b(seed.encode()).digest()
    while True:
        yield from (byte / 255 for byte in block)
        block = hashlib.blake2b(block).digest()


@lru_cache(maxsize=512)
def cover(slug: str, kind: ArticleFormat) -> Markup:
    """The drawing for an article, or nothing for short news."""
    draw = _DRAWN.get(kind)
    if draw is None:
        return Markup("")
    frame = Markup(
        '<svg class="cover" viewBox="0 0 {} {}" preserveAspectRatio="xMidYMid slice" aria-hidden="true" '
        'focusable="false">{}</svg>'
    )
    return frame.format(WIDE, HIGH, Markup("").join(draw(_numbers(slug))))


def _drawing(*kinds: ArticleFormat) -> Callable[[Callable[[Numbers], Iterator[Markup]]], object]:
    def register(draw: Callable[[Numbers], Iterator[Markup]]) -> object:
        _DRAWN.update(dict.fromkeys(kinds, draw))
        return draw

    return register


def _rect(tone: int, x: float, y: float, width: float, height: float) -> Markup:
    shape = Markup('<rect class="c{}" x="{:.0f}" y="{:.0f}" width="{:.0f}" height="{:.0f}"/>')
    return shape.format(tone, x, y, width, height)


def _circle(tone: str, x: float, y: float, radius: float) -> Markup:
    return Markup('<circle class="{}" cx="{:.0f}" cy="{:.0f}" r="{:.0f}"/>').format(tone, x, y, radius)


@_drawing(ArticleFormat.ENQUETE)
def _bars(numbers: Numbers) -> Iterator[Markup]:
    """A field of bars under two slow waves; a few of them stand out."""
    first, second = 2 + 3 * next(numbers), 6 * next(numbers)
    loud = {int(40 * next(numbers)) for _bar in range(3)}
    for place in range(40):
        wave = 0.5 + 0.3 * math.sin(place / 40 * math.pi * first + second) + 0.2 * math.sin(place / 3 + second)
        height = 18 + 160 * max(0.05, min(1, wave))
        yield _rect(1 if place in loud else 2 + place % 2, place * 16 + 3, HIGH - height, 10, height)


@_drawing(ArticleFormat.INTERVIEW)
def _voices(numbers: Numbers) -> Iterator[Markup]:
    """Two voices: lines of speech from either side, crossing in the middle."""
    for row in range(12):
        left = row % 3 != 2
        length = 90 + 300 * next(numbers)
        start = 24 + 60 * next(numbers)
        x = start if left else WIDE - start - length
        yield _rect(1 if left else 2, x, 12 + row * 15, length, 6)


@_drawing(ArticleFormat.FICHE)
def _points(numbers: Numbers) -> Iterator[Markup]:
    """A grid of points, filled where the note has an answer."""
    for row in range(6):
        for column in range(20):
            filled = next(numbers)
            tone = "c1" if filled > 0.86 else "c2" if filled > 0.5 else "o"
            yield _circle(tone, 18 + column * 32, 20 + row * 32, 8)


@_drawing(ArticleFormat.CLASSEMENT, ArticleFormat.INFOGRAPHIE)
def _ranks(numbers: Numbers) -> Iterator[Markup]:
    """Ranks: bars that shorten from the first to the last."""
    length = WIDE - 60 - 60 * next(numbers)
    for row in range(9):
        yield _rect(1 if row < 3 else 2 + row % 2, 0, 12 + row * 20, length, 11)
        length *= 0.72 + 0.24 * next(numbers)


@_drawing(ArticleFormat.DOSSIER)
def _rings(numbers: Numbers) -> Iterator[Markup]:
    """Rings around a centre that is never in the middle."""
    x, y = 140 + 360 * next(numbers), 60 + 90 * next(numbers)
    for ring in range(13, 0, -1):
        yield _circle("o2" if ring % 3 else "o1", x, y, ring * 26 - 10 * next(numbers))
    yield _circle("c1", x, y, 12)

"""Pages kept with marks in place of what is personal, and answered compressed without compressing again.

Between the marks, a page's bytes are deflated once. An answer is one gzip member made of those blocks and of stored
blocks for what is filled in, with the checksum of the whole: never two members, of which browsers show the first. What
is filled in stays uncompressed, so that the length of an answer tells nothing about a token beside foreign text.
"""

import re
import struct
import zlib
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from markupsafe import Markup

from portal import clock

SIGN = "\ue000"
_MARK = re.compile(f"{SIGN}([a-z_]+){SIGN}")
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END = b"\x03\x00"
_MOST_STORED = 65_535
_BLOCK = struct.Struct("<BHH").pack
Kept = TypeVar("Kept")


def mark(name: str) -> Markup:
    """What stands in a page where something is filled in later."""
    return Markup(f"{SIGN}{name}{SIGN}")  # noqa: S704  # nosec B704 - names are the house's own words


def without_marks(text: str) -> str:
    """A text from outside, unable to pass for a mark."""
    return text.replace(SIGN, "")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Bytes that never change, as they are and deflated, then the name of what follows (None at the end)."""

    plain: bytes
    deflated: bytes
    mark: str | None


class Mould:
    """A page with marks."""

    def __init__(self, page: str) -> None:
        parts = _MARK.split(page)
        names: list[str | None] = [*parts[1::2], None]
        texts = (part.encode() for part in parts[::2])
        self.pieces = [_Piece(text, _deflated(text), name) for text, name in zip(texts, names, strict=True)]
        self.length = sum(len(piece.plain) for piece in self.pieces)

    def plain(self, values: Mapping[str, str]) -> bytes:
        """The page with its marks filled in; the values are HTML already."""
        filled = []
        for piece in self.pieces:
            filled.append(piece.plain)
            if piece.mark is not None:
                filled.append(values.get(piece.mark, "").encode())
        return b"".join(filled)

    def gzipped(self, values: Mapping[str, str]) -> bytes:
        """The same as one gzip member."""
        made, check, length = [_HEAD], 0, self.length
        for piece in self.pieces:
            made.append(piece.deflated)
            check = zlib.crc32(piece.plain, check)
            value = values.get(piece.mark) if piece.mark else None
            if value:
                text = value.encode()
                made.append(_stored(text))
                check = zlib.crc32(text, check)
                length += len(text)
        made += (_END, struct.pack("<LL", check, length & 0xFFFFFFFF))
        return b"".join(made)


def _deflated(text: bytes) -> bytes:
    """Deflate blocks that end on a whole byte and are not the last of their stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH) if text else b""


def _stored(text: bytes) -> bytes:
    size = len(text)
    if size <= _MOST_STORED:
        return _BLOCK(0, size, size ^ 0xFFFF) + text
    return _stored(text[:_MOST_STORED]) + _stored(text[_MOST_STORED:])


class Shelf(Generic[Kept]):
    """The most recently used things of this process, each for a while; safe between threads."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._kept: OrderedDict[Hashable, tuple[float, Kept]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Kept | None:
        """What was put under this key, unless its time is over."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            if clock.monotonic() - found[0] > self.seconds:
                del self._kept[key]
                return None
            self._kept.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, thing: Kept) -> Kept:
        """Keep a thing; the one unused for longest makes room."""
        with self._lock:
            self._kept[key] = (clock.monotonic(), thing)
            self._kept.move_to_end(key)
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return thing

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

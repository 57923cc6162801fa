"""Pages with marks: one gzip member, the same text either way, and nothing from outside passes for a mark."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from portal.moulds import SIGN, Mould, Shelf, mark, without_marks

TEXT = st.text(st.characters(exclude_characters=SIGN, exclude_categories=("Cs",)), max_size=300)


@given(st.lists(st.tuples(TEXT, st.sampled_from(["name", "token", "lock"])), max_size=6), TEXT, TEXT, TEXT)
def test_a_filled_mould_is_the_same_packed_and_plain(
    parts: list[tuple[str, str]], end: str, name: str, token: str
) -> None:
    mould = Mould("".join(text + str(mark(of)) for text, of in parts) + end)
    values = {"name": name, "token": token, "lock": ""}
    expected = "".join(text + values[of] for text, of in parts) + end
    assert mould.plain(values) == expected.encode()
    packed = mould.gzipped(values)
    assert gzip.decompress(packed) == expected.encode()
    member = zlib.decompressobj(31)
    member.decompress(packed)
    assert member.eof and member.unused_data == b""


def test_what_is_filled_in_may_be_long() -> None:
    long = "é" * 100_000
    assert gzip.decompress(Mould(f"a{mark('x')}b").gzipped({"x": long})).decode() == f"a{long}b"


def test_a_mark_without_a_value_is_nothing() -> None:
    assert Mould(f"a{mark('unknown')}b").plain({}) == b"ab"


def test_a_text_from_outside_cannot_pass_for_a_mark() -> None:
    assert Mould(without_marks(f"x{SIGN}csrf{SIGN}y")).plain({"csrf": "secret"}) == b"xcsrfy"


def test_the_length_of_an_answer_tells_nothing_of_what_is_filled_in() -> None:
    mould = Mould(f"<p>{'abc ' * 200}</p>{mark('x')}")
    assert len(mould.gzipped({"x": "abc abc abc abc"})) == len(mould.gzipped({"x": "zyx wvu tsr qpo"}))


def test_a_shelf_forgets_what_was_unused_for_longest() -> None:
    shelf: Shelf[int] = Shelf(2, 60)
    shelf.put("a", 1)
    shelf.put("b", 2)
    assert shelf.get("a") == 1
    shelf.put("c", 3)
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c")) == (1, None, 3)


def test_a_shelf_forgets_what_is_old() -> None:
    shelf: Shelf[int] = Shelf(2, -1)
    shelf.put("a", 1)
    assert shelf.get("a") is None

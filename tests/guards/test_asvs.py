"""docs/security.md lists every row of ASVS 5.0, level 2, once, and names only tests that are there."""

import re

import pytest

from portal.settings import ROOT
from tests.guards.named import lost, named
from tools.check import LOOKS

DOC = ROOT / "docs" / "security.md"
TEXT = DOC.read_text(encoding="utf-8")
# Chapter and section, and how many rows of level 1 and 2 it has; their numbers are without a gap (ASVS v5.0.0).
SECTIONS = (
    "1.1:2 1.2:9 1.3:11 1.4:3 1.5:2  2.1:3 2.2:3 2.3:4 2.4:1  3.2:2 3.3:4 3.4:6 3.5:5 3.7:2  4.1:3 4.2:1 4.3:2 4.4:4 "
    "5.1:1 5.2:3 5.3:2 5.4:3  6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4  7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 "
    "8.1:2 8.2:3 8.3:1 8.4:1  9.1:3 9.2:4  11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1  12.1:3 12.2:2 12.3:4 "
    "13.1:1 13.2:5 13.3:2 13.4:5  14.1:2 14.2:4 14.3:3  15.1:3 15.2:3 15.3:7  16.1:1 16.2:5 16.3:4 16.4:3 16.5:3"
)
_COUNTED = [one.split(":") for one in SECTIONS.split()]
WANTED = [f"{section}.{number}" for section, count in _COUNTED for number in range(1, int(count) + 1)]
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([a-z ]+) \| (.+) \|$", re.MULTILINE)
ROWS = [(match[1], match[2], match[3]) for match in _ROW.finditer(TEXT)]
_LOOK = re.compile(r"`make check: (\w+)`")


def test_every_row_stands_there_once_and_in_order() -> None:
    assert [number for number, _state, _words in ROWS] == WANTED
    assert len(WANTED) == 217


@pytest.mark.parametrize(("number", "state", "words"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_is_met_by_something_that_fails_or_says_why_not(number: str, state: str, words: str) -> None:
    assert state in ("met", "not applicable", "deviating")
    proofs = [function for _path, function in named(words) if function]
    proofs += [look for look in _LOOK.findall(words) if look in LOOKS]
    assert proofs or state != "met"
    assert len(re.sub(r"`[^`]*`", "", words).split()) > 1 or state == "met"


def test_every_test_and_look_that_is_named_exists() -> None:
    assert lost(TEXT) == []
    assert set(_LOOK.findall(TEXT)) <= set(LOOKS)
    assert len(named(TEXT)) > 250


def test_every_module_that_is_named_exists() -> None:
    modules = re.findall(r"`((?:portal|migrations)/[\w/]+(?:\.py)?)`", TEXT)
    assert len(modules) > 30 and [one for one in modules if not (ROOT / one).exists()] == []

"""docs/cases-of-money.md lists each of the forty cases once, and names only tests that are there."""

import re

from portal.settings import ROOT
from tests.guards.named import lost, named

TEXT = (ROOT / "docs" / "cases-of-money.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", TEXT, re.MULTILINE)


def test_every_case_stands_there_once_and_in_order() -> None:
    assert [int(number) for number, _case, _tests in ROWS] == list(range(1, 41))


def test_each_case_is_shown_by_a_test() -> None:
    assert [number for number, _case, tests in ROWS if not any(function for _file, function in named(tests))] == []


def test_every_test_that_is_named_exists() -> None:
    assert lost(TEXT) == []

"""Tests that a document names: `tests/…/test_x.py::test_y`; a short name belongs to the file before."""

import ast
import re
from functools import cache
from pathlib import Path

from portal.settings import ROOT

_NAMED = re.compile(r"`(tests/[\w/]+(?:\.py)?|test_\w+\.py)?(?:::(test_\w+))?`")


def named(text: str) -> list[tuple[Path, str]]:
    """(file or folder, function or nothing) of each test that is named; a short name belongs to the one before."""
    found: list[tuple[Path, str]] = []
    for path, function in _NAMED.findall(text):
        if not path and not function:
            continue
        last = found[-1][0] if found else ROOT / "tests"
        file = last if not path else ROOT / path if path.startswith("tests/") else last.parent / path
        found.append((file, function))
    return found


@cache
def functions(path: Path) -> set[str]:
    """The tests of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def lost(text: str) -> list[str]:
    """What is named and does not exist."""
    return [
        f"{path.relative_to(ROOT)}::{function}"
        for line in text.splitlines()
        for path, function in named(line)
        if not path.exists() or (function and function not in functions(path))
    ]

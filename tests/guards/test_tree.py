"""Rules about the source itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import TemplateSyntaxError

from portal.db import Base
from portal.history import Recorded
from portal.settings import ROOT

SOURCES = sorted(path for path in (ROOT / "portal").rglob("*.py") if "sandbox" not in path.parts)
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))


def recorded() -> set[str]:
    """The names of models whose every change is kept for replay."""
    found = {mapper.class_.__name__ for mapper in Base.registry.mappers if issubclass(mapper.class_, Recorded)}
    assert {"Reader", "Grant", "Seat", "Vertical"} <= found
    return found


def bulk_changes(source: str) -> Iterator[str]:
    """Names of what update() and delete() are called on, and of what .query(X).update() would change."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("update", "delete"):
            yield from (arg.id for arg in node.args if isinstance(arg, ast.Name))


def test_the_search_for_bulk_changes_finds_them() -> None:
    assert set(bulk_changes("session.execute(update(Grant).values(x=1)); delete(Seat)")) == {"Grant", "Seat"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_bulk_change_goes_round_the_history(path: Path) -> None:
    assert set(bulk_changes(path.read_text(encoding="utf-8"))) & recorded() == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_template_compiles(migrated_app: Flask, path: Path) -> None:
    try:
        migrated_app.jinja_env.compile(path.read_text(encoding="utf-8"), filename=str(path))
    except TemplateSyntaxError as error:
        pytest.fail(f"{path.name}, line {error.lineno}: {error.message}")


def test_no_template_holds_style_or_script_of_its_own() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*(?:\bsrc=|application/ld\+json))", re.IGNORECASE)
    pages = [path for path in TEMPLATES if "mail" not in path.relative_to(ROOT / "templates").parts]
    assert [str(path) for path in pages if inline.search(path.read_text(encoding="utf-8"))] == []


def test_every_mail_has_its_three_parts() -> None:
    folders = [path for path in (ROOT / "templates" / "mail").iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        assert {path.name for path in folder.iterdir()} >= {"subject.txt", "body.txt", "body.html"}, folder.name


def test_only_the_gateways_speak_to_stripe() -> None:
    """import-linter holds the same; this finds an import inside a function of any room."""
    importing = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(r"^\s*(import stripe|from stripe)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert set(importing) <= {"portal/billing/gateway.py", "portal/billing/signing.py"}


def test_nothing_imports_the_stand_in() -> None:
    importing = [
        str(path.relative_to(ROOT)) for path in SOURCES if "portal.sandbox import" in path.read_text(encoding="utf-8")
    ]
    assert importing == []

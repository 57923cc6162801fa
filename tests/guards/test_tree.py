"""Rules about the source itself."""

import ast
import re
import tomllib
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


def test_no_template_tells_a_constant_through_a_filter_of_the_language() -> None:
    """Jinja works such a thing out once, in whichever language came first, and keeps it for both."""
    constant = re.compile(r"[\s({=,~]\d+\s*\|\s*(money|round_money|percent|rate|integer|day|moment|size)\b")
    assert [str(path) for path in TEMPLATES if constant.search(path.read_text(encoding="utf-8"))] == []


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


SPEAKERS = {
    "portal/accounts/breaches.py",  # the list of stolen passwords
    "portal/billing/gateway.py",  # Stripe
    "portal/mailer.py",  # the mail server
    "portal/runner.py",  # the terminal of development: looks whether its own parts answer
    "portal/dev/mischief.py",  # and the hub of development, to the stand-in
    "portal/dev/levers.py",
    "portal/dev/standin.py",
    "portal/dev/timemachine.py",
}
_NETWORK = re.compile(
    r"^\s*(?:import|from) (?:requests|urllib3|urllib\.request|httpx|aiohttp|http\.client|socket|smtplib|ftplib)\b",
    re.MULTILINE,
)


def test_only_named_modules_speak_to_other_machines() -> None:
    speaking = {str(path.relative_to(ROOT)) for path in SOURCES if _NETWORK.search(path.read_text(encoding="utf-8"))}
    assert speaking == SPEAKERS


def test_only_the_terminal_of_development_starts_programs() -> None:
    starting = re.compile(
        r"^\s*(?:import|from) (?:subprocess|pty)\b|\bos\.(?:system|popen|exec\w+|spawn\w+)\(", re.MULTILINE
    )
    found = [str(path.relative_to(ROOT)) for path in SOURCES if starting.search(path.read_text(encoding="utf-8"))]
    assert found == [
        "portal/dev/levers.py",
        "portal/runner.py",
    ]  # the stand-in, the parts of `make run`


def test_every_value_is_read_from_where_it_was_sent() -> None:
    """`request.values` takes a field from the address when the form lacks it; nothing here takes files or raw JSON."""
    loose = re.compile(r"\brequest\.(?:values|files\[|files\.get|get_json|json)\b|\bFileField\b")
    assert [str(path) for path in SOURCES if loose.search(path.read_text(encoding="utf-8"))] == []


def test_scripts_write_text_and_keep_nothing() -> None:
    """No HTML is made, nothing evaluated or stored, no message of another window listened to, no paste refused."""
    risky = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.(?:write|cookie)|\beval\(|new Function|localStorage|"
        r"sessionStorage|indexedDB|postMessage|[\"']message[\"']|[\"'](?:paste|copy|contextmenu)[\"']|__proto__|WebSocket"
    )
    scripts = sorted((ROOT / "static" / "js").rglob("*.js"))
    assert scripts and [path.name for path in scripts if risky.search(path.read_text(encoding="utf-8"))] == []


def test_templates_escape_everything_they_are_given() -> None:
    trusting = re.compile(r"\|\s*safe\b|autoescape\s+false|render_template_string|\bfrom_string\(")
    found = [path for path in [*TEMPLATES, *SOURCES] if trusting.search(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_component_is_pinned_by_its_hash_and_known_to_the_project(name: str) -> None:
    """The lock files are the list of what is used: nothing is installed that does not stand there."""
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\w)", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    assert all(
        re.match(r"[a-z0-9-]+==[\w.]+ \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\\n|$))+", one) for one in entries
    )
    pinned = {one.partition("==")[0] for one in entries}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[\[<>=]", one)[0].lower() for one in project["dependencies"]}
    assert wanted <= pinned and "://" not in text

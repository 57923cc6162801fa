"""What docs/policies.md lays down is what the code does: its numbers, its words, its list of keys."""

import re
from datetime import timedelta
from functools import reduce
from importlib import import_module
from typing import Any

import pytest

from portal.accounts import passwords
from portal.settings import ROOT

TEXT = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
_LIMIT = re.compile(r"^\| [^|]+ \| (?P<told>[^|]+) \| `(?P<names>portal\.[^`]+)` \|$", re.MULTILINE)
LIMITS = [(match["told"], match["names"]) for match in _LIMIT.finditer(TEXT)]
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_MAKES = re.compile(r"^\s*(?:import|from) (?:hashlib|hmac|secrets|argon2|itsdangerous|pyotp|random)\b", re.MULTILINE)


def section(title: str) -> str:
    """The text under a heading."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def in_words(value: Any) -> str:
    """A value of the code as the table writes it."""
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
        return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def values(names: str) -> list[str]:
    """The values that `module: NAME, NAME; module: NAME` names."""
    found: list[str] = []
    for part in names.split("; "):
        module, _colon, wanted = part.partition(": ")
        for name in wanted.split(", "):
            found.append(in_words(reduce(getattr, name.split("."), import_module(module))))
    return found


PARTS = (
    *("What people may send", "Limits", "Ways in", "Sessions", "Who may see and change what"),
    *("Keys, hashes, random values", "What is spoken to", "Data, and how it is kept"),
    *("Components, and work that costs", "Logs"),
)


def test_every_part_is_there() -> None:
    assert tuple(re.findall(r"^## (.+)$", TEXT, re.MULTILINE)) == PARTS
    assert all(len(section(part).split()) > 60 for part in PARTS)


def test_there_are_limits_to_compare() -> None:
    assert len(LIMITS) >= 27
    assert len(LIMITS) == section("Limits").count("`portal.")


@pytest.mark.parametrize(("told", "names"), LIMITS, ids=[names for _told, names in LIMITS])
def test_every_number_is_that_of_the_code(told: str, names: str) -> None:
    spoken = re.findall(r"[\d.,]*\d(?: (?:day|hour|minute|second)s?)?", told)
    assert spoken == values(names)


def test_the_words_no_password_is_made_of_are_written_down() -> None:
    words = section("Ways in").partition("company hold:\n")[2]
    assert tuple(re.findall(r"`(\w+)`", words)) == passwords._HOUSE_WORDS


def test_every_module_that_makes_secrets_or_hashes_is_named() -> None:
    """Code of the demonstration and the stand-in aside: neither exists in production."""
    named = set(re.findall(r"`(portal/[\w/]+\.py)`", section("Keys, hashes, random values")))
    paths = [path for path in (ROOT / "portal").rglob("*.py") if not {"sandbox", "dev"} & set(path.parts)]
    making = {str(path.relative_to(ROOT)) for path in paths if _MAKES.search(path.read_text(encoding="utf-8"))}
    using_keys = {"portal/accounts/codes.py", "portal/accounts/mail_code.py", "portal/accounts/second_address.py"}
    assert named >= making, sorted(making - named)
    assert named - making <= using_keys, sorted(named - making)


def test_only_our_own_signatures_are_made() -> None:
    """itsdangerous signs with SHA-1 unless it is told otherwise."""
    for path in (ROOT / "portal").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for call in re.findall(r"URLSafe\w*Serializer\([^)]*\)", text):
            assert "signer_kwargs=SIGNED" in call, path


@pytest.mark.parametrize("weak", ["md5", "sha1", "DES", "RC4", "Blowfish", "ECB", "PKCS1v15"])
def test_weak_algorithms_are_used_for_nothing(weak: str) -> None:
    """SHA-1 is what the list of stolen passwords is asked with, and that is no protection of ours."""
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "portal").rglob("*.py")
        if re.search(rf"\b{weak}\b\s*\(", path.read_text(encoding="utf-8"))
    }
    assert found <= ({"portal/accounts/breaches.py"} if weak == "sha1" else set())

"""What the documentation names is there: files, pictures, and the labels that the walkthrough tells people to press."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from portal.sandbox.pages.words import WORDS
from portal.settings import ROOT

DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WALKTHROUGH = ROOT / "docs" / "walkthrough.md"
HEAVIEST = 150_000
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
_LABEL = re.compile(r"\*\*([^*]+)\*\*")
_HOLE = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_a_page_links_to_exists(path: Path) -> None:
    links = _LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_pictures_are_light_and_all_of_use() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCS)
    pictures = [path for path in (ROOT / "docs" / "img").iterdir() if path.is_file()]
    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > HEAVIEST] == []
    assert [path.name for path in pictures if path.name not in text] == []


def plain(text: str) -> str:
    """Text with ordinary spaces, for people who type it."""
    return re.sub(r"\s+", " ", text).strip()


@cache
def labels() -> tuple[re.Pattern[str], ...]:
    """Every French text of the portal and of the stand-in, with its holes open."""
    with (ROOT / "translations" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = list(read_po(file, locale="fr"))
    texts = [
        text for one in messages if one.id for text in ([one.string] if isinstance(one.string, str) else one.string)
    ]
    texts += [french for french, _english in WORDS.values()]
    return tuple(re.compile(".+".join(map(re.escape, _HOLE.split(plain(text))))) for text in texts if text)


def known(label: str) -> bool:
    """Whether some page can show this."""
    return any(pattern.fullmatch(label) for pattern in labels() if pattern.pattern != ".+")


def test_every_label_of_the_walkthrough_is_one_that_pages_show() -> None:
    told = [plain(label) for label in _LABEL.findall(WALKTHROUGH.read_text(encoding="utf-8"))]
    assert len(told) > 20
    assert [label for label in told if not known(label)] == []

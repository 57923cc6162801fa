"""What every page carries stays light: sizes as they travel, compressed."""

import gzip
from pathlib import Path

import pytest

from portal.assets import stylesheet
from portal.settings import ROOT
from portal.verticals import VerticalInfo

STATIC = ROOT / "static"
KILO = 1000
PAGE = 140 * KILO  # a first visit, by the design's promise
HTML = 20 * KILO  # what it leaves to the page's own text, compressed
SHEET_LINES = 320


def travels(*paths: Path) -> int:
    """Bytes of these files in gzip; fonts are compressed already."""
    return sum(path.stat().st_size if path.suffix == ".woff2" else len(packed(path.read_bytes())) for path in paths)


def packed(content: bytes) -> bytes:
    """As the portal packs what it keeps."""
    return gzip.compress(content, 9)


def files(pattern: str) -> list[Path]:
    """The static files like this; there are some."""
    found = sorted(STATIC.glob(pattern))
    assert found, pattern
    return found


def css() -> int:
    """The one stylesheet, with the colours of three verticals."""
    shades = ("#000000", "#111111", "#222222", "#333333")
    names = ("health", "fintech", "media")
    three = tuple(VerticalInfo(number, name, name, "", "", *shades, True, True) for number, name in enumerate(names))
    return len(packed(stylesheet(three)[1]))


@pytest.mark.parametrize(
    ("pattern", "most"),
    [("js/*.js", 4 * KILO), ("icons.svg", 5 * KILO), ("favicon.svg", KILO), ("fonts/*.woff2", 140 * KILO)],
)
def test_each_kind_of_file_keeps_its_budget(pattern: str, most: int) -> None:
    assert travels(*files(pattern)) <= most


def test_the_stylesheet_keeps_its_budget() -> None:
    assert css() <= 18 * KILO


def test_a_first_visit_with_both_faces_leaves_room_for_the_page() -> None:
    faces = [STATIC / "fonts" / name for name in ("newsreader.woff2", "instrument-sans.woff2")]
    carried = travels(*faces, *files("js/*.js"), *files("icons.svg"), *files("favicon.svg"))
    assert carried + css() + HTML <= PAGE


@pytest.mark.parametrize("path", sorted((STATIC / "css").glob("*.css")), ids=lambda path: path.name)
def test_no_sheet_grows_past_what_one_reads(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= SHEET_LINES


def test_scripts_and_styles_load_nothing_from_elsewhere() -> None:
    for path in [*files("js/*.js"), *files("css/*.css")]:
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text and "https://" not in text and "@import" not in text, path.name

"""What the script adds to the countdown: the last hours, and Paris time for whoever keeps another."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask, get_template_attribute

from portal.access.vocabulary import GrantFacts, ReaderFacts, Source
from portal.clock import PARIS
from portal.i18n import use_locale
from portal.settings import ROOT
from portal.trials.countdown import ribbon_of
from portal.trials.dates import end_of_trial

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH: apt-get install chromium"),
]
SCRIPT = ROOT / "static" / "js" / "portal.js"
PARIS_TIME = "In Paris time."


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's browser."""
    with playwright.sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


def ribbon(app: Flask, now: datetime, began: datetime) -> str:
    """The line under the masthead at this moment of a trial."""
    trial = GrantFacts(1, "health", Source.TRIAL, began, end_of_trial(began))
    with app.test_request_context("/"), use_locale("en"):
        found = ribbon_of(ReaderFacts(7, confirmed=True, grants=(trial,)), now, {"health": "mind Health"})
        return str(get_template_attribute("components/ribbon.html", "ribbon")(found, now))


def seen(chromium: Any, html: str, at: datetime | None = None, **browser: Any) -> str:
    """The words a person sees of it."""
    context = chromium.new_context(**browser)
    page = context.new_page()
    if at is not None:
        page.clock.install(time=at)
    page.set_content(html)
    if browser.get("java_script_enabled", True):
        page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"), type="module")
    words = page.inner_text("section")
    context.close()
    return str(words)


@pytest.mark.parametrize(
    ("browser", "told"),
    [
        ({"timezone_id": "Europe/Paris"}, False),
        ({"timezone_id": "Europe/Berlin"}, False),
        ({"timezone_id": "America/Montreal"}, True),
        ({"timezone_id": "Indian/Reunion"}, True),
        ({"timezone_id": "Europe/Paris", "java_script_enabled": False}, True),
    ],
    ids=str,
)
def test_whoever_keeps_another_time_is_told_that_days_are_those_of_paris(
    app: Flask, chromium: Any, browser: dict[str, Any], told: bool
) -> None:
    html = ribbon(app, datetime(2026, 3, 12, 12, tzinfo=PARIS), datetime(2026, 3, 10, 12, tzinfo=PARIS))
    words = seen(chromium, html, **browser)
    assert "Access until" in words
    assert words.count(PARIS_TIME) == int(told)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (datetime(2026, 3, 25, 18, 48, tzinfo=PARIS), "5 h 12 min left"),
        (datetime(2026, 3, 25, 23, 59, 30, tzinfo=PARIS), "1 min left"),
    ],
)
def test_the_last_hours_say_the_same_with_and_without_the_script(
    app: Flask, chromium: Any, now: datetime, words: str
) -> None:
    html = ribbon(app, now, datetime(2026, 3, 10, 12, tzinfo=PARIS))
    for script in (True, False):
        shown = seen(chromium, html, now, timezone_id="America/Montreal", java_script_enabled=script)
        assert words in shown and "until midnight, Paris time" in shown

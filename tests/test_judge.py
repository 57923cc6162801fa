"""The judge of `make judge` sees what it is to see: a page with one of each fault, and a page with none."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route

from tests.journeys.browser import CHROMIUM, chromium
from tools.judging.look import Eye, tab_of
from tools.judging.pages import Page
from tools.judging.people import STRANGER

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")]

URL = "http://judge.test"
# Enough of a page for axe to have something to say.
FRAME = """<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Une page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head><body>
<header><nav aria-label="Menu"><ul><li><a href="/">Accueil</a></li></ul></nav></header>
<main><h1>Une page</h1>{}<p>Un paragraphe.</p><ul><li>Un point</li></ul></main><footer>Un pied</footer></body></html>"""
FORM = (
    '<form method="post" novalidate><label for="a">Nom</label> <input id="a" name="a" {}>{}'
    "<button>Envoyer</button></form>"
)
MUTE, TOLD = (
    FORM.format('aria-invalid="true"', ""),
    FORM.format('aria-invalid="true" aria-describedby="why"', '<p id="why">Saisissez votre nom.</p>'),
)

FAULTS = {
    "wider than 320 px": '<p><img alt="" width="500" height="10" src="data:,"></p>',
    "out of its frame": '<div class="framed"><p>abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz</p></div>',
    "inline style": '<p style="color: black">a</p>',
    "inline handler": '<p onclick="go()">a</p>',
    "inline scripts": "<script>let a = 1;</script>",
    "2 h1": "<h1>Encore</h1>",
    "ids used twice": '<p id="a">a</p><p id="a">b</p>',
    "axe at 390 px, light: label": '<input name="a">',
    "console: perdu": "<script>console.error('perdu')</script>",
    "404 for": '<p><img alt="" width="5" height="5" src="/lost.png"></p>',
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as running:
        yield running


def judged(browser: Browser, body: str, refused: str = TOLD) -> list[str]:
    """What the judge says of a page with this in it, whose form is refused with that."""
    tab = tab_of(browser, "fr", [])
    style = "<link rel=stylesheet href=/style.css>"

    def answer(route: Route) -> None:
        if route.request.url.endswith("/lost.png"):
            route.fulfill(status=404)
        elif route.request.url.endswith("/style.css"):
            css = ".framed { border: 1px solid; inline-size: 90px; } .out { display: none; }"
            route.fulfill(body=css, content_type="text/css")
        elif route.request.method == "POST":
            page = FRAME.format(style + refused).replace("<title>", "<title>Erreur : ")
            route.fulfill(status=422, body=page, content_type="text/html")
        else:
            route.fulfill(body=FRAME.format(style + body), content_type="text/html")

    tab.route("**/*", answer)
    try:
        return Eye(tab, lambda _page: []).judge(URL, Page(STRANGER, "fr", "/"))
    finally:
        tab.context.close()


def test_a_sound_page_is_let_through(browser: Browser) -> None:
    assert judged(browser, FORM.format("", "")) == []


def test_each_fault_of_a_page_that_has_them_all_is_seen(browser: Browser) -> None:
    said = judged(browser, "".join(FAULTS.values()))
    assert [fault for fault in FAULTS if not any(fault in one for one in said)] == []


def test_fields_in_error_without_a_sentence_are_seen(browser: Browser) -> None:
    assert any("fields in error without a sentence" in one for one in judged(browser, FORM.format("", ""), MUTE))


def test_another_language_is_seen(browser: Browser) -> None:
    tab = tab_of(browser, "en", [])
    tab.route("**/*", lambda route: route.fulfill(body=FRAME.format(""), content_type="text/html"))
    assert "lang is “fr”" in Eye(tab, lambda _page: []).judge(URL, Page(STRANGER, "en", "/"))
    tab.context.close()

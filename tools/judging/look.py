"""One page before a browser: what is wrong with it, on phone and desktop, in light and dark, and at 320 px."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Request, Response
from playwright.sync_api import Page as Tab

from tests.axe import violations
from tests.journeys.browser import DESKTOP, PHONE, VIEWS
from tools.judging.pages import Page

WIDTHS = (320, PHONE["width"], 820, 1280, DESKTOP["width"])  # the last one is that of the tab
PATIENCE = 20_000
HtmlErrors = Callable[[str], list[str]]

_ERROR = {"fr": "Erreur", "en": "Error"}

_SHAPE = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  headings: document.querySelectorAll("h1").length,
  styled: [...document.querySelectorAll("[style], style")].map(e => e.outerHTML.slice(0, 80)),
  handled: [...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => /^on/.test(a.name)))
    .map(e => e.outerHTML.slice(0, 80)),
  scripts: [...document.scripts].filter(s => !s.src && s.type !== "application/ld+json").length,
  twice: [...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i),
})"""

_TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > wide + 1)
    .slice(0, 3).map(e => `${e.tagName.toLowerCase()}.${e.className}`);
}"""

# A frame around something that reaches out of it.
_OUT_OF_ITS_BOX = """() => [...document.querySelectorAll("main *:not(input, select, textarea, svg *)")].filter(e => {
  const style = getComputedStyle(e);
  return e.scrollWidth > e.clientWidth + 2 && e.clientWidth > 60 && style.overflowX === "visible"
    && parseFloat(style.borderLeftWidth) && parseFloat(style.borderRightWidth);
}).slice(0, 3).map(e => `${e.tagName.toLowerCase()}.${e.className} by ${e.scrollWidth - e.clientWidth} px`)"""

_OPEN = "() => document.querySelectorAll('main details').forEach(e => { e.open = true; })"

# The first form that cannot be sent as it is: a field that is not marked as optional is empty.
_FILLED_BY_HAND = """() => {
  const empty = e => /^(text|email|password|textarea|date|number|tel)$/.test(e.type) && !e.value && e.labels?.length &&
    ![...e.labels].some(l => l.querySelector(".opt"));
  window.sentEmpty = [...document.querySelectorAll("main form")]
    .find(f => f.method === "post" && [...f.elements].some(empty));
  return Boolean(window.sentEmpty);
}"""
_SEND_EMPTY = "() => { sentEmpty.noValidate = true; sentEmpty.requestSubmit(); }"

_MUTE_ERRORS = """() => [...document.querySelectorAll("main [aria-invalid=true]")].filter(e => {
  const told = [e, e.closest("fieldset")].flatMap(x => x?.getAttribute("aria-describedby")?.split(/\\s+/) || []);
  return !told.some(id => document.getElementById(id)?.textContent.trim().length > 10);
}).map(e => e.name || e.id)"""


@dataclass
class Eye:
    """One tab that goes from page to page as one person, and the faults of the page it is on."""

    tab: Tab
    html_errors: HtmlErrors
    faults: list[str] = field(default_factory=list)
    tolerated: int = 0

    def __post_init__(self) -> None:
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.tab.on("requestfailed", self._failed)
        self.tab.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        told = self.tolerated and f"status of {self.tolerated}" in message.text
        if message.type in ("error", "warning") and not told:
            self.faults.append(f"console: {message.text[:200]}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"request failed: {request.url} ({request.failure})")

    def _answered(self, answer: Response) -> None:
        if answer.status >= 400 and answer.status != self.tolerated:
            self.faults.append(f"{answer.status} for {answer.url}")

    def judge(self, url: str, page: Page) -> list[str]:
        """Everything that is wrong with this page; its form refused, when it has one, included."""
        self.faults, self.tolerated = [], page.status if page.status >= 400 else 0
        with self._answer() as came:
            self.tab.goto(url + page.path, wait_until="load", timeout=PATIENCE)
        self._see(came[0], page)
        found = self.faults
        if self.tab.evaluate(_FILLED_BY_HAND):
            self.faults = []
            self._refused(page)
            found += [f"(form sent empty) {fault}" for fault in self.faults]
        return found

    @contextmanager
    def _answer(self) -> Iterator[list[Response]]:
        """The answer to the navigation that happens inside, redirects followed."""
        came: list[Response] = []

        def keep(answer: Response) -> None:
            if answer.request.is_navigation_request() and answer.frame == self.tab.main_frame:
                came[:] = [answer]

        self.tab.on("response", keep)
        try:
            yield came
        finally:
            self.tab.remove_listener("response", keep)

    def _see(self, answer: Response, page: Page) -> None:
        if answer.status != (self.tolerated or 200):
            self.faults.append(f"answers {answer.status}, not {self.tolerated or 200}")
        if is_mail(answer):
            self.faults = self._too_wide()
            return
        self.faults += [f"html: {error}" for error in self.html_errors(answer.text())]
        self._shape(page.locale)
        self._axe()
        self.faults += self._too_wide()

    def _shape(self, locale: str) -> None:
        seen = self.tab.evaluate(_SHAPE)
        wrong = {
            f"lang is “{seen['lang']}”": seen["lang"] != locale,
            "no title": not seen["title"].strip(),
            f"{seen['headings']} h1": seen["headings"] != 1,
            f"inline style: {seen['styled'][:2]}": seen["styled"],
            f"inline handler: {seen['handled'][:2]}": seen["handled"],
            f"{seen['scripts']} inline scripts": seen["scripts"],
            f"ids used twice: {seen['twice'][:3]}": seen["twice"],
        }
        self.faults += [fault for fault, is_so in wrong.items() if is_so]

    def _axe(self) -> None:
        """In four views, with everything open that can be opened."""
        self.tab.evaluate(_OPEN)
        for size, scheme in sorted(VIEWS, key=lambda view: view[0] == PHONE):
            where = f"{size['width']} px, {scheme}"
            self.tab.set_viewport_size(size)  # type: ignore[arg-type]
            self.tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.faults += [f"axe at {where}: {one}" for one in violations(self.tab, scheme=scheme)]
        self.tab.emulate_media(color_scheme="light")

    def _too_wide(self) -> list[str]:
        """Nothing is wider than the screen, down to 320 px, and nothing reaches out of its frame."""
        found = []
        for width in WIDTHS:
            self.tab.set_viewport_size({**DESKTOP, "width": width})  # type: ignore[arg-type]
            if wide := self.tab.evaluate(_TOO_WIDE):
                found.append(f"wider than {width} px: {', '.join(wide)}")
            if wide := self.tab.evaluate(_OUT_OF_ITS_BOX):
                found.append(f"out of its frame at {width} px: {', '.join(wide)}")
        return found

    def _refused(self, page: Page) -> None:
        """Send the page's form empty: 422, every field in error says what to do, and the page is as sound as before."""
        self.tolerated = 422
        with self._answer() as came, self.tab.expect_navigation(wait_until="load", timeout=PATIENCE):
            self.tab.evaluate(_SEND_EMPTY)
        self._see(came[0], page)
        if not self.tab.title().startswith(_ERROR[page.locale]):
            self.faults.append(f"the title does not say that there is an error: {self.tab.title()}")
        if mute := self.tab.evaluate(_MUTE_ERRORS):
            self.faults.append(f"fields in error without a sentence: {', '.join(mute)}")


def is_mail(answer: Response) -> bool:
    """The body of a mail alone: made for mail programs, with styles inline and tables for columns."""
    return "'unsafe-inline'" in answer.headers.get("content-security-policy", "")


def tab_of(browser: Browser, locale: str, cookies: list[dict[str, str]]) -> Tab:
    """A new window of somebody with these cookies."""
    context = browser.new_context(
        locale={"fr": "fr-FR", "en": "en-GB"}[locale],
        viewport=DESKTOP,  # type: ignore[arg-type]
        reduced_motion="reduce",  # axe must not measure a colour on its way
    )
    context.set_default_timeout(PATIENCE)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    return context.new_page()

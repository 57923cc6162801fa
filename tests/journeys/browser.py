"""A person at a browser: Playwright on Debian's Chromium, French words, and eyes for what must never be there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.axe import violations

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
DESKTOP, PHONE = {"width": 1366, "height": 900}, {"width": 390, "height": 844}
VIEWS = [(size, scheme) for size in (DESKTOP, PHONE) for scheme in ("light", "dark")]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, closed at the end."""
    with sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


class Person:
    """Somebody with a browser of their own; notes every fault that shows in it."""

    def __init__(
        self, browser: Browser, url: str, *, axe: bool = False, every_view: bool = True, locale: str = "fr-FR"
    ) -> None:
        self.url = url
        self.axe = axe
        self.every_view = every_view
        self.context: BrowserContext = browser.new_context(
            locale=locale,
            viewport=DESKTOP,
            reduced_motion="reduce",  # axe must not measure a colour on its way
        )
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.looked_at: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("requestfailed", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{self.page.url}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.url}: {request.failure}")

    def goes_to(self, path: str) -> None:
        """Type an address."""
        answer = self.page.goto(path if path.startswith("http") else self.url + path)
        assert answer is not None and answer.status < 400, f"{path} answers {answer and answer.status}"

    def clicks(self, name: str, role: str = "button", *, nth: int = 0) -> None:
        """The button (or link …) with this visible name."""
        self.page.get_by_role(role, name=name).nth(nth).click()  # type: ignore[arg-type]

    def types(self, label: str, value: str) -> None:
        """Fill the field with this label."""
        self.page.get_by_label(label).first.fill(value)

    def sees(self, *texts: str) -> None:
        """These words are on the page."""
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text)

    def does_not_see(self, *texts: str) -> None:
        """These words are nowhere in what the server sent."""
        source = self.page.content()
        for text in texts:
            assert text not in source, f"“{text}” stands in {self.page.url}"

    @contextmanager
    def expecting(self, status: int) -> Iterator[None]:
        """The click inside is answered with this status; Chromium's own remark about a refusal is no fault."""
        before = len(self.faults)
        with self.page.expect_response(lambda answer: answer.request.is_navigation_request()) as caught:
            yield
        assert caught.value.status == status or (status < 400 and caught.value.status in (200, 303))
        self.page.wait_for_load_state()
        self.faults[before:] = [fault for fault in self.faults[before:] if f"status of {status}" not in fault]

    def main(self) -> str:
        """The text of the page's main part, spaces made ordinary."""
        return plain(self.page.locator("main").inner_text())

    def looks(self) -> None:
        """Accessibility in light and dark, on desktop and phone; nothing wider than the screen.

        Without `every_view` each page has its turn in one of the four: a run at the desk has minutes, and CI and
        `make judge` look at all.
        """
        if not self.axe:
            return
        turn = len(self.looked_at) % len(VIEWS)
        self.looked_at.append(self.page.url.removeprefix(self.url))
        for size, scheme in VIEWS if self.every_view else VIEWS[turn : turn + 1]:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self._judge(size["width"], scheme)
        self.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme="light")

    def _judge(self, wide: int, scheme: str) -> None:
        where = f"{self.page.url} ({wide} px, {scheme})"
        self.faults += [f"{where}: {fault}" for fault in violations(self.page, scheme=scheme)]
        width = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if width > 0:
            self.faults.append(f"{where}: {width} px wider than the screen")


def plain(text: str) -> str:
    """Text with ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@contextmanager
def telling(*people: Person) -> Iterator[None]:
    """When a step fails, what everybody had before their eyes, and what was wrong there."""
    try:
        yield
    except BaseException:
        for person in people:
            print(f"\n{person.page.url}\n{plain(person.page.locator('body').inner_text())[:3000]}\n{person.faults}")
        raise

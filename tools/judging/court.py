"""Sharing pages out among browsers, telling what each of them showed, and keeping the faults."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError
from requests import RequestException

from tests.journeys.browser import chromium
from tools.judging.budget import first_visit
from tools.judging.look import Eye, HtmlErrors, tab_of
from tools.judging.pages import Page
from tools.judging.people import Who

HANDS = 2  # browsers at work at the same time
Job = list[Page]


@dataclass
class Court:
    """Shares the pages out among browsers, prints as it goes, and keeps the faults."""

    url: str
    html_errors: HtmlErrors
    faults: list[str] = field(default_factory=list)
    seen: int = 0
    _total: int = 0
    _over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, pages: list[Page]) -> None:
        """Judge these pages, grouped by person and language; the largest group first.

        Whoever acts does so in one language after the other: two at once would undo each other's act.
        """
        groups: dict[tuple[Who, str], Job] = defaultdict(list)
        for page in pages:
            groups[(page.who, "" if page.who.act else page.locale)].append(page)
        self._total += len(pages)
        queue = iter(sorted(groups.values(), key=len, reverse=True))
        with ThreadPoolExecutor(HANDS) as hands:
            try:
                for hand in [hands.submit(self._work, queue) for _ in range(HANDS)]:
                    hand.result()
            except BaseException:
                self._over = True
                raise

    def _work(self, queue: Iterator[Job]) -> None:
        with chromium() as browser:
            while (job := self._next(queue)) is not None:
                for locale in sorted({page.locale for page in job}):
                    self._as_somebody(browser, job[0].who, locale, [page for page in job if page.locale == locale])

    def _next(self, queue: Iterator[Job]) -> Job | None:
        with self._lock:
            return None if self._over else next(queue, None)

    def _as_somebody(self, browser: Browser, who: Who, locale: str, pages: list[Page]) -> None:
        try:
            visitor = who.arrives(self.url, locale)
        except (LookupError, RequestException) as error:
            self._tell(pages[0], [f"did not get in: {error}"], 0)
            return
        tab = tab_of(browser, locale, visitor.cookies())
        eye = Eye(tab, self.html_errors)
        for page in self._led(pages, visitor.led):
            if self._over:
                break
            began = time.perf_counter()
            try:
                found = eye.judge(self.url, page)
            except (BrowserError, RequestException) as error:
                found = [f"the browser gave up: {str(error).splitlines()[0]}"]
            self._tell(page, found, time.perf_counter() - began)
        tab.context.close()

    def _led(self, pages: list[Page], led: str) -> list[Page]:
        """The pages, with the one an act led to under its real address, and none twice."""
        addressed = {page.path or led: replace(page, path=page.path or led) for page in pages}
        with self._lock:
            self._total -= len(pages) - len(addressed)
        return list(addressed.values())

    def _tell(self, page: Page, found: list[str], seconds: float) -> None:
        with self._lock:
            self.seen += 1
            named = f"{page.locale} {page.who.name:<12} {page.path}"
            count = f"[{self.seen}/{self._total}]"
            print(f"{count:<10} {'FAULT' if found else 'ok':<5} {seconds:4.1f} s  {named} ({page.about})", flush=True)
            for fault in dict.fromkeys(found):
                print(f"{'':17}{fault}", flush=True)
            self.faults += [f"{named}: {fault}" for fault in dict.fromkeys(found)]

    def weigh(self, pages: list[Page]) -> None:
        """First visits of the chief pages, on phone and desktop."""
        with chromium() as browser:
            for page in pages:
                visitor = page.who.arrives(self.url, page.locale)
                for phone in (True, False):
                    visit = first_visit(browser, self.url + page.path, visitor.cookies(), phone=phone)
                    named = f"{page.who.name} {page.path} on a {'phone' if phone else 'desktop'}"
                    print(f"{'first visit':<17}{'FAULT' if visit.faults() else 'ok':<6}{named}: {visit}", flush=True)
                    self.faults += [f"{named}: {fault}" for fault in visit.faults()]

"""What a first visit costs: bytes, requests and shifts of the layout, in a browser that has kept nothing."""

import gzip
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Response

from tests.journeys.browser import DESKTOP, PHONE
from tools.judging.look import PATIENCE

MOST_BYTES, MOST_REQUESTS, MOST_SHIFT, MOST_SCRIPT = 140_000, 8, 0.02, 4_000
SETTLED = 300  # milliseconds within which late shifts would come

_WATCH = """
window.shifted = 0;
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) shifted += e.value; })
  .observe({type: "layout-shift", buffered: true});
"""
_SCROLL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
    scrollTo(0, y);
    await new Promise(requestAnimationFrame);
  }
}"""


@dataclass
class Visit:
    """What came over the wire on a first visit."""

    bytes: int = 0
    script: int = 0
    requests: int = 0
    shift: float = 0.0

    def count(self, told: dict[str, Any]) -> None:
        """One more answer has come; headers weigh too."""
        self.bytes += int(told["encodedDataLength"])
        self.requests += 1

    def faults(self) -> list[str]:
        """What is over budget."""
        over = {
            f"{self.bytes} bytes": self.bytes > MOST_BYTES,
            f"{self.requests} requests": self.requests > MOST_REQUESTS,
            f"{self.script} bytes of script, compressed": self.script > MOST_SCRIPT,
            f"layout shift {self.shift:.3f}": self.shift >= MOST_SHIFT,
        }
        return [f"over budget: {fault}" for fault, is_so in over.items() if is_so]

    def __str__(self) -> str:
        return (
            f"{self.bytes / 1000:.1f} kB, {self.requests} requests, {self.script} B of script, shift {self.shift:.3f}"
        )


def first_visit(browser: Browser, url: str, cookies: list[dict[str, str]], *, phone: bool) -> Visit:
    """Open one page in a fresh browser profile and scroll to its end."""
    context = browser.new_context(viewport=PHONE if phone else DESKTOP)  # type: ignore[arg-type]
    try:
        context.add_cookies(cookies)  # type: ignore[arg-type]
        context.add_init_script(_WATCH)
        tab, visit = context.new_page(), Visit()
        answers: list[Response] = []
        tab.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks what it is given
        wire = context.new_cdp_session(tab)
        wire.on("Network.loadingFinished", visit.count)
        wire.send("Network.enable")
        tab.goto(url, wait_until="load", timeout=PATIENCE)
        tab.evaluate(_SCROLL)
        tab.wait_for_timeout(SETTLED)
        visit.shift = float(tab.evaluate("shifted"))
        scripts = [answer.body() for answer in answers if answer.request.resource_type == "script"]
        visit.script = sum(len(gzip.compress(script, 9)) for script in scripts)
        return visit
    finally:
        context.close()

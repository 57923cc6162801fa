"""`make judge`: every page of a house of its own, before a browser, in two languages, as whoever it belongs to.

    python -m tools.judge [--only TEXT] [--who NAME] [--lang fr|en] [--no-html] [--no-budget]

axe in four views, a silent console, no failed request, nothing wider than 320 px, valid HTML, one h1, the right
language, nothing inline; each form sent empty; budgets of a first visit. One line per page; exit 1 on any fault.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from flask import Flask

from portal.factory import create_app
from portal.settings import load
from tests.journeys.browser import CHROMIUM
from tests.journeys.house import House
from tools.judging import validity
from tools.judging.court import Court
from tools.judging.pages import Page, find
from tools.judging.people import STRANGER, TRIAL, demo_addresses
from tools.judging.reasons import articles

FRONTS = ("content.home", "content.vertical_home", "billing.plans", "ANONYMOUS")
MISSING = """Not run: {what} is missing.
  Debian, Ubuntu:  sudo apt-get install {package}"""


def main() -> int:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped from outside."))  # the house is left in order
    if missing := what_is_missing(given):
        print(missing, file=sys.stderr)
        return 1
    began = time.perf_counter()
    with nullcontext() if given.no_html else validity.checker() as checker, a_house() as (house, app):
        pages, left_out, unseen = all_pages(app, house.url)
        if checker:
            checker.ready()
        court = Court(house.url, checker.errors if checker else lambda _page: [])
        court.hear([page for page in pages if wanted(page, given)])
        more, unseen = without_trials(app, house.url, unseen)
        court.hear([page for page in more if wanted(page, given)])
        if not (given.no_budget or given.only or given.who):
            court.weigh(chief_pages(pages))
    faults = court.faults + [f"no link leads to an example of {rule}" for rule in left_out]
    print(f"\n{court.seen} pages judged in {time.perf_counter() - began:.0f} s.")
    print(f"Reasons that nobody of the demonstration meets: {', '.join(unseen) or 'none'}.")
    print("\n  ".join([f"{len(faults)} faults:", *faults]) if faults else "No fault.")
    return 1 if faults else 0


def what_is_missing(given: argparse.Namespace) -> str:
    """What has to be installed first, or nothing."""
    if not CHROMIUM:
        return MISSING.format(what="Chromium", package="chromium fonts-liberation")
    if not (validity.JAVA or given.no_html):
        return MISSING.format(what="Java", package="default-jre-headless")
    return ""


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description="Judge every page of the running product.")
    parser.add_argument("--only", help="pages whose address or description holds this text")
    parser.add_argument("--who", help="pages as this person only (stranger, trial, admin, …)")
    parser.add_argument("--lang", choices=("fr", "en"), help="pages in this language only")
    parser.add_argument("--no-html", action="store_true", help="leave the validity of HTML out, and with it Java")
    parser.add_argument("--no-budget", action="store_true", help="leave the first visits out")
    return parser.parse_args()


def wanted(page: Page, given: argparse.Namespace) -> bool:
    """Whether a page was asked for."""
    words = f"{page.path} {page.about}"
    named = given.who in (None, page.who.name) and given.lang in (None, page.locale)
    return named and (given.only is None or given.only in words)


@contextmanager
def a_house() -> Iterator[tuple[House, Flask]]:
    """The running product with its demonstration, and an app on the same database to ask what there is."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        try:
            yield house, create_app(load(house.environ()))
        finally:
            house.stop()


def all_pages(app: Flask, url: str) -> tuple[list[Page], list[str], list[str]]:
    """Every page, the routes without an example, and the reasons that nobody meets."""
    found = find(app, url)
    by_reason, unseen = articles(app, demo_addresses(url))
    return sorted(by_reason | found.pages), found.missing, unseen


def without_trials(app: Flask, url: str, unseen: list[str]) -> tuple[list[Page], list[str]]:
    """Pages of reasons that exist only where an edition takes no trials, once the hub has closed those of one."""
    STRANGER.arrives(url, "fr").sends("/dev", "/dev/trials", trials="closed")
    by_reason, still = articles(app, demo_addresses(url))
    return sorted(page for page in by_reason if page.about in unseen), [one for one in unseen if one in still]


def chief_pages(pages: list[Page]) -> list[Page]:
    """Those whose first visit is weighed: home, a vertical, plans, an article closed and open, a profile."""
    french = [page for page in pages if page.locale == "fr"]
    strangers = [page for page in french if page.who == STRANGER and page.about in FRONTS]
    mine = [page for page in french if page.about == "GRANT_TRIAL" or (page.who == TRIAL and page.path == "/profile/")]
    return strangers + mine


if __name__ == "__main__":
    sys.exit(main())

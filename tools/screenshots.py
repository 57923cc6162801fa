"""`make screenshots`: pictures of a house of its own, the same in content whenever they are taken.

python -m tools.screenshots         eight pages and every mail, into screenshots/ (not kept by git)
python -m tools.screenshots --docs  the walk of docs/walkthrough.md, into docs/img/
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from portal.settings import ROOT
from tests.journeys.browser import CHROMIUM, chromium
from tests.journeys.house import House
from tools.pictures.scenes import take_mails, take_scenes
from tools.pictures.walk import Walk


def main() -> int:
    parser = argparse.ArgumentParser(description="Take pictures of the running product.")
    parser.add_argument("--docs", action="store_true", help="those of the documentation, into docs/img/")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped from outside."))  # the house is left in order
    if not CHROMIUM:
        print("No pictures: Chromium is missing (Debian, Ubuntu: sudo apt-get install chromium).", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        try:
            take(house.url, docs=given.docs)
        finally:
            house.stop()
    return 0


def take(url: str, *, docs: bool) -> None:
    """Take them all, saying which."""
    folder = ROOT / ("docs/img" if docs else "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        if docs:
            pictures = iter(Walk(browser, url, folder).steps())
        else:
            for path in take_scenes(browser, url, folder):
                tell(path)
            pictures = take_mails(browser, url, folder)
        for path in pictures:
            tell(path)


def tell(path: Path) -> None:
    """One line per picture."""
    print(f"{path.stat().st_size / 1000:7.1f} kB  {path.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

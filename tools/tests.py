"""What `make test` runs: everything, on both databases, in a browser when there is one.

python tools/tests.py [pytest's own arguments …]
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LEFT_OUT = """
══════════════════════════════════════════════════════════════════════════════
  NOT RUN: the journeys in a real browser, because there is no Chromium on PATH.
  Debian, Ubuntu:  sudo apt-get install chromium fonts-liberation
  macOS:           install Google Chrome and put google-chrome on PATH
  Then run make test again.
══════════════════════════════════════════════════════════════════════════════
"""


def main() -> int:
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    required = os.environ.get("BROWSER_REQUIRED") == "1"
    if browser is None and required:
        print(LEFT_OUT, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadscope", "--durations=5", *sys.argv[1:]]
        command += [f"--junitxml={report}"] + ([] if browser else ["-m", "not browser"])
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        stories = stories_told(report)
    if browser is None:
        print(LEFT_OUT, flush=True)
    else:
        print(f"The story was walked {'once' if stories == 1 else f'{stories} times'} in {browser}.", flush=True)
    return 1 if required and stories < 2 else code


def stories_told(report: Path) -> int:
    """How many journeys in the browser passed, by pytest's own report; skipped ones do not count."""
    if not report.exists():
        return 0
    cases = ElementTree.parse(report).iter("testcase")
    told = [case for case in cases if case.get("classname", "").endswith("journeys.test_story")]
    return sum(not any(case.find(kind) is not None for kind in ("skipped", "failure", "error")) for case in told)


if __name__ == "__main__":
    sys.exit(main())

"""What `make test` runs: everything, on both databases, in a browser when there is one.

python tools/tests.py [pytest's own arguments …]
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "--durations=5", *sys.argv[1:]]
    command += [] if browser else ["-m", "not browser"]
    # A browser keeps a socket open until it is told to go; warnings about it say nothing about this code.
    done = subprocess.run(command, cwd=ROOT, check=False)
    print(f"The journeys ran in {browser}." if browser else LEFT_OUT, flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

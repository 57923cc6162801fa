"""How much of one room its tests go through, line by line and branch by branch: `make coverage ARGS=accounts`.

python tools/room_coverage.py ROOM [pytest's own arguments …]
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = {  # beside tests/<room>: the pages of these rooms are how parts of it are reached
    "accounts": ("tests/profile", "tests/admin", "tests/enquiries/test_forms.py"),
    "trials": ("tests/access/test_ledger_keys.py",),
}
WHOLE = {"accounts", "access", "trials"}  # rooms of which nothing may be missed


def main() -> int:
    if len(sys.argv) < 2 or not (ROOT / "portal" / sys.argv[1]).is_dir():
        print("Name a room, for example: make coverage ARGS=accounts", file=sys.stderr)
        return 2
    room, *more = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "COVERAGE_FILE": str(Path(folder, "data"))}
        return tests_of(room, more, environ) or report(room, environ)


def tests_of(room: str, more: list[str], environ: dict[str, str]) -> int:
    """Run the tests that reach this room, on SQLite alone: the lines are the same on both databases."""
    suites = [f"tests/{room}", *SUITES.get(room, ())]
    watched = ["run", f"--source=portal/{room}", "-m", "pytest", "-n", "0", "-k", "not postgresql"]
    return _coverage([*watched, *suites, *more], environ)


def report(room: str, environ: dict[str, str]) -> int:
    """What was missed; 2 when that is too much."""
    least = ["--fail-under=100"] if room in WHOLE else []
    return _coverage(["report", "--show-missing", "--skip-covered", *least], environ)


def _coverage(arguments: list[str], environ: dict[str, str]) -> int:
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

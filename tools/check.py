"""What `make check` runs; every look is taken, and the list at the end says which failed.

python tools/check.py [name …]
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TREES = [name for name in ("portal", "tests", "benchmarks", "tools", "app.py") if (ROOT / name).exists()]

LOOKS = {
    "lint": [BIN / "ruff", "check", "--quiet", *TREES],
    "format": [BIN / "ruff", "format", "--quiet", "--check", *TREES],
    "types": [BIN / "mypy", "--no-error-summary"],
    "imports": [BIN / "lint-imports", "--no-logo"],
    "security": [BIN / "bandit", "--quiet", "--recursive", "--configfile", "pyproject.toml", "portal", "app.py"],
    "migrations": [sys.executable, "-m", "portal.cli", "db", "check"],
    "translations": [sys.executable, "tools/messages.py", "check"],
    "settings": [sys.executable, "tools/settings_listed.py"],
}


def main() -> int:
    names = sys.argv[1:] or list(LOOKS)
    failed = [name for name in names if not passes(name)]
    print(f"\nFailed: {', '.join(failed)}." if failed else f"\nAll {len(names)} looks pass.")
    return 1 if failed else 0


def passes(name: str) -> bool:
    """Take one look; its words are shown when it fails."""
    began = time.perf_counter()
    environ = {**os.environ, "PORTAL_ENV": "test", "SECRET_KEY": "only for looking, and long enough for that"}
    done = subprocess.run(LOOKS[name], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    print(
        f"{name:<13} {'ok' if done.returncode == 0 else 'FAILED':<7} {time.perf_counter() - began:5.1f} s", flush=True
    )
    if done.returncode:
        print(done.stdout + ("" if name == "security" else done.stderr), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())

"""Write requirements.lock and requirements-dev.lock: exact versions with the sha256 of every file they may come from.

    python tools/lock.py            keep the versions of today's locks where pyproject.toml still allows them
    python tools/lock.py --upgrade  take the newest versions that pyproject.toml allows

pip itself resolves (`pip install --dry-run --report`) for each target below; this script only writes down what it
found. No address of an index stands in the result, so that it holds behind any mirror.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINUX = "manylinux_2_28_x86_64 manylinux_2_27_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64 manylinux_2_12_x86_64"
ARM = LINUX.replace("x86_64", "aarch64")
MAC = "macosx_14_0_arm64 macosx_13_0_arm64 macosx_12_0_arm64 macosx_11_0_arm64 macosx_11_0_universal2"
TARGETS = {
    "3.11-linux-x86_64": LINUX,
    "3.12-linux-x86_64": LINUX,
    "3.13-linux-x86_64": LINUX,
    "3.14-linux-x86_64": LINUX,
    "3.13-linux-aarch64": ARM,
    "3.13-darwin-arm64": MAC,
}
HEADER = (
    "# Written by tools/lock.py from pyproject.toml; do not edit. Its hashes are those of files for\n"
    f"# {' '.join(TARGETS)}\n"
)

Pins = dict[str, tuple[str, set[str]]]


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the lock files.")
    parser.add_argument("--upgrade", action="store_true", help="take newer versions where pyproject.toml allows them")
    given = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {"requirements.lock": project["dependencies"]}
    wanted["requirements-dev.lock"] = project["dependencies"] + project["optional-dependencies"]["dev"]
    kept = {} if given.upgrade else read(ROOT / "requirements-dev.lock")
    everything = resolve(wanted["requirements-dev.lock"], kept)
    for name, requirements in wanted.items():
        pins = resolve(requirements, everything)
        (ROOT / name).write_text(HEADER + "".join(entry(*item) for item in sorted(pins.items())), encoding="utf-8")
        print(f"{name}: {len(pins)} packages")
    return 0


def resolve(requirements: list[str], kept: Pins) -> Pins:
    """What pip would install for every target; the first target decides the versions of the others."""
    pins: Pins = {}
    for target, platforms in TARGETS.items():
        found = report(requirements, {**kept, **pins}, target.split("-")[0], platforms)
        for name, (version, hashes) in found.items():
            pins.setdefault(name, (version, set()))[1].update(hashes)
            if pins[name][0] != version:
                raise SystemExit(f"{name} resolves to {version} for {target} and to {pins[name][0]} elsewhere.")
        print(f"  {target}: {len(found)} packages", file=sys.stderr)
    return pins


def report(requirements: list[str], fixed: Pins, python: str, platforms: str) -> Pins:
    """pip's own report for one target, as {name: (version, {sha256})}."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text("".join(f"{name}=={version}\n" for name, (version, _) in fixed.items()))
        answer = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        command += ["--only-binary=:all:", f"--target={folder}", f"--report={answer}", f"--python-version={python}"]
        command += [f"--platform={platform}" for platform in platforms.split()]
        subprocess.run([*command, f"--constraint={constraints}", *requirements], check=True)
        items = json.loads(answer.read_text(encoding="utf-8"))["install"]
    return {canonical(item["metadata"]["name"]): (item["metadata"]["version"], hashes_of(item)) for item in items}


def hashes_of(item: dict) -> set[str]:
    return {item["download_info"]["archive_info"]["hashes"]["sha256"]}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read(path: Path) -> Pins:
    """The versions of an existing lock."""
    if not path.exists():
        return {}
    found = re.findall(r"^(\S+)==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (version, set()) for name, version in found}


def entry(name: str, pin: tuple[str, set[str]]) -> str:
    version, hashes = pin
    return f"{name}=={version}" + "".join(f" \\\n    --hash=sha256:{value}" for value in sorted(hashes)) + "\n"


if __name__ == "__main__":
    sys.exit(main())

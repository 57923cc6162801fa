"""Make what is missing, measure, print.

python -m benchmarks.scale [--readers 10000] [--only sqlite] [--fresh]
"""

import argparse
import os
import platform
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.scale import deciding, explaining, reminding, sizes
from benchmarks.scale.ground import DATABASES, Ground, ground, version
from benchmarks.scale.timing import HEAD, Finding
from portal.settings import ROOT
from portal.trials.reminders import KINDS

FOLDER = ROOT / "instance" / "scale"
ROWS = ("decide", "reminders", "explain")


def main(arguments: Sequence[str] | None = None) -> None:
    """One table for each database."""
    asked = _parser().parse_args(arguments)
    chosen = sizes.chosen(asked)
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {_machine()}")
    for name in [asked.only] if asked.only else DATABASES:
        with ground(name, asked.folder, chosen, fresh=asked.fresh) as made:
            _head(made, chosen)
            for finding in _findings(made, chosen, asked.rows):
                print(finding.line(), flush=True)
            if "reminders" in asked.rows:
                print(f"\nThe plan of a slot:\n{reminding.plan_of(KINDS[0], 0)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-scale ARGS=…", description=__doc__)
    sizes.add_arguments(parser)
    parser.add_argument("--only", choices=DATABASES, help="one of the two databases")
    parser.add_argument("--rows", nargs="*", choices=ROWS, default=ROWS, help="what is measured (default all)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the databases are kept")
    parser.add_argument("--fresh", action="store_true", help="make the databases anew")
    return parser


def _machine() -> str:
    """The processor and how busy it is: what is measured beside others is noise."""
    cpu = Path("/proc/cpuinfo")
    models = [line for line in cpu.read_text().splitlines() if "model name" in line] if cpu.exists() else []
    name = models[0].partition(":")[2].strip() if models else platform.machine()
    return f"{name}, load {os.getloadavg()[0]:.1f}"


def _head(made: Ground, chosen: sizes.Sizes) -> None:
    how = "kept from an earlier run" if made.reused else "made now"
    print(
        f"\n{made.name} {version()}: {chosen.readers:,} readers, {chosen.grants:,} grants ({chosen.trials:,} trials),"
        f" {chosen.articles:,} articles; {how}, in {made.seconds:.0f} s, {made.size / 1e9:.2f} GB\n\n{HEAD}"
    )


def _findings(made: Ground, chosen: sizes.Sizes, rows: Sequence[str]) -> Iterator[Finding]:
    chance = random.Random(chosen.seed)
    if "decide" in rows:
        yield from deciding.measure(chance)
    if "reminders" in rows:
        yield from reminding.measure(chosen.readers)
    if "explain" in rows:
        yield from explaining.measure(made, chance)


if __name__ == "__main__":
    main(sys.argv[1:])

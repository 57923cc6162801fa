"""`make bench`: how the portal's hot pages compare with a bare Flask page on the same server in the same run.

Rounds are interleaved, so that a busy machine hurts all alike; medians are printed, never absolute promises.
Everything runs on loopback and on a database of its own, with the settings of production; payments alone run with those
of development, since Stripe's stand-in never serves production.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import hooks, load, paying, storm
from benchmarks.servers import Server, server

ROOT = Path(__file__).resolve().parent.parent
BROWSER = {"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "fr-FR,fr;q=0.9,en;q=0.8"}


@dataclass(slots=True)
class Target:
    """An address under load and what was measured: requests per second and CPU milliseconds a request, by round."""

    name: str
    server: Server
    path: str
    headers: dict[str, str]
    expected: float | None = None
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def measure(self, seconds: float, *, keep: bool = True) -> None:
        """One round."""
        before = self.server.cpu_seconds()
        rate, count = load.requests_per_second(self.server.port, self.path, self.headers, seconds)
        if keep:
            self.rates.append(rate)
            self.costs.append(1000 * (self.server.cpu_seconds() - before) / max(1, count))


def environment(folder: Path) -> dict[str, str]:
    """Production settings with nothing behind them but a database file."""
    ours = {
        "PORTAL_ENV": "production",
        "PORTAL_INSTANCE": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite'}",
        "SECRET_KEY": "of a benchmark, on loopback, for a minute",
        "SITE_URL": "https://127.0.0.1",
        "MAIL_URL": "smtp://127.0.0.1:9",
        "STRIPE_SECRET_KEY": "sk_test_benchmark",
        "STRIPE_WEBHOOK_SECRETS": "whsec_benchmark",
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **ours, "PYTHONPATH": str(ROOT)}


def prepare(environ: dict[str, str]) -> dict[str, str]:
    """Fill the database in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.prepare"]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=7, help="interleaved rounds (default 7, at least 5 for a verdict)"
    )
    parser.add_argument("--seconds", type=float, default=2, help="load for each page in each round (default 2)")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        environ = environment(folder)
        known = prepare(environ)
        bare = stack.enter_context(server("benchmarks.hello:app", environ, folder))
        ours = stack.enter_context(server("app:app", environ, folder))
        targets = [
            Target("bare Flask hello", bare, "/", BROWSER),
            Target("guarded article, signed in", ours, known["article"], {**BROWSER, "Cookie": known["cookie"]}, 0.5),
            Target("anonymous preview", ours, known["article"], BROWSER, 1.5),
        ]
        for number in range(-1, chosen.rounds):
            for target in targets:
                target.measure(chosen.seconds, keep=number >= 0)
        report(targets)
        storm.report(environ, folder, known["article"], BROWSER, rounds=chosen.rounds, seconds=chosen.seconds)
        hooks.report(environ, folder, rounds=chosen.rounds, seconds=chosen.seconds)
        paying.report(environ, folder, payments=2 * chosen.rounds)


def report(targets: list[Target]) -> None:
    """Two rows: each page as a ratio to the yardstick."""
    yardstick = statistics.median(targets[0].rates)
    print(f"\nLoad by {load.generator()}, {load.CONNECTIONS} connections; one worker on one core; medians of rounds.\n")
    print(f"{'page':<28} {'ratio':>7} {'expected':>9} {'req/s':>8} {'CPU ms/request':>15} {'bytes':>8}")
    for target in targets[1:]:
        ratio = statistics.median(rate / hello for rate, hello in zip(target.rates, targets[0].rates, strict=True))
        length = load.check(target.server.port, target.path, target.headers)
        print(
            f"{target.name:<28} {ratio:>6.2f}× {f'≥ {target.expected}×':>9} {statistics.median(target.rates):>8.0f}"
            f" {statistics.median(target.costs):>15.3f} {length:>8}"
        )
    cost = statistics.median(targets[0].costs)
    print(f"\nyardstick: {targets[0].name}, {yardstick:.0f} req/s, {cost:.3f} CPU ms/request")


if __name__ == "__main__":
    main()

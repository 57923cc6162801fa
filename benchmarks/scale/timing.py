"""What was measured, as lines of a table: median and 95th percentile, how often, and what is expected.

Beside each time stands the processor's part of it in this process: on a busy machine it says more than the clock on
the wall. What PostgreSQL spends is in the first alone.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

BEST_OF = 3


class Took(NamedTuple):
    """Seconds on the wall, and of the processor in this process."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `expected` is in seconds, None for what is only told; `runs` says what one of them is."""

    what: str
    took: Sequence[Took]
    runs: str
    expected: float | None = None

    def held(self) -> str:
        """Whether it is as fast as expected: nearly always, mostly, but for what else the machine did, or not."""
        if self.expected is None:
            return ""
        middle, late = middle_and_late(took.wall for took in self.took)
        if middle < self.expected:
            return "yes" if late < self.expected else "at p50"
        busy = middle_and_late(took.cpu for took in self.took)[0]
        return "by CPU" if busy < self.expected else "MISSED"

    def line(self) -> str:
        """The line of the table."""
        middle, late = (spoken(value) for value in middle_and_late(took.wall for took in self.took))
        cpu = spoken(middle_and_late(took.cpu for took in self.took)[0])
        expected = f"< {spoken(self.expected, 0)}" if self.expected else ""
        told = f"{self.what:<48} {middle:>9} {late:>9} {cpu:>9} {expected:>8} {self.held():<6}"
        return f"{told} {len(self.took)} {self.runs}"


HEAD = f"{'':<48} {'p50':>9} {'p95':>9} {'CPU p50':>9} {'expected':>8} {'held':<6} runs"


def middle_and_late(times: Iterable[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]


def spoken(seconds: float, digits: int = 2) -> str:
    """A time in the unit that suits it."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.{digits}f} µs"
    return f"{seconds * 1e3:.{digits}f} ms" if seconds < 1 else f"{seconds:.{digits}f} s"


def timed(act: Callable[[], object]) -> Took:
    """How long it takes."""
    cpu, began = time.process_time(), time.perf_counter()
    act()
    return Took(time.perf_counter() - began, time.process_time() - cpu)


def best(act: Callable[[], object], times: int = BEST_OF) -> Took:
    """How long it takes when nothing is in the way: the shortest of a few times, by either clock."""
    took = [timed(act) for _time in range(times)]
    return Took(min(one.wall for one in took), min(one.cpu for one in took))


def together(parts: Iterable[Took]) -> Took:
    """How long it takes one after another."""
    walls, cpus = zip(*parts, strict=True)
    return Took(sum(walls), sum(cpus))

"""The generator: readers in their households, then articles, always the same for the same sizes."""

import sys
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, text

from benchmarks.scale import firms, library, people
from benchmarks.scale.sizes import Sizes
from benchmarks.scale.store import Store
from benchmarks.scale.world import Share, World

Progress = Callable[[int, int], None]


def fill(engine: Engine, sizes: Sizes, *, staff: int, now: datetime, progress: Progress) -> None:
    """Write everything into a migrated database with verticals and rubrics. `staff` is the reader who gives."""
    with engine.connect() as connection:
        verticals = list(connection.scalars(text("SELECT id FROM verticals ORDER BY position, id")))
    where = library.shelves(engine)
    store = Store(engine)
    world = World(store, sizes, verticals, staff, now)
    total = sizes.readers + sizes.articles
    _people(world, lambda done: progress(done, total))
    for done in library.write(world, where):
        progress(sizes.readers + done, total)
    store.close()


def _people(world: World, progress: Callable[[int], None]) -> None:
    everybody = firms.households(world)
    trials, buying = people.Trials(world), firms.Buying(world, everybody)
    gifts, number = Share(world.sizes.gifts, world.sizes.readers), 0
    for place, household in enumerate(everybody):
        domain = f"s{place}.example" if household.size > 1 else None
        members = [people.write_reader(world, number + step, domain) for step in range(household.size)]
        for step, person in enumerate(members):
            trials.write(number + step, person)
            people.write_gifts(world, person, gifts)
        if household.weight:
            buying.write(household, members)
        number += household.size
        progress(number)


def silent(_done: int, _total: int) -> None:
    """No progress is shown."""


class Bar:
    """A plain bar, on a terminal alone."""

    def __init__(self, words: str) -> None:
        self._words, self._shown = words, -1

    def __call__(self, done: int, total: int) -> None:
        share = 100 * done // total
        if share != self._shown and sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\r{self._words} [{'#' * (share // 4):<25}] {share:3} %", end=end, file=sys.stderr, flush=True)
        self._shown = share

"""What `make mutate` runs: mutmut spoils each line of a module in turn, and some test must notice.

python tools/mutate.py portal/accounts/tokens.py […]      every mutant of these modules
python tools/mutate.py --survivors portal/access/case.py  only what survived when the module was looked at last

Works on a copy in mutants/, on SQLite and in one process. Which tests judge a module stands in pyproject.toml, under
tool.portal.mutation. Sentences for people are left alone: nobody writes a test that repeats them. What mypy refuses is
not run: `make check` would not let it pass either.
"""

import argparse
import os
import shutil
import sqlite3
import sys
import tomllib
from collections import Counter
from contextlib import closing
from pathlib import Path

import libcst
from mutmut import __main__ as mutmut
from mutmut.configuration import config
from mutmut.mutation import mutators
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import change_cwd
from mutmut.workers.isolation import ForkServerRunner

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "mutants"
MYPY = ("mypy", "portal", "--output=json", "--disable-error-code=unused-ignore", "--cache-dir=../.mypy_cache/mutants")
WARM = "tests/access/test_replay.py::test_before_its_account_nobody_can_be_asked_about"
NOTICED = ("killed", "timeout", "caught by type check")
submit = ForkServerRunner.submit


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutation testing of single modules.")
    parser.add_argument("modules", nargs="+", type=Path, metavar="MODULE", help="a path such as portal/access/case.py")
    parser.add_argument("--survivors", action="store_true", help="only what survived when they were looked at last")
    given = parser.parse_args()
    os.chdir(ROOT)
    prepare(given.modules)
    names = [name for module in given.modules for name in survivors(module)] if given.survivors else []
    if not names:
        shutil.rmtree(COPY, ignore_errors=True)
    mutmut._run(names, 1)
    for module in given.modules:
        tell(module)
    return 0


def prepare(modules: list[Path]) -> None:
    """mutmut's own settings stand in pyproject.toml; these are made of what was asked for."""
    config().only_mutate = [str(module) for module in modules]
    config().pytest_add_cli_args_test_selection = sorted({test for module in modules for test in judges(module)})
    config().type_check_command = [sys.executable, "-m", *MYPY]
    mutators.mutation_operators[:] = [
        *(one for one in mutators.mutation_operators if one[1] != mutators.operator_string),
        (libcst.SimpleString, words_alone),
    ]
    PytestRunner.warm_up = warm_up  # type: ignore[method-assign]
    ForkServerRunner.submit = quickest_first  # type: ignore[method-assign]
    # The run that sees which test meets which function has just shown that all of them pass.
    ForkServerRunner.run_clean_tests = lambda *_, **_tests: 0  # type: ignore[method-assign]
    ForkServerRunner.run_forced_fail = lambda *_: 1  # type: ignore[method-assign]


def words_alone(node: libcst.SimpleString) -> list[libcst.BaseString]:
    """A text with a space in it is said to people or to a log; other texts are spoiled once, not once for each case."""
    return [] if " " in node.value else list(mutators.operator_string(node))[:1]


def warm_up(runner: PytestRunner) -> None:
    """What each mutant's process is forked from: tests are collected, and one has run, so that all is loaded once."""
    with change_cwd(COPY):
        runner.execute_pytest(["--collect-only", "-qqq", *config().pytest_add_cli_args_test_selection])
        migrate_once()
        runner.execute_pytest(["-q", WARM])


def migrate_once() -> None:
    """Migrations take as long as the tests that notice a mutant: their result is kept in a file."""
    from flask_migrate import upgrade

    from portal.db import db
    from tests import conftest

    def kept_or_made() -> None:
        file, kept = Path(str(db.engine.url.database)), COPY / "migrated.sqlite"
        if not kept.exists():
            upgrade()
            with closing(sqlite3.connect(file)) as made, closing(sqlite3.connect(kept)) as copy:
                made.backup(copy)
        shutil.copyfile(kept, file)

    conftest.upgrade = kept_or_made


def quickest_first(
    runner: ForkServerRunner, mutant_name: str, tests: list[str], cpu_time_limit: int, estimated_time: float
) -> None:
    """The first test that fails ends a mutant: those that cost least are asked first."""
    submit(runner, mutant_name, sorted(tests, key=state().duration_by_test.get), cpu_time_limit, estimated_time)


def judges(module: Path) -> list[str]:
    """The arguments of pytest for this module: those of the longest path that it begins with."""
    table = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["portal"]["mutation"]
    return list(table[max((path for path in table if str(module).startswith(path)), key=len)])


def results(module: Path) -> dict[str, str]:
    """What became of each mutant, by its name."""
    data = SourceFileMutationData(path=module)
    data.load()
    return {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}


def survivors(module: Path) -> list[str]:
    return [name for name, status in results(module).items() if status not in NOTICED]


def tell(module: Path) -> None:
    """Print what survived, and the count of each end."""
    for name in survivors(module):
        print(f"\n{name}: {results(module)[name]}\n{get_diff_for_mutant(name, path=module)}")
    ends = Counter(results(module).values())
    print(f"\n{module}: {sum(ends.values())} mutants; " + ", ".join(f"{n} {end}" for end, n in ends.most_common()))


if __name__ == "__main__":
    sys.exit(main())

"""How many examples a property is tried with: all of them in CI, a third in a run that somebody waits for (ADR 20)."""

_run = {"whole": False}


def try_all(*, whole: bool) -> None:
    """Told by tests/conftest.py before any test is collected."""
    _run["whole"] = whole


def examples(whole: int) -> int:
    """So many in this run."""
    return whole if _run["whole"] else whole // 3

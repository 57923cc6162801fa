"""The countdown: one source for ribbon, account and mails."""

from typing import Any


def ribbon() -> Any:
    """The ribbon under the masthead, or None."""
    return None

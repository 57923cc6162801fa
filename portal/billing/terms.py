"""The terms of sale: dated versions, each a template in both languages that never changes once accepted by anybody.

`house.legal` shows them; here is what an order needs of them.
"""

from datetime import date

VERSIONS = ("2026-11-01",)
CURRENT = VERSIONS[-1]


def day_of(version: str) -> date:
    """The day from which a version holds."""
    return date.fromisoformat(version)

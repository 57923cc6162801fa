"""What one stand-in process is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

API_VERSION = "2026-10-28.endive"
"""The one API version spoken here; a test holds it equal to that of the installed client library."""


@dataclass(frozen=True)
class Config:
    """Addresses and files of one process; durations are in seconds.

    `renewal_lag` is how long a renewal's invoice stays a draft: Stripe takes about an hour, a
    demonstration none. `after_retries` is the account setting for what becomes of a subscription once
    every retry of its payment has failed: "cancel", "unpaid", "pause" or "past_due".
    """

    state: Path
    clock_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8001
    webhook_url: str | None = None
    webhook_secret: str = "whsec_sandbox"  # noqa: S105  # nosec B105: a default for loopback only
    shuffle: int | None = None
    wire_log: Path | None = None
    checkout_wait: float = 10.0
    retry_base: float = 1.0
    renewal_lag: int = 0
    after_retries: str = "cancel"
    ticker: bool = True
    account_name: str = "Sandbox"

"""`python -m portal.sandbox`: run the stand-in until it is interrupted."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from portal.sandbox.config import Config
from portal.sandbox.engine.collecting import OUTCOMES
from portal.sandbox.server import PortTaken, Server


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 1 when the port is taken."""
    config = read_arguments(arguments)
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.set())
    try:
        server = Server(config)
    except PortTaken as taken:
        print(f"Port {config.port} is taken: something already listens at {taken}.", file=sys.stderr)
        return 1
    with server:
        print(f"Stripe stand-in ready at {server.url} (controls at {server.url}/_control/)", flush=True)
        stopping.wait()
    return 0


def read_arguments(arguments: list[str] | None = None) -> Config:
    """The command line as a Config."""
    given = vars(_parser().parse_args(arguments))
    given["ticker"] = not given.pop("no_ticker")
    return Config(**given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal.sandbox", description="A local stand-in for Stripe.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    add("--port", type=int, default=8001, help="port, 0 for any free one (default 8001)")
    add("--state", type=Path, required=True, help="SQLite file that keeps everything")
    add("--clock-file", type=Path, help="file with the shared clock's offset in seconds")
    add("--webhook-url", help="where events are sent; nowhere by default")
    add("--webhook-secret", default=Config.webhook_secret, help="signing secret of that address")
    add("--shuffle", type=int, metavar="SEED", help="send webhooks out of order, some twice")
    add(
        "--wire-log",
        type=Path,
        default=os.environ.get("SANDBOX_WIRE_LOG"),
        help="append every request, answer and webhook to this file as JSON lines (or SANDBOX_WIRE_LOG)",
    )
    add("--checkout-wait", type=float, default=10.0, help="seconds to wait for the webhook before redirecting")
    add("--retry-base", type=float, default=1.0, help="seconds before the first webhook retry (doubles each time)")
    add("--renewal-lag", type=int, default=0, help="seconds that a renewal's invoice stays a draft")
    add("--after-retries", choices=OUTCOMES, default="cancel")
    add("--account-name", default="Sandbox", help="the seller named on pages and invoices")
    add("--no-ticker", action="store_true", help="do due work only when asked to")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Webhooks through HTTP: how many a second are verified, stored for good (SQLite, synchronous FULL) and answered."""

import hashlib
import hmac
import json
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from benchmarks import load
from benchmarks.servers import HOST, pinned, server

SENDERS = 4
EXPECTED = 300


def report(environ: Mapping[str, str], folder: Path, *, rounds: int, seconds: float) -> None:
    """Print the rate; every answered webhook must stand in the database. Raises SystemExit when one does not."""
    rates, answered = [], 0
    with server("app:app", environ, folder, threads=SENDERS) as ours:
        for number in range(rounds):
            sent = _sent(ours.port, seconds, f"{number}", environ["STRIPE_WEBHOOK_SECRETS"])
            rates.append(sent / seconds)
            answered += sent
    stored = _stored(Path(environ["DATABASE_URL"].removeprefix("sqlite:///")))
    if stored != answered:
        raise SystemExit(f"{answered} webhooks were answered and {stored} are stored.")
    print(
        f"\nwebhooks stored and answered: {statistics.median(rates):.0f} a second by {SENDERS} senders"
        f" (expected ≥ {EXPECTED}); all {stored} answered ones are in the database"
    )


def _sent(port: int, seconds: float, name: str, secret: str) -> int:
    command = [sys.executable, "-m", "benchmarks.hooks", str(port), str(seconds), name, secret]
    done = subprocess.run([*pinned(load.CORE), *command], capture_output=True, text=True, check=True)
    return int(done.stdout)


def _stored(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM stripe_events").fetchone()[0])


def _event(name: str) -> bytes:
    subject = {
        "object": "subscription",
        "id": f"sub_{name}",
        "customer": "cus_benchmark",
        "metadata": {"x": "y" * 1500},
    }
    return json.dumps(
        {
            "id": f"evt_{name}",
            "object": "event",
            "type": "customer.subscription.updated",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": subject},
        }
    ).encode()


def _signature(body: bytes, secret: str) -> str:
    stamp = str(int(time.time()))
    made = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={made}"


def _send(port: int, name: str, secret: str, until: float, counts: list[int]) -> None:
    connection = HTTPConnection(HOST, port, timeout=30)
    done = 0
    while time.monotonic() < until:
        body = _event(f"{name}_{done}")
        connection.request("POST", "/stripe/webhook", body, {"Stripe-Signature": _signature(body, secret)})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"A webhook was answered {answer.status}.")
        done += 1
    counts.append(done)


def main(port: str, seconds: str, name: str, secret: str) -> None:
    """Send for some seconds; print how many were answered with 200."""
    until, counts = time.monotonic() + float(seconds), []
    senders = [
        threading.Thread(target=_send, args=(int(port), f"{name}_{number}", secret, until, counts))
        for number in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    print(sum(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])

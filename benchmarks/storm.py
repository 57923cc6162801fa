"""A storm of sign-ins: how much of the reading goes on while every hash that may run is running.

Each attempt is a stranger's with an address and a network of its own, so that no count stops it before the hash: what
holds the storm back is the gate alone (portal/accounts/gate.py).
"""

import itertools
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import load
from benchmarks.servers import HOST, pinned, server

THREADS = 16  # of the server; pages wait for none of them behind a queue of sign-ins
STRANGERS = 4
KEPT_AT_LEAST = 0.35
_HASHED, _TURNED_AWAY = 422, 503


def report(
    environ: Mapping[str, str], folder: Path, path: str, headers: Mapping[str, str], *, rounds: int, seconds: float
) -> None:
    """Print how much of the quiet rate is kept, and how many sign-ins were checked and turned away in a second."""
    kept, checked, away = [], [], []
    with server("app:app", {**environ, "TRUSTED_PROXIES": "1"}, folder, threads=THREADS) as ours:
        for _round in range(rounds):
            quiet, _count = load.requests_per_second(ours.port, path, headers, seconds)
            stormed, answers = _stormed(ours.port, path, headers, seconds)
            kept.append(stormed / quiet)
            checked.append(answers[_HASHED] / seconds)
            away.append(answers[_TURNED_AWAY] / seconds)
    print(
        f"\nreads kept in a storm of sign-ins: {statistics.median(kept):.0%} of the quiet rate (expected ≥"
        f" {KEPT_AT_LEAST:.0%}); {statistics.median(checked):.0f} sign-ins checked and"
        f" {statistics.median(away):.0f} turned away with 503 a second"
    )


def _stormed(port: int, path: str, headers: Mapping[str, str], seconds: float) -> tuple[float, Counter[int]]:
    command = [sys.executable, "-m", "benchmarks.storm", str(port), str(seconds + 1)]
    with subprocess.Popen([*pinned(load.CORE), *command], stdout=subprocess.PIPE, text=True) as blowing:
        time.sleep(0.5)
        rate, _count = load.requests_per_second(port, path, headers, seconds)
        told, _error = blowing.communicate()
    return rate, Counter({int(status): int(count) for status, count in (line.split() for line in told.splitlines())})


def _try(port: int, number: int, until: float, answers: Counter[int]) -> None:
    """One stranger after another, from one thread, each with the token of its own visit."""
    connection = HTTPConnection(HOST, port, timeout=30)
    cookie, token = _visit(connection)
    for attempt in itertools.count():
        if time.monotonic() >= until:
            return
        who = {"email": f"nobody-{number}-{attempt}@example.org", "password": "five words that open nothing"}
        sent = {"Cookie": cookie, "X-Forwarded-For": f"10.{number}.{attempt // 250 % 250}.{attempt % 250}"}
        sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://127.0.0.1", **_FRONT}
        connection.request("POST", "/login", urlencode({**who, "next": "/", "csrf_token": token}), sent)
        answer = connection.getresponse()
        answer.read()
        answers[answer.status] += 1


_FRONT = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "127.0.0.1", "Sec-Fetch-Site": "same-origin"}


def _visit(connection: HTTPConnection) -> tuple[str, str]:
    """The cookie and the token of the sign-in page."""
    connection.request("GET", "/login", headers={**_FRONT, "X-Forwarded-For": "10.250.0.1"})
    answer = connection.getresponse()
    page = answer.read().decode()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    cookie = answer.getheader("Set-Cookie")
    if found is None or cookie is None:
        raise RuntimeError(f"/login answered {answer.status} without a form.")
    return cookie.split(";")[0], found[1]


def main(port: str, seconds: str) -> None:
    """Blow for some seconds; print how often each status was answered."""
    until, answers = time.monotonic() + float(seconds), Counter[int]()
    strangers = [threading.Thread(target=_try, args=(int(port), number, until, answers)) for number in range(STRANGERS)]
    for stranger in strangers:
        stranger.start()
    for stranger in strangers:
        stranger.join()
    print("\n".join(f"{status} {count}" for status, count in answers.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])

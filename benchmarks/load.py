"""Load from another core: wrk where it is installed, else a few threads of our own (slower, and said so)."""

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from http.client import HTTPConnection

from benchmarks.servers import HOST, pinned

CORE = "1"
CONNECTIONS = 16


def generator() -> str:
    """What makes the load here."""
    return "wrk" if shutil.which("wrk") else "own threads (install wrk for steadier figures)"


def requests_per_second(port: int, path: str, headers: Mapping[str, str], seconds: float) -> tuple[float, int]:
    """(requests per second, requests answered) at this address. Raises RuntimeError when an answer is not a 200."""
    check(port, path, headers)
    return _wrk(port, path, headers, seconds) if shutil.which("wrk") else _own(port, path, headers, seconds)


def check(port: int, path: str, headers: Mapping[str, str]) -> int:
    """The length of the answer. Raises RuntimeError when it is not a 200."""
    connection = HTTPConnection(HOST, port, timeout=30)
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    length = len(answer.read())
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}.")
    return length


def _wrk(port: int, path: str, headers: Mapping[str, str], seconds: float) -> tuple[float, int]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{round(seconds)}s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(
        [*pinned(CORE), *command, f"http://{HOST}:{port}{path}"], capture_output=True, text=True, check=True
    )
    if "Non-2xx" in done.stdout:
        raise RuntimeError(f"{path} did not always answer 200:\n{done.stdout}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    count = re.search(r"(\d+) requests in", done.stdout)
    assert rate and count, done.stdout
    return float(rate[1]), int(count[1])


def _own(port: int, path: str, headers: Mapping[str, str], seconds: float) -> tuple[float, int]:
    command = [sys.executable, "-m", "benchmarks.load", str(port), path, str(seconds)]
    for name, value in headers.items():
        command += [name, value]
    done = subprocess.run([*pinned(CORE), *command], capture_output=True, text=True, check=True)
    count = int(done.stdout)
    return count / seconds, count


def _ask(port: int, path: str, headers: Mapping[str, str], until: float, counts: list[int]) -> None:
    connection = HTTPConnection(HOST, port, timeout=30)
    done = 0
    while time.monotonic() < until:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        done += answer.status == 200
    counts.append(done)


def main(port: str, path: str, seconds: str, *headers: str) -> None:
    """Ask for some seconds from a few threads; print how many answers came."""
    pairs = dict(zip(headers[::2], headers[1::2], strict=True))
    until, counts = time.monotonic() + float(seconds), []
    threads = [threading.Thread(target=_ask, args=(int(port), path, pairs, until, counts)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sum(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Servers for a benchmark: granian with one worker on one core, on loopback, ended by their process ids."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

HOST = "127.0.0.1"
CORE = "0"
PATIENCE = 60.0  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """CPU time of the server and its workers so far."""
        return sum(_cpu_seconds(pid) for pid in family(self.pid))


def pinned(core: str) -> list[str]:
    """The words that keep a command on one core, where that can be done."""
    return ["taskset", "-c", core] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []


@contextlib.contextmanager
def server(
    target: str, environ: Mapping[str, str], folder: Path, *, threads: int = 1, port: int = 0
) -> Iterator[Server]:
    """A server of this WSGI target (module:name), at any free port unless one is named; gone afterwards."""
    port = port or free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1"]
    command += ["--blocking-threads", str(threads)]
    command += ["--no-access-log", "--log-level", "warning", "--host", HOST, "--port", str(port), target]
    with (folder / f"{target.replace(':', '-')}.log").open("w") as log:
        process = subprocess.Popen([*pinned(CORE), *command], env=dict(environ), stdout=log, stderr=log)
        try:
            wait_until_it_answers(process, port)
            yield Server(process.pid, port)
        finally:
            end(process)


def free_port() -> int:
    """A port nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    """Return once the server answers. Raises RuntimeError when it ends or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            connection = HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(0.1)
    raise RuntimeError("A server did not start; see its log.")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and its workers, by their ids."""
    members = family(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    for pid in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def family(pid: int) -> list[int]:
    """A process and its children, as long as /proc tells."""
    members = [pid]
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                members.append(int(path.parent.name))
    return members


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS

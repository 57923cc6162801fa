"""Start a Stripe stand-in for a test: a real process on a free port, with its own state and wire log."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stripe_contract.police import assert_lawful

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30


@dataclass
class Sandbox:
    """A running stand-in; `stop()` ends it and keeps its files."""

    url: str
    process: subprocess.Popen[str]
    state: Path
    clock_file: Path
    wire_log: Path

    def control(self, act: str, **given: Any) -> dict[str, Any]:
        """Pull a lever: settle, reset, webhooks (mode, seed, seconds), fail-next-renewal, checkout; or read state."""
        body = None if act == "state" else json.dumps(given).encode()
        request = urllib.request.Request(f"{self.url}/_control/{act}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def settle(self) -> dict[str, Any]:
        """Do all due work and wait until every webhook has arrived; fails when some did not."""
        outcome = self.control("settle")
        assert outcome["drained"] or outcome["held"], f"webhooks did not arrive: {outcome}"
        return outcome

    def move_clock(self, seconds: int) -> None:
        """Move the shared clock so many seconds ahead of where it is."""
        text = self.clock_file.read_text(encoding="ascii").strip() if self.clock_file.exists() else ""
        self.clock_file.write_text(str(int(text or 0) + seconds), encoding="ascii")

    def stop(self) -> int:
        """End it politely; everything that went over its wire must have been lawful. Returns its exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=PATIENCE)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        if self.wire_log.exists():
            assert_lawful(self.wire_log, strict=False)
        return code


def start_sandbox(
    folder: Path,
    webhook_url: str | None = None,
    secret: str = "whsec_test",
    *,
    shuffle: int | None = 1,
    clock_file: Path | None = None,
    port: int = 0,
    options: tuple[str, ...] = (),
) -> Sandbox:
    """A stand-in with its files in `folder`, webhooks shuffled and doubled unless `shuffle` is None.

    Started again on the same folder it goes on where it was. `options` are further words of its command line.
    """
    clock_file = clock_file or folder / "clock-offset"
    state, log = folder / "sandbox.db", folder / "wire.jsonl"
    words = ["--port", str(port), "--state", str(state), "--clock-file", str(clock_file), "--wire-log", str(log)]
    words += ["--webhook-secret", secret, "--retry-base", "0.05"]
    words += ["--webhook-url", webhook_url] if webhook_url else []
    words += ["--shuffle", str(shuffle)] if shuffle is not None else []
    process = _run([*words, *options])
    return Sandbox(_ready(process), process, state, clock_file, log)


def _run(words: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "portal.sandbox", *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None and process.stderr is not None
    line = process.stdout.readline()
    if " ready at " not in line:
        _, trouble = process.communicate(timeout=PATIENCE)
        raise RuntimeError(f"the stand-in did not start: {line}{trouble}")
    return line.split(" ready at ")[1].split()[0]

"""Everything in one terminal: a taken port is a sentence, and nothing outlives the command."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from portal import runner
from portal.runner import RunError
from portal.settings import load
from tests.cli.test_commands import SECRET, portal
from tests.ports import free_pair


def taken_port() -> tuple[socket.socket, int]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener, listener.getsockname()[1]


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    listener, port = taken_port()
    with listener:
        done = portal("run", folder=tmp_path, PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr and done.stderr.count("\n") == 1


def test_a_taken_port_of_the_stand_in_is_one_sentence(tmp_path: Path) -> None:
    port = free_pair()
    with socket.create_server(("127.0.0.1", port + 1)):
        done = portal("run", folder=tmp_path, PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port + 1} cannot be used" in done.stderr


def test_with_a_key_of_ones_own_the_stand_ins_port_does_not_matter() -> None:
    listener, port = taken_port()
    with listener, pytest.raises(RunError, match="cannot be used"):
        runner.run(load({"SECRET_KEY": SECRET}), {"PORT": str(port), "STRIPE_SECRET_KEY": "sk_test_x"})


def test_the_stand_in_shares_clock_secret_and_webhook_address(tmp_path: Path) -> None:
    settings = load({"SECRET_KEY": SECRET, "PORTAL_INSTANCE": str(tmp_path)})
    command = " ".join(runner.stand_in_command(settings, 8000))
    assert f"--clock-file {tmp_path / 'clock-offset'}" in command
    assert "--port 8001" in command
    assert "--webhook-url http://127.0.0.1:8000/stripe/webhook" in command
    assert f"--webhook-secret {settings.stripe_webhook_secrets[0]}" in command


NEST = r"""
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path(sys.argv[1]).write_text(f"{child.pid}\n")
child.wait()
"""
DEAF = r"""
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("1\n")
time.sleep(300)
"""


def test_stopping_ends_what_a_part_has_started_too(tmp_path: Path) -> None:
    told = tmp_path / "told"
    part = runner.start("nest", [sys.executable, "-c", NEST, str(told)])
    grandchild = _first_number(part, told)
    runner.stop([part])
    assert part.ended()
    assert _gone(grandchild)


def test_a_part_that_will_not_hear_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FAREWELL", 0.3)
    told = tmp_path / "told"
    part = runner.start("deaf", [sys.executable, "-c", DEAF, str(told)])
    _first_number(part, told)
    runner.stop([part])
    assert part.process.returncode == -signal.SIGKILL


def test_what_a_part_says_stands_on_the_terminal_behind_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    part = runner.start("brief", [sys.executable, "-c", "print('hello')"])
    part.process.wait(timeout=30)
    part.reader.join(timeout=30)
    assert capfd.readouterr().out == "brief  │ hello\n"


def test_a_part_that_ends_while_starting_is_told() -> None:
    part = runner.start("brief", [sys.executable, "-c", ""])
    with pytest.raises(RunError, match="“brief” ended while starting"):
        runner.wait_for(part, 9, "/")


def _first_number(part: runner.Part, told: Path) -> int:
    """The number a part writes first. Into a file: what is captured while pytest empties its own file is lost."""
    while not told.exists() or not told.read_text().endswith("\n"):
        assert not part.ended(), "the part ended early"
    return int(told.read_text())


def _gone(pid: int) -> bool:
    """True when no process has this number any more (a zombie nobody reaped counts as gone)."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip() in ("", "Z")

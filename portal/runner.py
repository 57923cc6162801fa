"""`portal run`: web, worker and the Stripe stand-in in one terminal, started in order and stopped together.

Each part is a process group of its own, so that Ctrl-C reaches only this process, which then ends them all and
checks that nothing remains.
"""

import contextlib
import os
import signal
import socket
import subprocess  # nosec B404 - starting our own parts is what this module is for
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import FrameType

from portal import clock
from portal.settings import ROOT, SANDBOX_WEBHOOK_SECRET, Settings

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds a part may take before it answers
FAREWELL = 8.0  # seconds a part may take to end before it is killed


class RunError(Exception):
    """The portal cannot be started here; the message says why."""


class Stopped(Exception):
    """Somebody asked to stop."""


@dataclass
class Part:
    """One process with its lines on this terminal."""

    name: str
    process: subprocess.Popen[str]
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._tell, daemon=True)
        self.reader.start()

    def _tell(self) -> None:
        assert self.process.stdout is not None  # nosec B101 - it was opened as a pipe
        with self.process.stdout as lines:
            for line in lines:
                print(f"{self.name:<7}│ {line.rstrip()}", flush=True)

    def ended(self) -> bool:
        """True when the process is over."""
        return self.process.poll() is not None

    def tell_group(self, number: int) -> None:
        """Send a signal to the process and all it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def run(settings: Settings, environ: Mapping[str, str] = os.environ) -> int:
    """Start everything, stay until Ctrl-C (0) or until a part ends by itself (1). Raises RunError."""
    port = int(environ.get("PORT") or 8000)
    stand_in = not (environ.get("STRIPE_SECRET_KEY") or environ.get("STRIPE_API_BASE"))
    if settings.production:
        raise RunError("“portal run” is for one machine at hand; in production, run the lines of Procfile.")
    require_free(port, "PORT=… make run takes another")
    if stand_in:
        require_free(port + 1, f"the Stripe stand-in needs the one after {port}; PORT=… make run takes others")
    parts: list[Part] = []
    with _stopping_on_signals():
        try:
            return _start_and_stay(settings, port, stand_in, parts)
        except Stopped:
            return 0
        finally:
            stop(parts)


def _start_and_stay(settings: Settings, port: int, stand_in: bool, parts: list[Part]) -> int:
    if stand_in:
        parts.append(start("stripe", stand_in_command(settings, port)))
        wait_for(parts[-1], port + 1, "/_control/state")
    _prepare_database()
    parts.append(start("web", web_command(port)))
    parts.append(start("worker", [sys.executable, "-m", "portal.cli", "worker"]))
    wait_for(parts[-2], port, "/-/live")
    print(banner(port), flush=True)
    return _stay(parts)


def _prepare_database() -> None:
    """Migrated, and with the demonstration in it; one process for both, since starting one takes longer than either."""
    if _portal("demo", "load", "--upgrade"):
        raise RunError("The database could not be prepared; the reason stands above.")


def _portal(*arguments: str) -> int:
    """Run one command of ours to its end; its exit code."""
    command = [sys.executable, "-m", "portal.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603  # nosec B603


def web_command(port: int) -> list[str]:
    """granian serving the app; several threads, because pages here wait for the stand-in, which calls back."""
    granian = [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--no-ws"]
    return [
        *granian,
        "--host",
        HOST,
        "--port",
        str(port),
        "--blocking-threads",
        "4",
        "--log-level",
        "warning",
        "app:app",
    ]


def stand_in_command(settings: Settings, port: int) -> list[str]:
    """The stand-in on the next port, on the same clock, calling our webhook."""
    command = [sys.executable, "-m", "portal.sandbox", "--host", HOST, "--port", str(port + 1)]
    command += ["--state", str(settings.instance / "sandbox.sqlite"), "--clock-file", str(settings.clock_file)]
    command += ["--webhook-url", f"http://{HOST}:{port}/stripe/webhook", "--webhook-secret", SANDBOX_WEBHOOK_SECRET]
    return [*command, "--account-name", settings.site_name]


def start(name: str, command: list[str]) -> Part:
    """A part in a process group of its own."""
    process = subprocess.Popen(  # noqa: S603  # nosec B603 - the commands above, nobody else's words
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    return Part(name, process)


def require_free(port: int, advice: str) -> None:
    """Raise RunError when something listens at this port already, or may not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise RunError(f"Port {port} cannot be used, something else may listen there: {advice}.") from None


def wait_for(part: Part, port: int, path: str) -> None:
    """Return when the part answers. Raises RunError when it ends or takes too long."""
    until = clock.monotonic() + PATIENCE
    pause = threading.Event()
    while clock.monotonic() < until:
        if part.ended():
            raise RunError(f"The part “{part.name}” ended while starting; its words stand above.")
        if answers(port, path):
            return
        pause.wait(0.1)
    raise RunError(f"The part “{part.name}” did not answer within {PATIENCE:.0f} seconds.")


def answers(port: int, path: str) -> bool:
    """True when the page is served."""
    connection = HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def _stay(parts: list[Part]) -> int:
    pause = threading.Event()
    while True:
        for part in parts:
            if part.ended():
                print(f"The part “{part.name}” ended by itself: stopping the others.", file=sys.stderr)
                return 1
        pause.wait(0.3)


def stop(parts: list[Part]) -> None:
    """End every part and whatever it started; nothing remains."""
    for part in reversed(parts):
        part.tell_group(signal.SIGTERM)
    until = clock.monotonic() + FAREWELL
    for part in parts:
        with contextlib.suppress(subprocess.TimeoutExpired):
            part.process.wait(max(0.1, until - clock.monotonic()))
    for part in parts:
        part.tell_group(signal.SIGKILL)
        part.process.wait()
        part.reader.join(timeout=1)


@contextlib.contextmanager
def _stopping_on_signals() -> Iterator[None]:
    """Turn the first Ctrl-C, SIGTERM or closed terminal into Stopped, and ignore impatience after it."""

    def stopped(_number: int, _frame: FrameType | None) -> None:
        for name in names:
            signal.signal(name, signal.SIG_IGN)
        raise Stopped

    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, stopped) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def banner(port: int) -> str:
    """What a person needs to begin."""
    from portal.dev.people import people

    address = f"http://{HOST}:{port}"
    width = max(len(person.email) for person in people().accounts)
    lines = [
        "",
        f"The portal is ready: {address}",
        f"Mailbox, time machine, one-click sign-in: {address}/dev",
        f"Demo accounts, all with the password {people().password}",
        *(f"  {person.email:<{width}}  {person.look['en']}" for person in people().accounts),
        "Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)

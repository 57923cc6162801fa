"""The worker: one loop over due work. Run as many as you like; each thing is done once.

A job does one small unit after another, each committed by itself, and says how much it did. A job that fails is logged
and rests for a while; the others go on. SIGTERM and SIGINT end the loop after the unit that is running.
"""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal import clock, mailer, retention
from portal.billing import cancelling, cut, inbox, placing, reconcile, renewals, withdrawing
from portal.db import db, writing
from portal.enquiries import leave
from portal.profile import copies, erasure
from portal.settings import Settings
from portal.trials.reminders import Reminders

log = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between two looks when there was nothing to do
_AN_HOUR = 3600.0
_SETTLE = 10.0  # seconds Stripe's stand-in may take to start beside the worker
_REST = (1.0, 5.0, 15.0, 60.0)  # seconds a failing job waits, longer each time


@dataclass(slots=True)
class Job:
    """Something to look after: `run` does a little and returns how much; `every` is the pause between two looks."""

    name: str
    run: Callable[[], int]
    every: float = 0.0
    next_look: float = 0.0
    failures: int = field(default=0)


class Worker:
    """Looks after its jobs in turn, inside an app."""

    def __init__(self, app: Flask, jobs: list[Job] | None = None) -> None:
        self.app = app
        self.jobs = default_jobs() if jobs is None else jobs
        self._ended = threading.Event()

    def run_once(self, rounds: int = 100) -> int:
        """What is due now: jobs without a pause again and again until nothing is left; returns how much was done."""
        done = sum(self._look(job) for job in self.jobs)
        steady = [job for job in self.jobs if not job.every]
        for _round in range(rounds):
            more = sum(self._look(job) for job in steady)
            if not more:
                break
            done += more
        return done

    def run_forever(self) -> None:
        """Until `end()`: looks at what is due, at once again when something was done, else after a short pause."""
        self._beat()
        while not self._ended.is_set():
            due = [job for job in self.jobs if clock.monotonic() >= job.next_look]
            done = 0
            for job in due:
                if self._ended.is_set():
                    break
                done += self._look(job)
            self._beat()
            if not done:
                self._ended.wait(PAUSE)

    def end(self) -> None:
        """Stop after the unit that is running."""
        self._ended.set()

    def _look(self, job: Job) -> int:
        """Let a job do a little. What goes wrong there stays there."""
        with self.app.app_context():
            try:
                done = job.run()
            except Exception:
                log.exception("job failed", extra={"job": job.name})
                job.failures += 1
                job.next_look = clock.monotonic() + _REST[min(job.failures, len(_REST)) - 1]
                return 0
            finally:
                db.session.remove()
        job.failures = 0
        job.next_look = clock.monotonic() + (0.0 if done else job.every)
        return done

    def _beat(self) -> None:
        """Touch the heartbeat file: its age tells that the worker is alive."""
        heartbeat_file(self.app).touch()


def heartbeat_file(app: Flask) -> Path:
    """The file whose modification time is the worker's last sign of life."""
    settings: Settings = app.extensions["portal.settings"]
    return settings.heartbeat


def default_jobs() -> list[Job]:
    """Everything the portal does by itself. Reconciling keeps its own quarter of an hour, by the shared clock."""
    reminders = Reminders()
    return [
        Job("stripe-inbox", inbox.process_due),
        Job("cancellations", cancelling.finish_due, every=5.0),
        Job("orders", placing.finish_due, every=5.0),
        Job("cuts", cut.process_due, every=300.0),
        Job("renewals", renewals.process_due, every=300.0),
        Job("withdrawals", withdrawing.finish_due, every=5.0),
        Job("leaving", leave.handle_due, every=2.0),
        Job("outbox", mailer.deliver_due),
        Job("reminders", reminders.process_due),
        Job("retention", retention.look, every=_AN_HOUR),
        Job("copies", copies.make_due, every=5.0),
        Job("erased", _tidy_erased, every=600.0),
        Job("reconcile", reconcile.periodic, every=30.0, next_look=clock.monotonic() + _SETTLE),
    ]


def _tidy_erased() -> int:
    """What was written about an erased account in its last moments."""
    with writing() as session:
        return erasure.tidy(session)


@contextmanager
def ended_by_signals(worker: Worker) -> Iterator[None]:
    """SIGTERM and SIGINT end the worker cleanly; what was bound before is bound again afterwards."""

    def end(_number: int, _frame: FrameType | None) -> None:
        worker.end()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@with_appcontext
def worker_command(once: bool) -> None:
    """Send mails, apply what Stripe told, write reminders; until it is stopped."""
    worker = Worker(current_app._get_current_object())  # type: ignore[attr-defined]
    if once:
        click.echo(f"Done: {worker.run_once()} things.")
        return
    click.echo("The worker is running; Ctrl-C stops it.")
    with ended_by_signals(worker):
        worker.run_forever()
    click.echo("The worker has stopped.")


commands: list[click.Command] = [worker_command]

"""The loop over due work."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.vocabulary import Source
from portal.db import AnySession, end_reading, writing
from portal.outbox import Mail
from portal.settings import ROOT
from portal.throttle import ThrottleHit, hit
from portal.worker import Job, Worker, default_jobs, ended_by_signals, heartbeat_file, worker_command
from tests.builders import a_grant, a_reader, a_vertical


def counting(results: list[int]) -> tuple[Job, list[int]]:
    """A job that gives these results, then nothing; and the list of its calls."""
    calls: list[int] = []

    def run() -> int:
        calls.append(1)
        return results[len(calls) - 1] if len(calls) <= len(results) else 0

    return Job("counting", run), calls


def test_a_job_is_asked_until_nothing_is_left(app: Flask) -> None:
    job, calls = counting([2, 3, 1])
    assert Worker(app, [job]).run_once() == 6
    assert len(calls) == 4


def test_a_job_with_a_pause_is_asked_once(app: Flask) -> None:
    job, calls = counting([1] * 50)
    job.every = 900.0
    assert Worker(app, [job]).run_once() == 1 and len(calls) == 1


def test_a_job_that_fails_is_logged_and_does_not_stop_the_others(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> int:
        with writing() as unit:
            a_vertical("health")
            unit.flush()
            raise RuntimeError("this job is broken")

    broken, (job, calls) = Job("broken", fail), counting([1])
    assert Worker(app, [broken, job]).run_once() == 1
    assert "this job is broken" in caplog.text and broken.failures and len(calls) == 2
    assert broken.next_look > clock.monotonic()


def test_a_failing_job_rests_longer_each_time(app: Flask) -> None:
    def fail() -> int:
        raise RuntimeError

    job = Job("broken", fail)
    worker, rests = Worker(app, [job]), []
    for _time in range(5):
        before = clock.monotonic()
        worker._look(job)
        rests.append(round(job.next_look - before))
    assert rests == [1, 5, 15, 60, 60]


def test_the_real_jobs_write_and_keep_a_reminder(app: Flask, session: AnySession) -> None:
    reader = a_reader()
    a_vertical("health")
    a_grant(reader, vertical="health", source=Source.TRIAL, ends_in=timedelta(hours=12))
    end_reading()
    assert Worker(app).run_once() >= 2
    end_reading()
    assert session.execute(select(Mail.kind, Mail.outcome)).all() == [("trial_j1", "kept")]
    assert {"outbox", "reminders"} <= {job.name for job in default_jobs()}


def test_yesterdays_throttle_counts_are_forgotten(app: Flask, session: AnySession) -> None:
    with writing() as unit:
        hit(unit, "x", limit=5, window=timedelta(minutes=5))
    with clock.frozen(clock.now() + timedelta(days=2)):
        Worker(app).run_once()
    end_reading()
    assert session.scalars(select(ThrottleHit)).all() == []


def test_the_loop_ends_after_the_unit_that_is_running(app: Flask) -> None:
    begun, go_on, finished = threading.Event(), threading.Event(), []

    def unit() -> int:
        begun.set()
        go_on.wait(10)
        finished.append(1)
        return 1

    worker = Worker(app, [Job("long", unit), Job("next", lambda: finished.append(2) or 1)])  # type: ignore[func-returns-value]
    thread = threading.Thread(target=worker.run_forever)
    thread.start()
    assert begun.wait(10)
    worker.end()
    go_on.set()
    thread.join(10)
    assert not thread.is_alive() and finished == [1]


def test_the_heartbeat_is_a_fresh_file(app: Flask) -> None:
    worker = Worker(app, [])
    worker._beat()
    assert heartbeat_file(app).exists()
    answer = app.test_client().get("/-/ready").json
    assert answer is not None and answer["worker_age"] < 60


def test_work_is_picked_up_within_a_second(app: Flask) -> None:
    done, asked = threading.Event(), threading.Event()

    def look() -> int:
        if asked.is_set():
            done.set()
        return 0

    worker = Worker(app, [Job("look", look)])
    thread = threading.Thread(target=worker.run_forever)
    thread.start()
    asked.set()
    picked_up = done.wait(1.0)
    worker.end()
    thread.join(10)
    assert picked_up


def test_the_command_says_what_it_did(app: Flask) -> None:
    from click.testing import CliRunner
    from flask.cli import ScriptInfo

    result = CliRunner().invoke(worker_command, ["--once"], obj=ScriptInfo(create_app=lambda: app))
    assert result.exit_code == 0 and result.output.startswith("Done: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_end_the_loop_and_are_given_back(app: Flask, number: int) -> None:
    worker, before = Worker(app, []), signal.getsignal(number)
    with ended_by_signals(worker):
        os.kill(os.getpid(), number)
        worker.run_forever()
    assert signal.getsignal(number) is before


def test_a_signal_ends_the_process_cleanly(tmp_path: Path) -> None:
    code = (
        "import sys; from portal.cli import make_app; from portal.worker import Worker, ended_by_signals\n"
        "app = make_app()\nworker = Worker(app, [])\n"
        "with ended_by_signals(worker):\n    print('ready', flush=True)\n    worker.run_forever()\n"
        "print('stopped', flush=True)\n"
    )
    environment = {**os.environ, "PORTAL_ENV": "test", "PORTAL_INSTANCE": str(tmp_path), "DATABASE_URL": "sqlite://"}
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    out, _error = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "stopped\n")
    assert (tmp_path / "worker-heartbeat").exists()

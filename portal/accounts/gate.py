"""The gate before slow work: so many places on this machine, a short wait, then "come back later"."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.clock import monotonic

_LOOK_AGAIN = 0.005  # seconds


class Busy(Exception):
    """Every place is taken; `retry_after` is in whole seconds."""

    retry_after = 2


class Gate:
    """Lets so many in at once: threads of this process, and other processes once they share a folder of locks."""

    def __init__(self, places: int, wait: float, folder: Path | None = None) -> None:
        self._places = places
        self._wait = wait
        self._folder = folder
        self._threads = threading.BoundedSemaphore(places)
        self._pause = threading.Event()

    def share(self, folder: Path) -> None:
        """Count together with every process that shares this folder (one file for each place)."""
        self._folder = folder

    @contextmanager
    def entered(self) -> Iterator[None]:
        """One place, given back at the end. Raises Busy."""
        deadline = monotonic() + self._wait
        if not self._threads.acquire(timeout=self._wait):
            raise Busy
        try:
            lock = self._lock(deadline)
            try:
                yield
            finally:
                if lock is not None:
                    os.close(lock)
        finally:
            self._threads.release()

    def _lock(self, deadline: float) -> int | None:
        """A place among all processes, as an open file; None when this process counts alone. Raises Busy."""
        while self._folder is not None:
            for place in range(self._places):
                try:
                    lock = os.open(self._folder / f"hash-{place}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                except OSError:
                    return None  # a folder that cannot be written to must not keep anybody out
                if _taken(lock):
                    return lock
            if monotonic() >= deadline:
                raise Busy
            self._pause.wait(_LOOK_AGAIN)
        return None


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    return True

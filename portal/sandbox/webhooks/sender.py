"""The threads that carry events to their addresses."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from portal.sandbox.desk import Desk
from portal.sandbox.webhooks.queue import Delivery
from portal.sandbox.webhooks.signing import signature
from portal.sandbox.wirelog import WireLog

PATIENCE = 20.0
"""Seconds an address has to answer."""
IDLE = 5.0
"""Seconds between two looks at an empty queue; every turn wakes the threads anyway."""


class Sender:
    """A few threads; in order one works at a time, shuffled they work at once."""

    def __init__(self, desk: Desk, log: WireLog, threads: int = 3) -> None:
        self.desk, self.log = desk, log
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is out and end."""
        self._stopping.set()
        with self.desk.store.changed:
            self.desk.store.changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            delivery = self._next()
            if delivery is not None:
                self._carry(delivery)

    def _next(self) -> Delivery | None:
        store, queue = self.desk.store, self.desk.queue
        with store.changed:  # held from the look to the wait, so that no turn can slip between them
            with store.turn():
                delivery = queue.claim()
            if delivery is None and not self._stopping.is_set():
                store.changed.wait(self._pause())
        return delivery

    def _pause(self) -> float:
        due = self.desk.queue.next_due()
        if due is None or self.desk.queue.mode.name == "hold":
            return IDLE
        return min(max(due - self.desk.clock.real(), 0.01), IDLE)

    def _carry(self, delivery: Delivery) -> None:
        with self.desk.store.turn():
            event = self.desk.store.get(delivery.event)
            body = self.desk.show(event) if event else None
        if body is None:
            return
        status, answer = self._post(delivery, json.dumps(body, indent=2).encode())
        self.log.webhook(delivery.url, body, status)
        with self.desk.store.turn():
            self.desk.queue.record(delivery, 200 <= status < 300, answer)

    def _post(self, delivery: Delivery, payload: bytes) -> tuple[int, str]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(payload, delivery.secret, int(self.desk.clock.real())),
        }
        address = urlsplit(delivery.url)
        connection = _connection(address)
        try:
            connection.request("POST", address.path or "/", payload, headers)
            answer = connection.getresponse()
            answer.read(10_000)
            return answer.status, f"HTTP {answer.status}"
        except (OSError, HTTPException) as fault:
            return 0, f"{type(fault).__name__}: {fault}"
        finally:
            connection.close()


def _connection(address: SplitResult) -> HTTPConnection:
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    return kind(address.hostname or "127.0.0.1", address.port, timeout=PATIENCE)

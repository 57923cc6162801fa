"""An integrator's webhook address for tests: checks signatures and keeps what it gets."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stripe

SECRET = "whsec_test"


class Receiver:
    """Answers 200 after checking the signature; `answers` lists other statuses to give first."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.answers: list[int] = []
        self.refused = 0
        self._arrived = threading.Condition()
        self.gate = threading.Event()
        self.gate.set()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where to send events."""
        return f"http://127.0.0.1:{self._http.server_port}/stripe/webhook"

    def types(self) -> list[str]:
        """Types of the events in the order of their arrival."""
        return [event["type"] for event in self.events]

    def stop(self) -> None:
        """Listen no longer."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def receive(self, body: bytes, header: str) -> int:
        """The status to answer."""
        self.gate.wait(20)
        if self.answers:
            self.refused += 1
            return self.answers.pop(0)
        event = stripe.Webhook.construct_event(body, header, SECRET).to_dict()
        with self._arrived:
            self.events.append(event)
            self._arrived.notify_all()
        return 200

    def wait_for(self, kind: str, seconds: float = 20) -> bool:
        """Wait for an event of a type; whether it came."""
        with self._arrived:
            return self._arrived.wait_for(lambda: kind in self.types(), timeout=seconds)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.receive(body, self.headers["Stripe-Signature"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler

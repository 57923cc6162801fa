"""One running stand-in: HTTP server, webhook senders, ticker."""

from __future__ import annotations

import logging
import socket
import threading
from dataclasses import replace
from types import TracebackType

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from portal.sandbox.app import create_app
from portal.sandbox.config import Config
from portal.sandbox.desk import Desk
from portal.sandbox.engine import duties
from portal.sandbox.setup import furnish
from portal.sandbox.store import Store
from portal.sandbox.webhooks.sender import Sender
from portal.sandbox.wirelog import WireLog

TICK = 0.25
"""Real seconds between two looks at the agenda."""
log = logging.getLogger("portal.sandbox")


class PortTaken(Exception):
    """Somebody else listens at that address."""


class _Quiet(WSGIRequestHandler):
    """Serves without a line per request: the portal's own log tells the story."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Server:
    """A stand-in that can be started in a thread; port 0 takes a free one. Raises PortTaken."""

    def __init__(self, config: Config) -> None:
        config.state.parent.mkdir(parents=True, exist_ok=True)
        self.http = _listen(config)
        self.config = replace(config, port=int(self.http.port))
        self.store = Store(config.state)
        self.desk = Desk(self.config, self.store)
        wire_log = WireLog(config.wire_log)
        self.http.app = create_app(self.desk, wire_log)
        self.sender = Sender(self.desk, wire_log)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)]
        if config.ticker:
            self._threads.append(threading.Thread(target=self._tick, daemon=True))
        furnish(self.desk)

    @property
    def url(self) -> str:
        """The address to give as the API's base."""
        return self.desk.address

    def start(self) -> None:
        """Serve, send and tick from now on, in threads."""
        for thread in self._threads:
            thread.start()
        self.sender.start()

    def stop(self) -> None:
        """End everything; the state stays in its file."""
        self._stopping.set()
        self.http.shutdown()
        self.sender.stop()
        for thread in self._threads:
            thread.join(timeout=2)
        self.http.server_close()
        self.store.close()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _tick(self) -> None:
        while not self._stopping.wait(TICK):
            try:
                duties.run_due(self.desk)
            except Exception:
                # A tick that fails must not end the ticker: the same work is tried again, and said again.
                log.exception("due work failed")


def _listen(config: Config) -> BaseWSGIServer:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
    except OSError as fault:
        listener.close()
        raise PortTaken(f"{config.host}:{config.port}") from fault
    with listener:
        listener.listen(128)
        host, port = listener.getsockname()[:2]
        handler, descriptor = _Quiet, listener.fileno()
        return make_server(host, port, _nothing, threaded=True, request_handler=handler, fd=descriptor)


def _nothing(_environ: object, _start: object) -> list[bytes]:
    """Placeholder until the application exists: it needs the port that listening finds."""
    return []

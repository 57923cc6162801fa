"""What the gateway does not do, whatever answers at the other end."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask

from portal.billing.shapes import GatewayUnavailable
from tests.billing.world import connect


class Elsewhere(BaseHTTPRequestHandler):
    """Sends everybody on to itself, and notes who came."""

    came: list[str] = []

    def do_GET(self) -> None:
        Elsewhere.came.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    Elsewhere.came = []
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_where_an_answer_points_to_is_not_asked(migrated_app: Flask, elsewhere: str) -> None:
    with pytest.raises(GatewayUnavailable):
        connect(migrated_app, elsewhere).customer_exists("cus_1")
    assert Elsewhere.came == ["/v1/customers/cus_1"]

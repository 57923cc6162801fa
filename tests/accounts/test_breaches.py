"""Stolen passwords are refused without being told to anybody; a list that does not answer refuses nobody."""

import hashlib
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import breaches
from portal.settings import SettingsError, load
from tests.forms import submit

STOLEN, FINE, PADDED = "quatre canards volés ailleurs", "trois chevaux bleus courent", "un mot de passe de bourrage"


def sha(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


class List(BaseHTTPRequestHandler):
    """A list that knows one password, and notes what it was asked."""

    asked: list[str] = []
    status = 200

    def do_GET(self) -> None:
        List.asked.append(self.path)
        self.send_response(List.status)
        self.send_header("Location", "/range/elsewhere")
        self.end_headers()
        self.wfile.write(f"{'0' * 35}:7\r\n{sha(STOLEN)[5:]}:1432\r\n{sha(PADDED)[5:]}:0\r\n".encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def listed(app: Flask) -> Iterator[Flask]:
    """The app, with such a list."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), List)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    List.asked, List.status = [], 200
    app.config["BREACH_LIST"] = f"http://127.0.0.1:{server.server_port}/range/"
    yield app
    app.config["BREACH_LIST"] = ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("password", "known"), [(STOLEN, True), (FINE, False), (PADDED, False), ("\ud800" * 12, False)]
)
def test_a_password_is_looked_up_by_five_digits_of_its_hash(listed: Flask, password: str, known: bool) -> None:
    assert breaches.is_known(password) is known
    assert [len(path.removeprefix("/range/")) for path in List.asked] == [5]


def test_a_stolen_password_is_refused_in_words(listed: Flask, client: FlaskClient) -> None:
    answer = submit(client, "/register", {"email": "nadia@example.org", "password": STOLEN})
    assert answer.status_code == 422 and "mots de passe volés" in answer.text
    assert submit(client, "/register", {"email": "nadia@example.org", "password": FINE}).status_code == 303


def test_a_list_that_fails_refuses_nobody_and_is_logged(listed: Flask, caplog: pytest.LogCaptureFixture) -> None:
    for status in (503, 302):
        List.status, List.asked = status, []
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert not breaches.is_known(STOLEN)
        assert "breach list" in caplog.text and STOLEN not in caplog.text
        assert len(List.asked) == 1  # it is not followed to where it points


def test_without_a_list_nothing_is_asked(app: Flask) -> None:
    assert not breaches.is_known(STOLEN)


@pytest.mark.parametrize("address", ["http://list.example/range/", "https://list.example/range", "list"])
def test_an_address_that_would_tell_the_hash_to_others_stops_the_start(address: str) -> None:
    with pytest.raises(SettingsError):
        load({"PORTAL_ENV": "test", "SECRET_KEY": "x" * 40, "BREACH_LIST": address})

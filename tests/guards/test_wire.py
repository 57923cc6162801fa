"""What only a raw socket can send, said to the product's own web server: one answer each, and no second request in it.

A request that two servers read differently is how one visitor's words get into another's request.
"""

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal import runner
from tests.databases import PostgreSQL, SQLite
from tests.journeys.house import SECRET
from tests.ports import free_pair

PATIENCE = 20.0  # seconds; only a server that hangs lets a test wait
_STATUS = re.compile(rb"^HTTP/1\.[01] ([0-9]{3}) ", re.MULTILINE)


@pytest.fixture(scope="module")
def port(migrated_app: Flask, database: SQLite | PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The web server as `make run` starts it, on the database of the tests."""
    found = free_pair()
    with pytest.MonkeyPatch.context() as patch:
        _tell(patch, found, tmp_path_factory.mktemp("wire"), database.url)
        part = runner.start("web", runner.web_command(found))
    try:
        runner.wait_for(part, found, "/-/live")
        yield found
    finally:
        runner.stop([part])


def _tell(patch: pytest.MonkeyPatch, port: int, folder: Path, database_url: str) -> None:
    for name in [name for name in os.environ if name.startswith(("STRIPE_", "PORTAL_"))]:
        patch.delenv(name)
    told = {"PORTAL_ENV": "test", "PORTAL_INSTANCE": str(folder), "DATABASE_URL": database_url}
    for name, value in {**told, "PORT": str(port), "SECRET_KEY": SECRET}.items():
        patch.setenv(name, value)


def asked(line: str, *headers: str, host: str = "Host: 127.0.0.1", body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    return "\r\n".join([line, *([host] if host else []), *headers, "", ""]).encode("latin-1") + body


LAST = asked("GET /-/live HTTP/1.1", "Connection: close")
SMUGGLED = asked("GET /-/ready HTTP/1.1")


def answers(port: int, sent: bytes) -> tuple[list[int], bytes]:
    """The statuses of what comes back until the server closes, and all of it. What is sent ends by asking it to."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as wire:
        with contextlib.suppress(ConnectionError):  # it may have answered and closed before it had read everything
            wire.sendall(sent)
        with contextlib.suppress(ConnectionError):
            while more := wire.recv(65536):
                heard += more
    return [int(status) for status in _STATUS.findall(heard)], heard


def test_two_plain_requests_get_two_answers(port: int) -> None:
    statuses, heard = answers(port, SMUGGLED + LAST)
    assert statuses == [200, 200] and b"migrated" in heard


ENDED = b"0\r\n\r\n" + SMUGGLED
DOUBTFUL = {
    "both lengths": [f"Content-Length: {len(ENDED)}", "Transfer-Encoding: chunked"],
    "both lengths, the other way round": ["Transfer-Encoding: chunked", f"Content-Length: {len(ENDED)}"],
    "both lengths, the shorter one first": ["Content-Length: 5", "Transfer-Encoding: chunked"],
    "two lengths": ["Content-Length: 5", f"Content-Length: {len(ENDED)}"],
    "a list of lengths": [f"Content-Length: 5, {len(ENDED)}"],
    "a length with a sign": ["Content-Length: +5"],
    "an encoding nobody knows": ["Transfer-Encoding: xchunked", "Content-Length: 5"],
    "two encodings": ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    "a blank before the colon": ["Transfer-Encoding : chunked", "Content-Length: 5"],
    "a folded line": ["X-Fold: a", " Transfer-Encoding: chunked", "Content-Length: 5"],
    "a zero byte": ["X-Zero: a\0b", "Content-Length: 5"],
}


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_a_body_whose_end_is_in_doubt_gets_one_refusal_and_hides_no_request(port: int, doubt: str) -> None:
    statuses, heard = answers(port, asked("POST /login HTTP/1.1", *DOUBTFUL[doubt], body=ENDED + LAST))
    assert statuses in ([400], [501]), heard
    assert b"migrated" not in heard


@pytest.mark.parametrize(
    ("first", "second"),
    [("127.0.0.1", "evil.example"), ("evil.example", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")],
)
def test_two_hosts_are_none(port: int, first: str, second: str) -> None:
    sent = asked("GET /login HTTP/1.1", f"Host: {second}", "Connection: close", host=f"Host: {first}")
    statuses, heard = answers(port, sent)
    assert statuses == [400] and b"evil" not in heard


@pytest.mark.parametrize(
    "host", ["", "Host:", "Host: evil.example", "Host: 127.0.0.1@evil.example", "Host: 127.0.0.1/"]
)
def test_no_host_of_ours_is_refused(port: int, host: str) -> None:
    assert answers(port, asked("GET /login HTTP/1.1", "Connection: close", host=host))[0] == [400]


def test_the_address_in_the_request_line_is_no_host(port: int) -> None:
    statuses, heard = answers(port, asked("GET http://evil.example/login HTTP/1.1", "Connection: close"))
    assert statuses == [200] and b"evil" not in heard


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "TRACK", "CONNECT"])
def test_methods_nobody_offers_are_refused_and_echo_nothing(port: int, method: str) -> None:
    sent = asked(f"{method} /login HTTP/1.1", "Cookie: session=aword", "X-Word: another", "Connection: close")
    statuses, heard = answers(port, sent)
    assert statuses == [405] and b"aword" not in heard and b"another" not in heard


def test_a_form_of_ten_megabytes_is_refused_by_its_head_alone(port: int) -> None:
    assert answers(port, asked("POST /login HTTP/1.1", "Content-Length: 10000000"))[0] == [413]


@pytest.mark.parametrize("length", [4_096, 100_000])
def test_a_cookie_longer_than_any_is_a_strangers(port: int, length: int) -> None:
    sent = asked("GET /profile/ HTTP/1.1", f"Cookie: session={'x' * length}", "Connection: close")
    assert answers(port, sent)[0] == [303]


def test_a_number_of_five_thousand_figures_is_not_found(port: int) -> None:
    assert answers(port, asked(f"GET /profile/data/copy/{'9' * 5_000} HTTP/1.1", "Connection: close"))[0] == [404]


def test_headers_sent_twice_are_read_as_one(port: int) -> None:
    sent = asked("GET /login HTTP/1.1", "Cookie: locale=en", "Cookie: theme=dark", "Connection: close")
    statuses, heard = answers(port, sent)
    assert statuses == [200] and b'lang="en"' in heard and b'data-theme="dark"' in heard

"""A mail server of our own, just large enough: it keeps what it is given and fails when it is told to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass
class Script:
    """What the server does, and what it has received. `answers` replaces its answer to a command."""

    answers: dict[str, str] = field(default_factory=dict)
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    port: int = 0
    while_receiving: threading.Event | None = None


class _Session(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self) -> None:
        script: Script = self.server.script  # type: ignore[attr-defined]
        self._say("220 tests ESMTP")
        while line := self.rfile.readline():
            command = line.decode().strip()
            word = command.split(" ")[0].upper()
            script.commands.append(word)
            if word == "QUIT":
                self._say("221 bye")
                return
            answer = script.answers.get(word)
            if answer == "drop":
                return
            if word == "RCPT":
                script.recipients.append(command.split("<")[1].split(">")[0])
            if word == "DATA" and answer is None:
                self._say("354 go on")
                self._keep(script)
                answer = script.answers.get("TEXT")
            self._say(answer or "250 fine")

    def _keep(self, script: Script) -> None:
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        script.received.append(cast(EmailMessage, message))

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False
    block_on_close = True


@contextmanager
def mail_server() -> Iterator[Script]:
    """A running server on a free port of this machine."""
    script = Script()
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.script = script  # type: ignore[attr-defined]
        script.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()

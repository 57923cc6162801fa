"""The wire log: every request, answer and webhook as one JSON line, for tests that check their shape."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any


class WireLog:
    """Appends to a file when there is one; costs nothing otherwise."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._lock = path, threading.Lock()

    def request(self, method: str, url: str, body: str, status: int, answer: str) -> None:
        """Note a request on the API and its answer, JSON on one line; `url` holds path and query."""
        self._write(answer, kind="request", method=method, url=url, body=body, status=status)

    def webhook(self, url: str, body: Any, status: int) -> None:
        """Note an event sent to an address and the status it answered (0: none)."""
        self._write(None, kind="webhook", method="POST", url=url, body=body, status=status)

    def _write(self, answer: str | None, **line: Any) -> None:
        if self._path is None:
            return
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            text = json.dumps(line, ensure_ascii=False)
            file.write(f"{text}\n" if answer is None else f'{text[:-1]}, "answer": {answer}}}\n')

"""Ports for servers of tests that must know theirs before they listen."""

import random
import socket

_BELOW_EPHEMERAL = range(15_000, 32_000, 2)
"""The kernel gives none of these to anybody's outgoing connection meanwhile: Linux begins at 32768, macOS at 49152."""


def free_pair() -> int:
    """A port that is free together with the next one."""
    while True:
        port = random.SystemRandom().choice(_BELOW_EPHEMERAL)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port

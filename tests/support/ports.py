"""Ports of this machine for servers that tests start."""

from __future__ import annotations

import contextlib
import random
import socket

# Below those that systems hand out: else somebody's connection may get one before it is listened
# at, or while its server is down for a moment.
_FROM, _UNTIL = 20_000, 32_000
_CHANCE = random.SystemRandom()  # two processes of tests are not to try the same ones


def free_port() -> int:
    """Return a port on which nothing listens now."""
    while True:
        port = _CHANCE.randrange(_FROM, _UNTIL)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port

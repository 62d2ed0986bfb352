"""Lets in those whose public key is on the list: ZeroMQ's authentication protocol (RFC 27)."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

import zmq
from zmq.utils import z85

if TYPE_CHECKING:
    from collections.abc import Collection

_ADDRESS: Final = "inproc://zeromq.zap.01"
_VERSION: Final = b"1.0"
_FRAMES: Final = 7  # of a question about a CURVE peer: six of the envelope, then the key


class Doorman:
    """Answers for one ZeroMQ context, in a thread of its own, until the context ends."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], allowed: Collection[str]) -> None:
        self._allowed = {z85.decode(key) for key in allowed}
        self._socket = context.socket(zmq.REP)
        self._socket.bind(_ADDRESS)
        self._thread = threading.Thread(target=self._serve, name="doorman", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(zmq.ContextTerminated), self._socket:
            while True:
                self._answer(self._socket.recv_multipart())

    def _answer(self, asked: list[bytes]) -> None:
        number = asked[1] if len(asked) > 1 else b""
        known = (
            len(asked) == _FRAMES
            and asked[0] == _VERSION
            and asked[5] == b"CURVE"
            and asked[6] in self._allowed
        )
        verdict = (b"200", b"OK") if known else (b"400", b"unknown key")
        self._socket.send_multipart([_VERSION, number, *verdict, b"", b""])

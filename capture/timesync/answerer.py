"""A machine's side of the exchange: it tells its clock to whoever knows the secret."""

from __future__ import annotations

import contextlib
import secrets
import select
import socket
import threading
from typing import TYPE_CHECKING, Final

from capture.timesync import packets
from taver.core.errors import BusyError

if TYPE_CHECKING:
    from taver.core.clock import Clock

_LISTEN_EVERY_S: Final = 0.2


class Answerer:
    """Answers on one UDP port, in a thread of its own; what is not the master's is ignored."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        self.secret = secrets.token_bytes(packets.SECRET_BYTES)
        self._clock = clock
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise BusyError(
                f"UDP port {port} of {host} is taken: {error.strerror}",
                fix="give this agent another port with --listen HOST:PORT",
            ) from None
        self._socket.setblocking(False)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="clock answers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no more; may be called twice."""
        self._ends.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._ends.is_set():
            ready, _, _ = select.select([self._socket], [], [], _LISTEN_EVERY_S)
            heard_ns = self._clock.now_ns()
            if ready:
                # Windows tells of a port at the other end that was closed by an error here.
                with contextlib.suppress(OSError):
                    self._answer(heard_ns)

    def _answer(self, heard_ns: int) -> None:
        data, sender = self._socket.recvfrom(packets.LONGEST + 1)
        asked = packets.read_question(data, self.secret)
        if asked is None:
            return
        told = packets.Told(*asked, heard_ns, self._clock.now_ns())
        self._socket.sendto(packets.answer(told, self.secret), sender)

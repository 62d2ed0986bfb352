"""The master's side of the exchange: a burst of questions, again and again, all session long."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
from typing import TYPE_CHECKING, Final

from capture.timesync import packets
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.session.clocks import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from taver.core.clock import Clock

BURST: Final = 8
_EVERY_S: Final = 5.0
_HASTY_EVERY_S: Final = 0.2  # while little is known
_APART_NS: Final = 4 * NS_PER_MS
_PATIENCE_NS: Final = 250 * NS_PER_MS


class Asker:
    """Asks one machine, in a thread of its own, and hands each burst's answers on."""

    def __init__(
        self,
        host: str,
        port: int,
        secret: bytes,
        clock: Clock,
        heard: Callable[[list[Exchange]], bool],
    ) -> None:
        """`heard` takes each burst's answers, and tells whether enough is known by now."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(found[0], socket.SOCK_DGRAM)
        self._socket.connect(found[4])
        self._socket.setblocking(False)
        self._secret = secret
        self._clock = clock
        self._heard = heard
        self._number = random.getrandbits(48)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"clock of {host}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more; may be called twice."""
        self._ends.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._ends.is_set():
            answers = self._burst()
            if self._ends.is_set():
                return
            enough = self._heard(answers)
            self._ends.wait(_EVERY_S if enough else _HASTY_EVERY_S)

    def _burst(self) -> list[Exchange]:
        """Ask so many times; return the answers that came in time, in the order asked."""
        open_: dict[int, int] = {}
        answers: list[Exchange] = []
        for _ in range(BURST):
            if self._ends.is_set():
                break
            self._number += 1
            asked_ns = self._clock.now_ns()
            open_[self._number] = asked_ns
            with contextlib.suppress(OSError):  # the network is down, or nobody listens (yet)
                self._socket.send(
                    packets.question(packets.Asked(self._number, asked_ns), self._secret)
                )
            self._collect(open_, answers, self._clock.now_ns() + _APART_NS)
        until_ns = self._clock.now_ns() + _PATIENCE_NS
        while open_ and not self._ends.is_set() and self._clock.now_ns() < until_ns:
            self._collect(open_, answers, self._clock.now_ns() + _APART_NS)
        return sorted(answers, key=lambda answer: answer.asked_master_ns)

    def _collect(self, open_: dict[int, int], answers: list[Exchange], until_ns: int) -> None:
        """Take the answers that come until then."""
        while (left_ns := until_ns - self._clock.now_ns()) > 0:
            ready, _, _ = select.select([self._socket], [], [], left_ns / NS_PER_S)
            received_ns = self._clock.now_ns()
            if not ready:
                return
            with contextlib.suppress(OSError):
                told = packets.read_answer(self._socket.recv(packets.LONGEST + 1), self._secret)
                # Each question takes one answer: one that was sent before, and is sent again by
                # somebody in between, counts for nothing.
                if told is None or open_.get(told.number) != told.asked_master_ns:
                    continue
                if told.heard_host_ns < 0 or told.answered_host_ns < told.heard_host_ns:
                    continue
                del open_[told.number]
                answers.append(
                    Exchange(
                        asked_master_ns=told.asked_master_ns,
                        heard_host_ns=told.heard_host_ns,
                        answered_host_ns=told.answered_host_ns,
                        received_master_ns=received_ns,
                    )
                )

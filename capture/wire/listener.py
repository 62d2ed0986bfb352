"""The one port an agent opens: encrypted, for those it knows, and for messages of our own."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

import zmq

from capture.wire import messages
from capture.wire.address import Address
from capture.wire.doorman import Doorman
from capture.wire.messages import Answer, Question, Refused
from taver.core.errors import BusyError, InputError

if TYPE_CHECKING:
    from collections.abc import Collection

    from capture.wire.messages import Tell

_LARGEST_QUESTION_BYTES: Final = 1 << 20
_HANDSHAKE_MS: Final = 3_000
_ALIVE_MS: Final = 2_000
_GONE_MS: Final = 6_000
_QUEUE: Final = 64
_LINGER_MS: Final = 500


class Heard(NamedTuple):
    """A question, and the way back to whoever asked it."""

    peer: bytes
    question: Question


class Listener:
    """Receives in one thread; `answer` may be called from any."""

    def __init__(
        self, address: Address, *, public: str, secret: str, allowed: Collection[str]
    ) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._doorman = Doorman(self._context, allowed)
        self._socket = self._context.socket(zmq.ROUTER)
        for option, value in (
            (zmq.CURVE_SERVER, 1),
            (zmq.CURVE_PUBLICKEY, public.encode()),
            (zmq.CURVE_SECRETKEY, secret.encode()),
            (zmq.ZAP_DOMAIN, b"taver"),
            (zmq.MAXMSGSIZE, _LARGEST_QUESTION_BYTES),
            (zmq.HANDSHAKE_IVL, _HANDSHAKE_MS),
            (zmq.HEARTBEAT_IVL, _ALIVE_MS),
            (zmq.HEARTBEAT_TIMEOUT, _GONE_MS),
            (zmq.RCVHWM, _QUEUE),
            (zmq.SNDHWM, _QUEUE),
            (zmq.LINGER, _LINGER_MS),
            (zmq.IPV6, 1 if address.is_ipv6 else 0),
        ):
            self._socket.setsockopt(option, value)
        # Answers from other threads pass through here: a ZeroMQ socket belongs to one thread.
        self._inbox: queue.SimpleQueue[tuple[bytes, bytes]] = queue.SimpleQueue()
        self._bell_inside = self._context.socket(zmq.PAIR)
        self._bell = self._context.socket(zmq.PAIR)
        self._bell_inside.bind("inproc://bell")
        self._bell.connect("inproc://bell")
        self._turn = threading.Lock()
        self._closed = False
        try:
            self._socket.bind(address.for_zmq)
        except zmq.ZMQError as error:
            self.close()
            raise _explained(error, address) from error
        bound = bytes(self._socket.getsockopt(zmq.LAST_ENDPOINT)).rstrip(b"\0").decode()
        self.address = Address(host=address.host, port=int(bound.rpartition(":")[2]))
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._bell_inside, zmq.POLLIN)

    def receive(self, seconds: float) -> Heard | None:
        """Return the next question, or None after so long; what is no question is refused."""
        ready = dict(self._poller.poll(round(seconds * 1000)))
        if self._bell_inside in ready:
            self._send_waiting()
        if self._socket not in ready:
            return None
        try:
            peer, *frames = self._socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        try:
            return Heard(peer, messages.question(b"".join(frames)))
        except ValueError as error:
            refused = Refused(
                what=f"This is no message that an agent understands: {error}"[:1000],
                fix="install the same version of taver on both machines",
                kind="DataError",
            )
            self._send(peer, messages.encode(Answer(number=0, tell=refused)))
            return None

    def answer(self, heard: Heard, tell: Tell) -> None:
        """Send an answer; whoever has gone meanwhile does not get it."""
        data = messages.encode(Answer(number=heard.question.number, tell=tell))
        self._inbox.put((heard.peer, data))
        with self._turn, contextlib.suppress(zmq.ZMQError):
            if not self._closed:
                self._bell.send(b"", zmq.NOBLOCK)

    def close(self) -> None:
        """Send what is waiting, and let go of the port; in the thread that receives."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
        with contextlib.suppress(zmq.ZMQError):
            self._send_waiting()
        for socket in (self._socket, self._bell_inside, self._bell):
            socket.close()
        self._context.term()

    def _send_waiting(self) -> None:
        with contextlib.suppress(zmq.Again):
            while True:
                self._bell_inside.recv(zmq.NOBLOCK)
        with contextlib.suppress(queue.Empty):
            while True:
                self._send(*self._inbox.get_nowait())

    def _send(self, peer: bytes, data: bytes) -> None:
        # A peer that does not read loses its answers; nobody waits for it.
        with contextlib.suppress(zmq.ZMQError):
            self._socket.send_multipart([peer, data], zmq.NOBLOCK)


def _explained(error: zmq.ZMQError, address: Address) -> InputError | BusyError:
    if error.errno == zmq.EADDRINUSE:
        return BusyError(
            f"Something listens at {address} already",
            fix="stop the other agent, or give this one another port with --listen",
        )
    return InputError(
        f"Nothing can listen at {address}: {error}",
        fix="give an address of this machine, such as 127.0.0.1:7200 or 0.0.0.0:7200",
    )

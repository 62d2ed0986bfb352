"""The master's end of the way to one agent: asks, beats twice a second, and notices silence."""

from __future__ import annotations

import concurrent.futures
import contextlib
import platform
import queue
import threading
import time
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import zmq
from zmq.utils.monitor import recv_monitor_message

from capture.wire import messages
from capture.wire.messages import (
    PROTOCOL,
    Beat,
    Hello,
    Pulse,
    Question,
    Refused,
    Welcome,
)
from capture.wire.refusal import error_of
from taver import __version__
from taver.core.errors import DeviceError, TaverError

if TYPE_CHECKING:
    from capture.wire.address import Address
    from capture.wire.messages import Ask, Tell

_LARGEST_ANSWER_BYTES: Final = 16 << 20
BEAT_S: Final = 0.5
# Of the two seconds within which a loss is to be told.
SILENT_S: Final = 1.5
_TICK_MS: Final = 100
_SHUT_TIMES: Final = 3
_MISSED_TIMES: Final = 4
_RECONNECT_MS: Final = 200
_SLOWEST_RECONNECT_MS: Final = 1_000
_ALIVE_MS: Final = 2_000

_Answer = TypeVar("_Answer")


class Watcher(Protocol):
    """Whoever is told of the agent at the other end; called in the link's thread, not for long."""

    def beat(self) -> Beat:
        """Return what to ask in the next beat."""
        ...

    def felt(self, pulse: Pulse) -> None:
        """Hear how it goes."""
        ...

    def silent(self) -> None:
        """Hear that nothing comes any more."""
        ...


class Link:
    """One connection, kept up until `close`; ZeroMQ reconnects by itself."""

    def __init__(
        self,
        name: str,
        address: Address,
        *,
        agent_public: str,
        public: str,
        secret: str,
    ) -> None:
        self.name = name
        self.address = address
        self.beat_every_s = BEAT_S
        self._keys = (agent_public, public, secret)
        self._watcher: Watcher | None = None
        self._asked: dict[int, concurrent.futures.Future[Tell]] = {}
        self._outbox: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._last_number = 0
        self._ends = threading.Event()
        self._reached = threading.Event()  # somebody listens there
        self._shaken = threading.Event()  # and our keys fit
        self._refusal = ""  # why the door was closed on us
        self._shut = 0  # how often it was, without a word
        self._missed = 0  # how often there was no door
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._bell_inside = self._context.socket(zmq.PAIR)
        self._bell = self._context.socket(zmq.PAIR)
        self._bell_inside.bind("inproc://bell")
        self._bell.connect("inproc://bell")
        self._thread = threading.Thread(target=self._run, name=f"link to {name}", daemon=True)
        self._thread.start()

    def greet(self, seconds: float) -> Welcome:
        """Wait until the agent knows us, and hear who it is; raises what keeps it from that."""
        until = time.monotonic() + seconds
        while not self._shaken.wait(0.05):
            if self._refusal:
                raise DeviceError(
                    f"The agent {self.name!r} at {self.address} refused: key ({self._refusal})",
                    fix="carry the key file that belongs to this study's keys to its machine, "
                    "and start the agent with it (made by: taver agent keygen)",
                )
            late = time.monotonic() > until
            if late or self._shut >= _SHUT_TIMES or self._missed >= _MISSED_TIMES:
                raise self._unreachable()
        hello = Hello(taver=__version__, protocol=PROTOCOL, machine=platform.node()[:200])
        welcome = self.ask(hello, Welcome, seconds=max(1.0, until - time.monotonic()))
        if (welcome.taver, welcome.protocol) != (__version__, PROTOCOL):
            raise DeviceError(
                f"The agent {self.name!r} at {self.address} is taver {welcome.taver} (protocol "
                f"{welcome.protocol}), this is taver {__version__} (protocol {PROTOCOL})",
                fix="install the same version of taver on both machines",
            )
        return welcome

    def watch(self, watcher: Watcher) -> None:
        """Beat from now on, and tell `watcher`."""
        self._watcher = watcher

    def ask(self, ask: Ask, kind: type[_Answer], *, seconds: float) -> _Answer:
        """Ask and wait for the answer; what was refused is raised, and so is silence."""
        pending = self.begin(ask)
        try:
            return self.end(pending, kind, seconds=seconds)
        except TimeoutError:
            raise self.no_answer(ask, seconds) from None

    def no_answer(self, ask: Ask, seconds: float) -> DeviceError:
        """Return the error for an answer that did not come."""
        return DeviceError(
            f"The agent {self.name!r} at {self.address} does not answer "
            f"({type(ask).__name__}, {seconds:.0f} s)",
            fix="look at its machine and the network in between; start the agent again",
        )

    def begin(self, ask: Ask) -> concurrent.futures.Future[Tell]:
        """Ask without waiting."""
        future: concurrent.futures.Future[Tell] = concurrent.futures.Future()
        with self._turn:
            self._last_number += 1
            number = self._last_number
            self._asked[number] = future
        self._post(number, ask)
        return future

    def end(
        self, pending: concurrent.futures.Future[Tell], kind: type[_Answer], *, seconds: float
    ) -> _Answer:
        """Wait for an answer; raises TimeoutError, or what the agent refused with."""
        told = pending.result(timeout=seconds)
        if isinstance(told, Refused):
            raise error_of(told, f"agent {self.name!r}")
        if not isinstance(told, kind):
            raise DeviceError(
                f"The agent {self.name!r} answered {type(told).__name__} where "
                f"{kind.__name__} was expected",
                fix="install the same version of taver on both machines",
            )
        return told

    def forget(self, why: TaverError) -> None:
        """Let everybody who waits for an answer hear that none will come."""
        with self._turn:
            waiting, self._asked = list(self._asked.values()), {}
        for future in waiting:
            with contextlib.suppress(concurrent.futures.InvalidStateError):
                future.set_exception(why)

    def close(self) -> None:
        """End the connection; may be called twice."""
        if self._ends.is_set():
            return
        self._ends.set()
        with self._turn, contextlib.suppress(zmq.ZMQError):
            self._bell.send(b"", zmq.NOBLOCK)
        self._thread.join()
        self._bell.close()
        self._context.term()
        self.forget(DeviceError(f"The way to {self.name!r} was closed", fix="connect again"))

    def _post(self, number: int, ask: Ask) -> None:
        self._outbox.put((number, messages.encode(Question(number=number, ask=ask))))
        with self._turn, contextlib.suppress(zmq.ZMQError):
            if not self._ends.is_set():
                self._bell.send(b"", zmq.NOBLOCK)

    def _unreachable(self) -> DeviceError:
        if self._reached.is_set():
            # A listener that cannot read our first message closes without a word.
            return DeviceError(
                f"The agent {self.name!r} at {self.address} refused: key (or what listens there is "
                "no taver agent)",
                fix="carry the key file that belongs to this study's keys to its machine, and "
                "start the agent with it (made by: taver agent keygen)",
            )
        return DeviceError(
            f"Nothing listens at {self.address}, where the agent {self.name!r} should",
            fix="start it there with: taver agent --device ... --listen HOST:PORT --key FILE; "
            "check the address in study.toml, and that no firewall is in between (TCP and UDP)",
        )

    # In the link's own thread

    def _run(self) -> None:
        with self._connected() as (socket, monitor):
            poller = zmq.Poller()
            for one in (socket, monitor, self._bell_inside):
                poller.register(one, zmq.POLLIN)
            beaten_s = felt_s = time.monotonic()
            waits = silent = False
            while not self._ends.is_set():
                ready = dict(poller.poll(_TICK_MS))
                if monitor in ready:
                    self._notice(monitor)
                if self._bell_inside in ready:
                    self._send_waiting(socket)
                if socket in ready and self._receive(socket):
                    felt_s, waits, silent = time.monotonic(), False, False
                watcher, now_s = self._watcher, time.monotonic()
                if watcher is None:
                    felt_s = now_s
                    continue
                if now_s - beaten_s >= self.beat_every_s and (not waits or silent):
                    beaten_s, waits = now_s, True
                    self._send(socket, 0, watcher.beat())
                if now_s - felt_s > SILENT_S and not silent:
                    silent = True
                    watcher.silent()

    @contextlib.contextmanager
    def _connected(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
        agent_public, public, secret = self._keys
        socket = self._context.socket(zmq.DEALER)
        for option, value in (
            (zmq.CURVE_SERVERKEY, agent_public.encode()),
            (zmq.CURVE_PUBLICKEY, public.encode()),
            (zmq.CURVE_SECRETKEY, secret.encode()),
            (zmq.MAXMSGSIZE, _LARGEST_ANSWER_BYTES),
            (zmq.RECONNECT_IVL, _RECONNECT_MS),
            (zmq.RECONNECT_IVL_MAX, _SLOWEST_RECONNECT_MS),
            (zmq.HEARTBEAT_IVL, _ALIVE_MS),
            (zmq.LINGER, 0),
            (zmq.IPV6, 1 if self.address.is_ipv6 else 0),
        ):
            socket.setsockopt(option, value)
        monitor = socket.get_monitor_socket()
        try:
            socket.connect(self.address.for_zmq)
            yield socket, monitor
        finally:
            socket.disable_monitor()
            monitor.close(0)
            socket.close(0)
            self._bell_inside.close(0)

    def _notice(self, monitor: zmq.Socket[bytes]) -> None:
        event = recv_monitor_message(monitor)
        kind = event["event"]
        if kind == zmq.EVENT_CONNECTED:
            self._reached.set()
            self._missed = 0
        elif kind == zmq.EVENT_CONNECT_RETRIED:
            self._missed += 1
        elif kind == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._refusal, self._shut = "", 0
            self._shaken.set()
        elif kind == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            self._refusal = f"it does not know ours, {event['value']}"
        elif kind in {zmq.EVENT_DISCONNECTED, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL}:
            self._shut += not self._shaken.is_set()
            self._shaken.clear()

    def _send_waiting(self, socket: zmq.Socket[bytes]) -> None:
        with contextlib.suppress(zmq.Again):
            while True:
                self._bell_inside.recv(zmq.NOBLOCK)
        with contextlib.suppress(queue.Empty):
            while True:
                _, data = self._outbox.get_nowait()
                with contextlib.suppress(zmq.Again):
                    socket.send(data, zmq.NOBLOCK)

    def _send(self, socket: zmq.Socket[bytes], number: int, ask: Ask) -> None:
        with contextlib.suppress(zmq.Again):  # the way is down: the next beat asks again
            socket.send(messages.encode(Question(number=number, ask=ask)), zmq.NOBLOCK)

    def _receive(self, socket: zmq.Socket[bytes]) -> bool:
        """Take what has come; tell whether there was anything that we understand."""
        understood = False
        with contextlib.suppress(zmq.Again):
            while True:
                try:
                    answer = messages.answer(socket.recv(zmq.NOBLOCK))
                except ValueError:
                    continue  # of another version, which `greet` tells of by silence
                understood = True
                self._hand_out(answer)
        return understood

    def _hand_out(self, answer: messages.Answer) -> None:
        if isinstance(answer.tell, Pulse):
            if self._watcher is not None:
                self._watcher.felt(answer.tell)
            return
        with self._turn:
            future = self._asked.pop(answer.number, None)
        if future is not None:
            with contextlib.suppress(concurrent.futures.InvalidStateError):
                future.set_result(answer.tell)

"""An agent: hears a master, and records for it.

One thread speaks with the master and is never busy with anything else, so that silence means that
something is wrong. Another opens devices and finishes files. The recording itself has its own.
"""

from __future__ import annotations

import contextlib
import platform
import queue
import secrets
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from capture.agent.news import News
from capture.agent.recording import Recording
from capture.agent.skewed import SkewedClock
from capture.agent.spool import Spool
from capture.recorder import room
from capture.timesync.answerer import Answerer
from capture.timesync.timeline import FollowingTimeline
from capture.wire import messages as wire
from capture.wire.address import Address
from capture.wire.listener import Listener
from capture.wire.messages import PROTOCOL, AgentState
from capture.wire.refusal import refusal, unexpected
from taver import __version__
from taver.core.clock import NS_PER_MS, Clock, HostClock
from taver.core.errors import BusyError, DeviceError, TaverError

if TYPE_CHECKING:
    from collections.abc import Callable

    from capture.agent.launch import Launch
    from capture.glimpse import Glimpse
    from capture.recorder import Timeline
    from capture.wire.listener import Heard
    from taver.core.clock import Epoch
    from taver.core.frames import Modality

_LISTEN_EVERY_S: Final = 0.2
_LOOK_EVERY_S: Final = 0.05
_DISK_EVERY_S: Final = 2.0
_WAITING: Final = 64  # questions; a master asks one after the other
_PORTS_TRIED: Final = 20
_FORGOTTEN_AFTER_S: Final = 30.0
_CLOCKS_WITHIN_NS: Final = NS_PER_MS


class Agent:
    """Made, it listens; `run` works until `end` is called or the master says goodbye."""

    def __init__(self, launch: Launch, *, say: Callable[[str], None] = lambda _: None) -> None:
        self.name = launch.name
        self.instance = secrets.token_hex(8)
        self._launch = launch
        self._say = say
        self._clock: Clock = HostClock() if launch.skew is None else SkewedClock(launch.skew)
        # A local agent's clock is its master's, and its epoch comes with the order to arm.
        self._timeline = FollowingTimeline()
        self._spool: Spool | None = None
        self._stack = contextlib.ExitStack()
        self._news = News()
        self._work: queue.Queue[Heard] = queue.Queue(_WAITING)
        self._recording: Recording | None = None
        self._ends = threading.Event()
        self._free = (0.0, 0)
        self._held = 0
        self._beaten_s = time.monotonic()
        try:
            if launch.spool:
                self._spool = self._stack.enter_context(Spool(Path(launch.spool)).opened())
                for trouble in self._spool.mend():
                    say(f"a recording could not be finished: {trouble}")
                self._held = len(self._spool.all())
            self._listener, self._answerer = _doors(launch, self._clock)
        except BaseException:
            self._stack.close()
            raise
        self.address = self._listener.address
        self._network = threading.Thread(target=self._serve, name="network", daemon=True)
        self._network.start()

    @property
    def state(self) -> AgentState:
        """How far it is."""
        recording = self._recording
        return AgentState.IDLE if recording is None else recording.state

    def end(self) -> None:
        """Let `run` finish what is recorded and return; from any thread, or a signal."""
        self._ends.set()

    def run(self) -> None:
        """Work until the end; every file is finished by then."""
        try:
            while not self._ends.is_set():
                with contextlib.suppress(queue.Empty):
                    self._answer(self._work.get(timeout=_LOOK_EVERY_S))
                if self._recording is not None:
                    self._recording.look_after()
                    self._let_go_of_forgotten(self._recording)
        finally:
            try:
                if self._recording is not None:
                    self._recording.close()
            finally:
                self._ends.set()
                self._network.join()
                if self._answerer is not None:
                    self._answerer.close()
                self._stack.close()

    # In the network's thread

    def _serve(self) -> None:
        try:
            while not self._ends.is_set():
                heard = self._listener.receive(_LISTEN_EVERY_S)
                if heard is not None:
                    self._hear(heard)
        finally:
            self._listener.close()

    def _hear(self, heard: Heard) -> None:
        ask = heard.question.ask
        try:
            if isinstance(ask, wire.Hello):
                self._listener.answer(heard, self._welcome(ask))
            elif isinstance(ask, wire.Beat):
                self._listener.answer(heard, self._pulse(ask))
            else:
                self._work.put_nowait(heard)
        except queue.Full:
            full = BusyError("Too much is asked at once", fix="wait for the answers")
            self._listener.answer(heard, refusal(full))
        except Exception as error:  # noqa: BLE001  no question may end the agent
            self._listener.answer(heard, unexpected(error))

    def _welcome(self, hello: wire.Hello) -> wire.Welcome | wire.Refused:
        if (hello.taver, hello.protocol) != (__version__, PROTOCOL):
            return refusal(
                DeviceError(
                    f"this agent is taver {__version__} (protocol {PROTOCOL}), the master is taver "
                    f"{hello.taver} (protocol {hello.protocol})",
                    fix="install the same version of taver on both machines",
                )
            )
        recording = self._recording
        return wire.Welcome(
            taver=__version__,
            protocol=PROTOCOL,
            name=self.name,
            machine=platform.node()[:200],
            instance=self.instance,
            state=self.state,
            run="" if recording is None else recording.run,
            clock_secret=b"" if self._answerer is None else self._answerer.secret,
            held=self._held,
            last=self._news.last,
        )

    def _pulse(self, beat: wire.Beat) -> wire.Pulse:
        recording = self._recording
        self._beaten_s = time.monotonic()
        if beat.line is not None:
            recorded = recording is not None and recording.state is AgentState.RECORDING
            self._timeline.follow(beat.line, self._clock.now_ns(), smoothly=recorded)
        happenings, last = self._news.after(beat.heard)
        return wire.Pulse(
            instance=self.instance,
            state=self.state,
            run="" if recording is None else recording.run,
            host_ns=self._clock.now_ns(),
            devices=() if recording is None else recording.status(),
            free_bytes=self._free_bytes(),
            happenings=happenings,
            last=last,
            glimpses=self._glimpses(recording, beat.wants),
        )

    def _glimpses(
        self, recording: Recording | None, wants: tuple[Modality, ...]
    ) -> tuple[Glimpse, ...]:
        if recording is None:
            return ()
        found = (recording.glimpse(modality) for modality in dict.fromkeys(wants))
        return tuple(glimpse for glimpse in found if glimpse is not None)

    def _free_bytes(self) -> int:
        """Return how much room there is, as of the last seconds."""
        recording = self._recording
        if recording is None or recording.folder is None:
            return 0
        looked_s, free = self._free
        if time.monotonic() - looked_s > _DISK_EVERY_S:
            with contextlib.suppress(TaverError):
                free = room.free_bytes(recording.folder)
            self._free = (time.monotonic(), free)
        return free

    # In the thread that works

    def _answer(self, heard: Heard) -> None:
        try:
            told = self._do(heard.question.ask)
        except TaverError as error:
            told = refusal(error)
        except Exception as error:  # noqa: BLE001  a driver may do anything
            told = unexpected(error)
        self._listener.answer(heard, told)

    def _do(self, ask: wire.Ask) -> wire.Tell:
        match ask:
            case wire.Prepare():
                return self._prepare(ask)
            case wire.Start():
                return self._start(ask)
            case wire.Finish():
                finished = self._at(ask).finish()
                self._count_held()
                return finished
            case wire.List() | wire.Digest() | wire.Fetch() | wire.Confirm():
                return self._hand_over(ask, self._own_spool())
            case wire.Arm():
                self._timeline_for(ask.epoch)
                self._at(ask).arm(ask)
            case wire.StopAt():
                recording = self._at(ask)
                recording.require(AgentState.RECORDING, AgentState.STOPPED)
                at_ns = self._timeline.to_host_ns(ask.at_unix_ns) if ask.at_unix_ns else 0
                recording.stop_at(at_ns)
            case wire.Shutter():
                self._at(ask).shutter(ask)
            case wire.Release() | wire.Bye():
                self._release()
                if isinstance(ask, wire.Bye) and self._spool is None:
                    self._ends.set()
            case _:
                raise BusyError("That is answered elsewhere", fix="report this")
        return wire.Done()

    def _hand_over(
        self, ask: wire.List | wire.Digest | wire.Fetch | wire.Confirm, spool: Spool
    ) -> wire.Tell:
        """Answer what is asked about recordings that were made."""
        match ask:
            case wire.List():
                at = self._recording
                spool.mend(but="" if at is None or at.state is AgentState.STOPPED else at.run)
                self._count_held()
                return wire.Holding(recordings=tuple(held.told() for held in spool.all()))
            case wire.Digest():
                digest, size = spool.digest(ask.run, ask.file)
                return wire.Digested(digest=digest, size=size)
            case wire.Fetch():
                return wire.Chunk(data=spool.read(ask.run, ask.file, ask.offset, ask.size))
        spool.confirm(ask.run, ask.file, ask.digest)
        self._count_held()
        return wire.Done()

    def _let_go_of_forgotten(self, recording: Recording) -> None:
        """Close devices that were prepared by a master who has been silent since."""
        waits = recording.state in {AgentState.PREPARED, AgentState.ARMED}
        if waits and time.monotonic() - self._beaten_s > _FORGOTTEN_AFTER_S:
            self._release()

    def _prepare(self, ask: wire.Prepare) -> wire.Prepared:
        if self.state is AgentState.RECORDING and self._recording is not None:
            raise BusyError(
                f"It is recording {self._recording.plan.session} at this moment",
                fix="wait until that recording has ended, or stop it where it was started",
            )
        self._release()
        timeline: Timeline = self._timeline
        recording = Recording(
            ask,
            spool=self._spool,
            clock=self._clock,
            timeline=timeline,
            listen=self._news.put,
        )
        if self._spool is None:
            folder = Path(ask.folder)
        elif ask.passing:
            folder = self._spool.passing(ask.run)
        else:
            folder = self._spool.folder_of(ask.plan.session, ask.run)
        try:
            devices = recording.open(folder, self._launch.devices)
        except BaseException:
            recording.close()
            raise
        self._recording = recording
        self._free = (0.0, 0)
        return wire.Prepared(devices=devices, free_bytes=room.free_bytes(folder))

    def _start(self, ask: wire.Start) -> wire.Started:
        recording = self._at(ask)
        recording.require(AgentState.ARMED)
        at_ns = self._timeline.to_host_ns(ask.at_unix_ns) if ask.at_unix_ns else 0
        until_ns = self._timeline.to_host_ns(ask.until_unix_ns)
        if self._answerer is not None:
            until_ns -= _CLOCKS_WITHIN_NS  # a frame of the very end is after it by the master
        started = recording.start(at_ns, until_ns, ask.grid_start_unix_ns)
        self._say(f"recording {recording.plan.session}")
        return wire.Started(at_host_ns=started)

    def _timeline_for(self, epoch: Epoch) -> None:
        """Take the master's clock for ours, where we run on its machine."""
        if self._answerer is None:
            self._timeline.tied_to(epoch)
        elif not self._timeline.known:
            raise DeviceError(
                "The clocks have not been brought together yet",
                fix="check that UDP reaches this machine on the agent's port, as TCP does",
            )

    def _release(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.close()
            self._count_held()

    def _count_held(self) -> None:
        if self._spool is not None:
            self._held = len(self._spool.all())

    def _at(self, ask: wire.Ask) -> Recording:
        if self._recording is None:
            raise BusyError(
                f"Nothing is prepared that {type(ask).__name__} could be for",
                fix="begin again: prepare, arm, start",
            )
        return self._recording

    def _own_spool(self) -> Spool:
        if self._spool is None:
            raise BusyError(
                "This agent keeps nothing: it writes beside its master", fix="report this"
            )
        return self._spool


def _doors(launch: Launch, clock: Clock) -> tuple[Listener, Answerer | None]:
    """Open the port for messages and, on another machine than the master's, that for clocks."""
    address = Address.parse(launch.listen, any_port=True).resolved()
    for attempt in range(_PORTS_TRIED):
        listener = Listener(
            address,
            public=launch.pair.public,
            secret=launch.pair.secret,
            allowed=launch.masters,
        )
        if not launch.spool:
            return listener, None
        try:
            return listener, Answerer(address.host, listener.address.port, clock)
        except BusyError:
            listener.close()
            if address.port or attempt == _PORTS_TRIED - 1:
                raise
    raise BusyError("No port is free", fix="give one with --listen HOST:PORT")

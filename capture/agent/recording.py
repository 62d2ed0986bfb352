"""One recording on this machine, from its devices being opened to what came of it."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Final

import msgspec

from capture import registry
from capture.agent.choice import config_of
from capture.agent.spool import FILE, HeldRecording
from capture.plan import Nuc
from capture.recorder import MachineRecorder, Source
from capture.status import Happening, HappeningKind
from capture.wire.messages import AgentState, Finished, Refused
from capture.wire.refusal import refusal
from taver.core import lock
from taver.core.clock import NS_PER_MS
from taver.core.errors import BusyError, DeviceError, TaverError, together
from taver.core.private import make_private_folder
from taver.core.session.streams import new_pieces
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from capture.agent.launch import DeviceLaunch
    from capture.agent.spool import Spool
    from capture.glimpse import Glimpse
    from capture.recorder import Timeline
    from capture.status import DeviceStatus
    from capture.wire.messages import Arm, Prepare, Shutter
    from taver.core.clock import Clock
    from taver.core.frames import DeviceInfo, Modality

_LATE_NS: Final = 20 * NS_PER_MS
_ENDS_WITHIN_S: Final = 5.0


class Recording:
    """Goes from prepared to stopped; every step refuses what does not follow the one before."""

    def __init__(
        self,
        asked: Prepare,
        *,
        spool: Spool | None,
        clock: Clock,
        timeline: Timeline,
        listen: Callable[[Happening], None],
    ) -> None:
        self.run = asked.run
        self.plan = asked.plan
        self.state = AgentState.PREPARED
        self.devices: tuple[DeviceInfo, ...] = ()
        self.folder: Path | None = None
        self.finished: Finished | None = None
        self._asked = asked
        self._spool = spool
        self._clock = clock
        self._timeline = timeline
        self._listen = listen
        self._sources: list[Source] = []
        self._recorder: MachineRecorder | None = None
        self._held: HeldRecording | None = None
        self._stack = contextlib.ExitStack()

    def open(self, folder: Path, launches: Sequence[DeviceLaunch]) -> tuple[DeviceInfo, ...]:
        """Open every device; one error tells all that cannot be."""
        self.folder = folder
        errors: list[TaverError] = []
        for launch in launches:
            try:
                self._sources.append(self._source(launch))
            except TaverError as error:
                errors.append(error)
        if errors:
            raise together(errors, "devices cannot be used")
        self._recorder = MachineRecorder(
            folder, self.plan, self._sources, timeline=self._timeline, listen=self._listen
        )
        self._stack.callback(self._recorder.close)
        self.devices = self._recorder.open()
        with contextlib.suppress(TaverError):  # a camera that cannot is told of in its warnings
            self._recorder.set_shutter(self.plan.nuc is Nuc.AUTO)
        return self.devices

    def arm(self, asked: Arm) -> None:
        """Make the files."""
        recorder, folder = self._in(AgentState.PREPARED)
        if self._spool is None:
            if not self._asked.passing:
                self._stack.enter_context(lock.helped(folder, self.run))
        elif self._asked.passing:
            with explained(folder):
                make_private_folder(folder)
        else:
            self._held = self._told(asked)
            self._spool.begin(folder, self._held)
        try:
            recorder.arm(asked.files, simulated=asked.simulated, epoch=asked.epoch)
        except BaseException:
            if self._spool is not None:
                recorder.close()
                shutil.rmtree(folder, ignore_errors=True)
            raise
        self.state = AgentState.ARMED

    def start(self, at_host_ns: int, until_host_ns: int, grid_start_unix_ns: int) -> int:
        """Let it start at that moment, or at once if it has passed; return which it is."""
        recorder, _ = self._in(AgentState.ARMED)
        now_ns = self._clock.now_ns()
        late_ns = now_ns - at_host_ns if at_host_ns else 0
        at_host_ns = max(at_host_ns, now_ns)
        recorder.stop_at(until_host_ns)
        recorder.start(at_host_ns, grid_start_unix_ns=grid_start_unix_ns)
        self.state = AgentState.RECORDING
        if late_ns > _LATE_NS:
            self._listen(
                Happening(
                    kind=HappeningKind.WARNING,
                    unix_ns=self._timeline.to_unix_ns(now_ns),
                    text=f"The start came {late_ns / NS_PER_MS:.0f} ms too late",
                    fix="look at the network between the machines",
                )
            )
        return at_host_ns

    def stop_at(self, host_ns: int) -> None:
        """Let it end at that moment instead; 0 means now."""
        if self.state is not AgentState.RECORDING or self._recorder is None:
            return
        if host_ns:
            self._recorder.stop_at(host_ns)
        else:
            self._recorder.stop()

    def shutter(self, asked: Shutter) -> bool:
        """Close the shutters, or let them close; tell whether there is one."""
        if self._recorder is None:
            return False
        if asked.automatic is not None:
            self._recorder.set_shutter(asked.automatic)
        return asked.close and self._recorder.close_shutter()

    def look_after(self) -> None:
        """Finish the files once everything is stored."""
        recorder = self._recorder
        if self.state is AgentState.RECORDING and recorder is not None and recorder.wait(0):
            self.finish()

    def finish(self) -> Finished:
        """End it if it runs, finish the files and tell what came of it; again when asked again."""
        if self.finished is not None:
            return self.finished
        recorder, folder = self._in(AgentState.RECORDING)
        if not recorder.wait(0):
            recorder.stop()
            recorder.wait(_ENDS_WITHIN_S)
        recorded = recorder.finish()
        problems: list[Refused] = [
            refusal(error) for error in (*recorded.problems, *recorded.unfinished)
        ]
        if self._held is not None:
            try:
                msgspec.structs.replace(
                    self._held,
                    pieces={**self._held.pieces, **recorded.pieces},
                    markers=recorded.markers,
                    finished=not recorded.unfinished,
                ).write(folder / FILE)
            except TaverError as error:
                problems.append(refusal(error))
        self.finished = Finished(
            pieces=recorded.pieces, markers=recorded.markers, problems=tuple(problems)
        )
        self.state = AgentState.STOPPED
        self._stack.close()
        if recorded.unfinished and self._spool is not None:
            self._spool.mend()
        return self.finished

    def close(self) -> None:
        """Let go of everything; what was recorded stays, what was not begun is taken back."""
        if self.state is AgentState.RECORDING:
            self.finish()
        begun = self.state is AgentState.STOPPED
        self._stack.close()
        folder = self.folder
        if folder is None or self._spool is None:
            return
        if self._asked.passing or (not begun and self.state is AgentState.ARMED):
            shutil.rmtree(folder, ignore_errors=True)

    def status(self) -> tuple[DeviceStatus, ...]:
        """Return how it goes."""
        return () if self._recorder is None else self._recorder.devices()

    def glimpse(self, modality: Modality) -> Glimpse | None:
        """Return what a camera sees now."""
        if self._recorder is None or self.state is not AgentState.RECORDING:
            return None
        return self._recorder.glimpse(modality)

    def _source(self, launch: DeviceLaunch) -> Source:
        driver = registry.load(launch.driver)
        line = driver.missing()
        if line is not None:
            raise DeviceError(f"The driver {launch.driver!r} cannot run here", fix=line)
        config = config_of(driver, launch)
        return Source(
            driver(config, self._clock), self._clock, again=lambda: driver(config, self._clock)
        )

    def require(self, *states: AgentState) -> None:
        """Refuse what does not follow the step before."""
        if self.state not in states:
            raise BusyError(
                f"The recording is {self.state}, not {' or '.join(states)}",
                fix="begin again: prepare, arm, start",
            )

    def _in(self, state: AgentState) -> tuple[MachineRecorder, Path]:
        self.require(state)
        if self._recorder is None or self.folder is None:
            raise BusyError("The devices are not open", fix="begin again: prepare, arm, start")
        return self._recorder, self.folder

    def _told(self, asked: Arm) -> HeldRecording:
        return HeldRecording(
            run=self.run,
            session=self.plan.session,
            participant=self.plan.participant,
            part=self.plan.part,
            chosen=self.plan.grid_hz > 0,
            simulated=asked.simulated,
            epoch=asked.epoch,
            devices=self.devices,
            pieces=new_pieces(self.devices, asked.files, asked.epoch),
        )

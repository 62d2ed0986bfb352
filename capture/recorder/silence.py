"""Notices when a stream gives nothing, though its driver does not complain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capture.recorder.outcome import GAP
from capture.status import HappeningKind
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.errors import DeviceError
from taver.core.session.manifest import Marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capture.recorder.course import Course
    from capture.recorder.stream import Stream
    from taver.core.frames import Modality

# The operator is to know within two seconds; a slow stream is given five periods.
_LONGEST_NS: Final = 1_500 * NS_PER_MS
_LONGEST_PERIODS: Final = 5
_FIRST_FRAME_NS: Final = 5 * NS_PER_S  # cameras take their time to begin
_FIX: Final = "look at its cable, its power and its port; it is taken up again when it answers"


class Silence:
    """When each stream of a device was heard of last."""

    def __init__(self, name: str, streams: Mapping[Modality, Stream], course: Course) -> None:
        self.problem: DeviceError | None = None  # of one stream while others go on
        self._name = name
        self._course = course
        self._patience_ns = {
            m: max(_LONGEST_NS, round(_LONGEST_PERIODS * NS_PER_S / stream.info.rate_hz))
            for m, stream in streams.items()
        }
        self._heard_ns: dict[Modality, int] = {}
        self._began_ns: int | None = None
        self._since_ns: dict[Modality, int] = {}  # of the streams that were told to be silent

    def begin(self, now_ns: int) -> None:
        """Hear that the device was started, from that moment on."""
        self._began_ns = now_ns
        self._heard_ns.clear()

    def heard(self, modality: Modality, host_ns: int) -> None:
        """Hear of a frame."""
        self._heard_ns[modality] = host_ns
        if modality in self._since_ns:
            self._broken(modality, host_ns)

    def look(self, now_ns: int) -> DeviceError | None:
        """Return that the device is silent, in words; a single stream's silence is told of."""
        if self._began_ns is None:
            return None
        silent = [m for m in self._patience_ns if self._is_silent(m, now_ns)]
        if silent and len(silent) == len(self._patience_ns):
            heard = [self._heard_ns.get(m, self._began_ns) for m in silent]
            quiet_s = (now_ns - max(heard)) / NS_PER_S
            self._began_ns = None  # until it is started again
            return DeviceError(f"no frame for {quiet_s:.1f} seconds", fix=_FIX)
        for modality in silent:
            if modality not in self._since_ns:
                self._since_ns[modality] = self._heard_ns.get(modality, self._began_ns)
                self.problem = DeviceError(f"{self._name} gives no {modality}", fix=_FIX)
                self._course.tell(
                    HappeningKind.LOST, now_ns, self.problem.what, fix=_FIX, modality=modality
                )
        return None

    def end(self, now_ns: int) -> None:
        """Mark what was silent until the end."""
        for modality in list(self._since_ns):
            self._mark(modality, now_ns)

    def _is_silent(self, modality: Modality, now_ns: int) -> bool:
        heard_ns = self._heard_ns.get(modality)
        if heard_ns is None:
            patience_ns = max(_FIRST_FRAME_NS, self._patience_ns[modality])
            return now_ns - (self._began_ns or now_ns) > patience_ns
        return now_ns - heard_ns > self._patience_ns[modality]

    def _broken(self, modality: Modality, host_ns: int) -> None:
        since_ns = self._mark(modality, host_ns)
        if not self._since_ns:
            self.problem = None
        self._course.tell(
            HappeningKind.BACK,
            since_ns,
            f"{self._name} gives {modality} again",
            modality=modality,
            until_host_ns=host_ns,
        )

    def _mark(self, modality: Modality, until_ns: int) -> int:
        since_ns = self._since_ns.pop(modality)
        self._course.mark(
            Marker(
                name=GAP,
                unix_ns=self._course.unix_ns(since_ns),
                until_unix_ns=self._course.unix_ns(until_ns),
                note=f"{self._name} gave no {modality}",
                source="device",
            )
        )
        return since_ns

"""Frame times and markers for other programs of the lab, over the Lab Streaming Layer.

Pixels stay here: the makers of LSL advise against sending video through it. Each stored frame is
one sample, stamped with the moment it was taken; so is each marker.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from capture.desk.health.flow import streams
from taver.core.clock import NS_PER_S
from taver.core.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capture.status import SessionStatus
    from taver.core.frames import DeviceInfo, Modality
    from taver.core.session.manifest import Marker, Phase

_IRREGULAR: Final = 0.0  # to LSL: a grid with gaps is no regular rate


class Outlets:
    """What is told so far, and to whom the rest goes."""

    def __init__(self, session: str, devices: Sequence[DeviceInfo]) -> None:
        self._lsl = need("pylsl", extra="lsl", to="tell other programs over LSL")
        self._told_ns: dict[Modality, int] = {}
        self._frames: dict[Modality, Any] = {}
        for device in devices:
            for stream in device.streams:
                self._frames[stream.modality] = self._outlet(
                    f"taver {stream.modality} frames",
                    "VideoTimes",
                    "double64",
                    f"taver {session} {stream.modality} {device.serial}",
                )
        self._markers = self._outlet(
            "taver markers", "Markers", "string", f"taver {session} markers"
        )
        self._told: set[tuple[int, str]] = set()

    def tell_frames(self, status: SessionStatus, now_unix_ns: int) -> None:
        """Tell of the frames that were stored since the last call, one by one."""
        for modality, stream in streams(status).items():
            outlet = self._frames.get(modality)
            last_ns = self._told_ns.get(modality, 0)
            for unix_ns in stream.recent_unix_ns:
                if outlet is not None and unix_ns > last_ns:
                    outlet.push_sample([unix_ns / NS_PER_S], self._at(unix_ns, now_unix_ns))
                    self._told_ns[modality] = unix_ns

    def tell_markers(
        self, markers: Sequence[Marker], phases: Sequence[Phase], now_unix_ns: int
    ) -> None:
        """Tell of the markers and phases that are new since the last call."""
        moments = [(phase.start_unix_ns, f"phase {phase.name}") for phase in phases]
        moments += [(m.unix_ns, ": ".join(filter(None, (m.name, m.note)))) for m in markers]
        for unix_ns, text in sorted(set(moments) - self._told):
            self._markers.push_sample([text], self._at(unix_ns, now_unix_ns))
        self._told.update(moments)

    def _outlet(self, name: str, kind: str, format_: str, source: str) -> Any:
        info = self._lsl.StreamInfo(name, kind, 1, _IRREGULAR, format_, source)
        return self._lsl.StreamOutlet(info)

    def _at(self, unix_ns: int, now_unix_ns: int) -> float:
        """Return a moment of ours by LSL's clock."""
        return float(self._lsl.local_clock()) - (now_unix_ns - unix_ns) / NS_PER_S


@contextlib.contextmanager
def outlets(
    session: str, devices: Sequence[DeviceInfo], *, wanted: bool
) -> Iterator[Outlets | None]:
    """Open the outlets for the length of the block, where they are wanted."""
    if not wanted:
        yield None
        return
    opened = Outlets(session, devices)
    try:
        yield opened
    finally:
        del opened  # liblsl closes an outlet when nobody holds it any more

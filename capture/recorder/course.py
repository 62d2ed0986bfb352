"""How far a recording is to go, and who hears of what happens in it."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final, Protocol

from capture.status import Happening, HappeningKind
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from taver.core.errors import TaverError
    from taver.core.frames import Modality
    from taver.core.progress import Progress
    from taver.core.session.manifest import Marker

_TELL_AGAIN_NS: Final = 5 * NS_PER_S


class Timeline(Protocol):
    """Tells this machine's monotonic time as the leading machine's date, as well as known now."""

    def to_unix_ns(self, host_ns: int) -> int:
        """Return nanoseconds since 1970."""
        ...


class Course:
    """What all threads of one recording share; from any thread."""

    def __init__(
        self,
        timeline: Timeline,
        listen: Callable[[Happening], None],
        progress: Progress,
        *,
        reconnect: bool,
    ) -> None:
        self.timeline = timeline
        self.reconnect = reconnect
        self.start_ns = 0
        self.end_ns: int | None = None  # frames from this moment of the host on are not stored
        self.stopped = threading.Event()
        self._listen = listen
        self._progress = progress
        self._turn = threading.Lock()
        self._markers: list[Marker] = []
        self._problems: list[TaverError] = []
        self._kept: set[str] = set()
        self._told_of_drops: dict[tuple[str, Modality], int] = {}

    def unix_ns(self, host_ns: int) -> int:
        """Tell a moment of this machine as a date."""
        return self.timeline.to_unix_ns(host_ns)

    def is_over_at(self, host_ns: int) -> bool:
        """Tell whether a frame of that moment comes too late to be stored."""
        return self.end_ns is not None and host_ns >= self.end_ns

    def tell(
        self,
        kind: HappeningKind,
        host_ns: int,
        text: str,
        *,
        fix: str = "",
        modality: Modality | None = None,
        until_host_ns: int | None = None,
    ) -> None:
        """Let whoever listens hear of something."""
        happening = Happening(
            kind=kind,
            unix_ns=self.unix_ns(host_ns),
            text=text,
            fix=fix,
            modality=modality,
            until_unix_ns=None if until_host_ns is None else self.unix_ns(until_host_ns),
        )
        # Whoever listens cannot end a recording.
        with contextlib.suppress(Exception):
            self._listen(happening)

    def tell_of_drops(
        self, why: str, modality: Modality, host_ns: int, text: str, *, fix: str
    ) -> None:
        """Let whoever listens hear of dropped frames, but not of every single one."""
        with self._turn:
            told_ns = self._told_of_drops.get((why, modality))
            if told_ns is not None and host_ns - told_ns < _TELL_AGAIN_NS:
                return
            self._told_of_drops[why, modality] = host_ns
        self.tell(HappeningKind.DROPPED, host_ns, text, fix=fix, modality=modality)

    def mark(self, marker: Marker) -> None:
        """Keep a moment for the session's document."""
        with self._turn:
            self._markers.append(marker)

    def trouble(self, error: TaverError, *, once: str = "") -> bool:
        """Keep something that went wrong for the end; of what goes by one name only the first."""
        with self._turn:
            if once and once in self._kept:
                return False
            self._kept.add(once)
            self._problems.append(error)
            return True

    def advance(self) -> None:
        """Say that one more frame is stored, one after the other."""
        with self._turn, contextlib.suppress(Exception):
            self._progress.advance()

    @property
    def markers(self) -> tuple[Marker, ...]:
        """All moments kept, in their order."""
        with self._turn:
            return tuple(sorted(self._markers, key=lambda marker: marker.unix_ns))

    @property
    def problems(self) -> tuple[TaverError, ...]:
        """All that went wrong, in the order met."""
        with self._turn:
            return tuple(self._problems)

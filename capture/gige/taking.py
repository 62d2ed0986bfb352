"""Turns what a camera hands over into frames: numbered, stamped, and every one accounted for.

The rule of the account: a frame that came is delivered, with the status INCOMPLETE if packets of it
are missing; a number that never came is lost. A camera's library may not say which frames it lost,
so its own statistics are not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
import numpy as np

from capture.gige.counter import BlockCounter
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.errors import DeviceError
from taver.core.frames import Frame, FrameStatus, Modality, Stamp

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from taver.core.clock import Clock
    from taver.core.frames import Pixels

_LISTEN_EVERY_MS = 50
_LATE_NS = 250 * NS_PER_MS  # how long after the end a frame under way may still come


class Grabbed(NamedTuple):
    """A frame as the camera's library hands it over."""

    block_id: int | None  # None where the packet that names the frame was lost
    host_ns: int
    device_ns: int | None
    incomplete: bool
    pixels: Pixels


class Giving(Protocol):
    """An open camera that can be told to send."""

    def begin(self) -> None:
        """Let it send."""
        ...

    def grab(self, timeout_ms: int) -> Grabbed | None:
        """Return the next frame, or None if none came in time; raises DeviceError if it is gone."""
        ...

    def end(self) -> bool:
        """Let it send no more; tell whether what is under way may still be grabbed."""
        ...


class Tally(msgspec.Struct, kw_only=True):
    """What became of every frame that the camera numbered since its first one."""

    delivered: int = 0
    incomplete: int = 0  # of those delivered
    lost: int = 0
    after_stop: int = 0  # came whole or in part when nobody wanted them any more
    before_start: int = 0

    @property
    def sent(self) -> int:
        """Return how many the camera sent, by its numbers."""
        return self.delivered + self.lost + self.after_stop + self.before_start


class Taking:
    """One recording's frames from one camera."""

    def __init__(
        self,
        camera: Giving,
        modality: Modality,
        clock: Clock,
        *,
        name: str,
        silence_s: float,
    ) -> None:
        self.tally = Tally()
        self._camera = camera
        self._modality = modality
        self._clock = clock
        self._name = name
        self._silence_ns = round(silence_s * NS_PER_S)
        self._counter = BlockCounter()
        self._last = Stamp(host_ns=-1, device_ns=None, number=-1)
        self._numbered = False
        self._nameless = 0  # frames since the last number whose own number is not known
        self._last_pixels: Pixels | None = None

    def frames(self, at_ns: int, stopped: threading.Event) -> Iterator[Frame]:
        """Yield frames from `at_ns` until `stopped`; raises DeviceError if none comes for long."""
        self._clock.sleep_until_ns(at_ns, stopped)
        if stopped.is_set():
            return
        self._camera.begin()
        gone = False
        try:
            yield from self._until(stopped, at_ns)
        except DeviceError:
            gone = True  # nothing can be told to it, or be awaited from it
            raise
        finally:
            if not gone:
                self._wind_up()

    def _until(self, stopped: threading.Event, at_ns: int) -> Iterator[Frame]:
        heard_ns = self._clock.now_ns()
        while not stopped.is_set():
            try:
                grabbed = self._camera.grab(_LISTEN_EVERY_MS)
            except DeviceError:
                if stopped.is_set():  # closed by another thread, which stopped it first
                    return
                raise
            if grabbed is None:
                if self._clock.now_ns() - heard_ns > self._silence_ns:
                    raise DeviceError(
                        f"{self._name} has sent nothing for {self._silence_ns / NS_PER_S:g} s",
                        fix="check its cable and power; then see whether it is found with: "
                        "taver devices",
                    )
                continue
            heard_ns = self._clock.now_ns()
            stamp = self._stamp(grabbed)
            if stamp is None:
                continue
            if stamp.host_ns < at_ns:
                self.tally.before_start += 1
                continue
            if stopped.is_set():
                self.tally.after_stop += 1
                return
            self.tally.delivered += 1
            self.tally.incomplete += grabbed.incomplete
            yield Frame(modality=self._modality, stamp=stamp, pixels=grabbed.pixels)

    def _stamp(self, grabbed: Grabbed) -> Stamp | None:
        """Give a frame its number and count what is missing before it; None if it has no number."""
        number = None if grabbed.block_id is None else self._counter.number(grabbed.block_id)
        if number is None:
            self._nameless += 1
            return None
        missing = number - self._last.number - 1 if self._numbered else self._nameless
        self.tally.lost += missing
        self._nameless = 0
        self._numbered = True
        # A host time never goes back, whatever the machine's other clock did meanwhile.
        host_ns = max(grabbed.host_ns, self._last.host_ns + 1)
        self._last = Stamp(
            host_ns=host_ns,
            device_ns=grabbed.device_ns,
            number=number,
            status=self._status(grabbed),
        )
        return self._last

    def _status(self, grabbed: Grabbed) -> FrameStatus:
        """Say what is wrong: a thermal picture without a trace of new noise is an old one."""
        before, self._last_pixels = self._last_pixels, grabbed.pixels
        if grabbed.incomplete:
            return FrameStatus.INCOMPLETE
        frozen = (
            self._modality is Modality.THERMAL
            and before is not None
            and np.array_equal(before, grabbed.pixels)
        )
        return FrameStatus.FROZEN if frozen else FrameStatus.OK

    def _wind_up(self) -> None:
        """Let the camera end, and count what was still under way."""
        try:
            if not self._camera.end():
                return
            until_ns = self._clock.now_ns() + _LATE_NS
            while self._clock.now_ns() < until_ns:
                grabbed = self._camera.grab(_LISTEN_EVERY_MS)
                if grabbed is not None and self._stamp(grabbed) is not None:
                    self.tally.after_stop += 1
        except DeviceError:
            return  # it went away after the last frame that was wanted
        finally:
            self.tally.lost += self._nameless
            self._nameless = 0

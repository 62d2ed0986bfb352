"""A test pattern in all modalities: no person, no camera, but every frame tells its number.

It can misbehave on request, as real cameras do without being asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
import numpy as np

from capture import limits, testcard
from capture.played import Played
from capture.units import UNIT
from taver.core.clock import NS_PER_S
from taver.core.errors import DeviceError
from taver.core.frames import DeviceInfo, Frame, Modality, Stamp, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.clock import Clock


class PatternConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to show, and how to misbehave."""

    modalities: tuple[Modality, ...] = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)
    serial: str = "pattern-0"
    rate_hz: float = 10.0
    scale: float = 1.0  # of the real sensors' width and height
    seed: int = 0
    drop_every: int = 0  # every so many frames one is lost; 0 for never
    jitter_ns: int = 0  # each frame comes up to so much late
    unplug_after: int = 0  # after so many frames the device is gone; 0 for never

    def __post_init__(self) -> None:
        limits.refuse(
            "The test pattern cannot run with",
            (
                ("rate_hz", self.rate_hz, 0 < self.rate_hz <= 1000),
                ("scale", self.scale, 0.02 <= self.scale <= 1),
                ("modalities", list(self.modalities), len(self.modalities) > 0),
                ("drop_every", self.drop_every, self.drop_every >= 0 and self.drop_every != 1),
                ("jitter_ns", self.jitter_ns, 0 <= self.jitter_ns * self.rate_hz < NS_PER_S),
                ("unplug_after", self.unplug_after, self.unplug_after >= 0),
            ),
            fix="rates of 1-1000 Hz, scales of 0.02-1, jitter below one period",
        )


class PatternDriver(Played):
    """Draws frames at a steady rate from whatever clock it is given."""

    Config: ClassVar = PatternConfig
    WHAT: ClassVar = "The test pattern"

    def __init__(self, config: PatternConfig, clock: Clock) -> None:
        super().__init__(clock)
        self._config = config

    def open(self) -> DeviceInfo:
        """Say what is delivered."""
        self._opened()
        return DeviceInfo(
            driver="pattern",
            model="test pattern",
            serial=self._config.serial,
            streams=tuple(
                StreamInfo(
                    modality=modality,
                    width_px=testcard.size_px(modality, self._config.scale)[0],
                    height_px=testcard.size_px(modality, self._config.scale)[1],
                    rate_hz=self._config.rate_hz,
                    unit=UNIT[modality],
                )
                for modality in self._config.modalities
            ),
            simulated=True,
        )

    def frames(self) -> Iterator[Frame]:
        """Yield the frames of each moment in the order of the configured modalities."""
        start_ns = self._started_ns()
        random = np.random.default_rng(self._config.seed)
        number = 0
        while not self._stopped.is_set():
            due_ns = start_ns + round(number * NS_PER_S / self._config.rate_hz)
            late_ns = int(random.integers(self._config.jitter_ns + 1))
            self._clock.sleep_until_ns(due_ns + late_ns, self._stopped)
            if self._config.unplug_after and number >= self._config.unplug_after:
                raise DeviceError(
                    f"The test pattern {self._config.serial} was unplugged after {number} frames",
                    fix="leave unplug_after at 0",
                )
            lost = self._config.drop_every and number % self._config.drop_every == 1
            if not lost:
                stamp = Stamp(host_ns=due_ns + late_ns, device_ns=due_ns - start_ns, number=number)
                for modality in self._config.modalities:
                    if self._stopped.is_set():
                        return
                    pixels = testcard.draw(modality, number, self._config.scale)
                    yield Frame(modality=modality, stamp=stamp, pixels=pixels)
            number += 1

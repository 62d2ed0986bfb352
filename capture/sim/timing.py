"""When each simulated sensor takes a frame, by true time, by its own clock and on arrival."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from typing import TYPE_CHECKING, Final

from capture.sim import noise
from capture.sim.sensors.exposure import DIM_LIGHT
from capture.sim.sensors.shutter import Shutter
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capture.sim.scenario import Cameras, Fault, Scenario
    from capture.sim.sensors.shutter import ShutterEvent

# Longer than any scenario: a shutter that stays open.
_NEVER_S: Final = 1e6
_DIM_HZ: Final = 15.0
_KINECT_TICK_NS: Final = 125_000
_THERMAL_TICK_NS: Final = NS_PER_MS
# Depth comes so much after colour; the two are not synchronised with each other.
_DEPTH_AFTER_COLOR_NS: Final = 6 * NS_PER_MS
# Devices start at any moment of a period, but never so late that a grid slot stays empty.
_LATEST_PHASE: Final = 0.3
_LONGEST_UP_S: Final = 3600.0


@dataclasses.dataclass(frozen=True, slots=True)
class Shot:
    """One frame of one sensor; times are nanoseconds from the scenario's start."""

    modality: Modality
    number: int
    taken_ns: int
    arrived_ns: int  # what the host's clock says: late by the jitter
    device_ns: int | None
    lost: bool  # taken, but it never arrives
    shows: (
        int  # the number of the frame whose picture it carries: another while the shutter is shut
    )

    @property
    def frozen(self) -> bool:
        """Whether the thermal shutter was closed."""
        return self.shows != self.number


class Sensor:
    """The timing of one modality."""

    def __init__(self, scenario: Scenario, modality: Modality) -> None:
        self.modality = modality
        cameras = scenario.cameras
        thermal = modality is Modality.THERMAL
        self._fault: Fault = scenario.faults.thermal if thermal else scenario.faults.kinect
        self.rate_hz = _rate_hz(scenario, modality)
        self._gains = 1.0 + self._fault.drift_ppm * 1e-6  # device seconds a true second
        device = noise.key(scenario.seed, "thermal" if thermal else "kinect")
        period_ns = NS_PER_S / self.rate_hz
        self._phase_ns = round(_LATEST_PHASE * period_ns * noise.chance(device, 0))
        if modality in {Modality.DEPTH, Modality.IR}:
            self._phase_ns += round(min(_DEPTH_AFTER_COLOR_NS, 0.1 * period_ns))
        self._up_ns = round(_LONGEST_UP_S * noise.chance(device, 1) * NS_PER_S)
        self._tick_ns = _tick_ns(cameras, modality)
        self._late_key = noise.key(device, "late", modality)
        self._shutter = (
            Shutter(scenario.seed, period_s=shutter_period_s(cameras)) if thermal else None
        )

    def shot(self, number: int) -> Shot:
        """Return the frame of that number, from 0."""
        taken_ns = self._taken_ns(number)
        late_ns = round(self._fault.jitter_ms * NS_PER_MS * noise.chance(self._late_key, number))
        every = self._fault.drop_every
        return Shot(
            modality=self.modality,
            number=number,
            taken_ns=taken_ns,
            arrived_ns=taken_ns + late_ns,
            device_ns=self._device_ns(taken_ns),
            lost=every > 0 and number % every == every - 1,
            shows=self._shows(number),
        )

    def shots(self) -> Iterator[Shot]:
        """Yield all frames, without end."""
        return map(self.shot, itertools.count())

    def shutter_events(self, until_ns: int) -> list[ShutterEvent]:
        """Return when the shutter closes before then; no other sensor has one."""
        return [] if self._shutter is None else list(self._shutter.events(0, until_ns))

    def _taken_ns(self, number: int) -> int:
        # The sensor counts its period by its own clock.
        return self._phase_ns + round(number * NS_PER_S / self.rate_hz / self._gains)

    def _device_ns(self, taken_ns: int) -> int | None:
        if self._tick_ns is None:
            return None
        told_ns = self._up_ns + taken_ns + round(taken_ns * (self._gains - 1.0))
        return told_ns // self._tick_ns * self._tick_ns

    def _shows(self, number: int) -> int:
        """Return the last frame before the shutter closed, or the frame itself."""
        if self._shutter is None:
            return number
        taken_ns = self._taken_ns(number)
        event = self._shutter.last_before(taken_ns)
        if taken_ns >= event.opened_ns:
            return number
        last = number
        while last > 0 and self._taken_ns(last) >= event.closed_ns:
            last -= 1
        return last


def in_order(sensors: Iterable[Sensor]) -> Iterator[Shot]:
    """Yield the frames of all sensors as they are taken, without end."""
    return heapq.merge(*(sensor.shots() for sensor in sensors), key=lambda shot: shot.taken_ns)


def shutter_period_s(cameras: Cameras) -> float:
    """Return how often the thermal camera corrects itself."""
    return cameras.shutter_every_s or _NEVER_S


def _rate_hz(scenario: Scenario, modality: Modality) -> float:
    if modality is Modality.THERMAL:
        return scenario.cameras.thermal_hz
    if modality is Modality.COLOR and scenario.room.light < DIM_LIGHT:
        return min(scenario.cameras.kinect_hz, _DIM_HZ)  # it needs two periods of light
    return scenario.cameras.kinect_hz


def _tick_ns(cameras: Cameras, modality: Modality) -> int | None:
    if modality is not Modality.THERMAL:
        return _KINECT_TICK_NS
    return _THERMAL_TICK_NS if cameras.thermal_clock else None

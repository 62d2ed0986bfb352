"""All sensors of one rig: an ideal view goes in, what the devices would send comes out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from capture.sim.sensors.color import ColorSensor
from capture.sim.sensors.depth import DepthSensor
from capture.sim.sensors.ir import InfraredSensor
from capture.sim.sensors.shutter import Shutter
from capture.sim.sensors.thermal import ThermalSensor
from taver.core.errors import InputError
from taver.core.frames import FrameStatus, Modality

if TYPE_CHECKING:
    from capture.sim.ideal import Ideal
    from capture.sim.rig import Rig
    from capture.sim.scene import Room
    from capture.sim.sensors.exposure import Exposure
    from taver.core.frames import Pixels


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """One frame of each modality that the ideal view held."""

    pixels: dict[Modality, Pixels]
    status: dict[Modality, FrameStatus]
    exposure: Exposure | None  # of the colour picture, if there is one


class SensorSuite:
    """Takes pictures in order.

    Noise, holes, drift and shutter depend on the seed, the frame's number and its time alone. Two
    things remember: the automatic exposure, and the picture that the closed shutter repeats. So
    two suites that take the same frames in the same order agree in every byte.
    """

    def __init__(self, rig: Rig, seed: int, *, shutter_period_s: float = 180.0) -> None:
        if not shutter_period_s >= 1.0:
            raise InputError(
                f"The thermal shutter cannot close every {shutter_period_s} s",
                fix="give a second at least; the A65's own habit is about 180 s",
            )
        self._rig = rig
        self.shutter = Shutter(seed, period_s=shutter_period_s)
        color, ir, thermal = rig.color.camera, rig.ir.camera, rig.thermal.camera
        self._color = ColorSensor(seed, color.width_px, color.height_px)
        self._depth = DepthSensor(seed, ir.fx_px, rig.depth_shift_mm)
        self._ir = InfraredSensor(seed, ir.width_px, ir.height_px)
        self._thermal = ThermalSensor(seed, thermal.width_px, thermal.height_px, self.shutter)

    def take(self, ideal: Ideal, room: Room, number: int, t_ns: int) -> Taken:
        """Take frame `number`, `t_ns` after the simulation's start, of every picture there is."""
        self._check(ideal)
        pixels: dict[Modality, Pixels] = {}
        status: dict[Modality, FrameStatus] = {}
        exposure = None
        if ideal.color is not None:
            pixels[Modality.COLOR], exposure = self._color.take(
                ideal.color, room.light, number, t_ns
            )
        if ideal.depth_mm is not None:
            pixels[Modality.DEPTH] = self._depth.take(ideal.depth_mm, ideal.reflectance, number)
        if ideal.reflectance is not None:
            pixels[Modality.IR] = self._ir.take(ideal.reflectance, ideal.depth_mm, number)
        if ideal.thermal_k is not None:
            pixels[Modality.THERMAL], status[Modality.THERMAL] = self._thermal.take(
                ideal.thermal_k, number, t_ns
            )
        return Taken(
            pixels=pixels,
            status={modality: status.get(modality, FrameStatus.OK) for modality in pixels},
            exposure=exposure,
        )

    def _check(self, ideal: Ideal) -> None:
        """Compiled loops look at no bounds: what is of another size is refused here."""
        wrong = []
        for name, camera, picture in (
            ("color", self._rig.color.camera, ideal.color),
            ("depth_mm", self._rig.ir.camera, ideal.depth_mm),
            ("reflectance", self._rig.ir.camera, ideal.reflectance),
            ("thermal_k", self._rig.thermal.camera, ideal.thermal_k),
        ):
            size = (camera.height_px, camera.width_px)
            wanted = (*size, 3) if name == "color" else size
            if picture is not None and picture.shape != wanted:
                wrong.append(f"{name} is {picture.shape}, not {wanted}")
        if wrong:
            raise InputError(
                f"The ideal view does not fit the rig: {'; '.join(wrong)}",
                fix="draw it with the cameras of the same rig",
                problems=wrong,
            )

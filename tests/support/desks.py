"""A recording that only plays: statuses, pictures and a manifest, for tests of the desk alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from capture import glimpse
from capture.status import DeviceStatus, MachineStatus, SessionStatus, StreamStatus
from taver.core.clock import NS_PER_S, Epoch, VirtualClock
from taver.core.frames import (
    DeviceInfo,
    Frame,
    FrameStatus,
    Modality,
    Stamp,
    StreamInfo,
)
from taver.core.session.manifest import Manifest, Marker, Phase, State

if TYPE_CHECKING:
    from capture.glimpse import Glimpse

START_UNIX_NS = 1_800_000_000 * NS_PER_S
RIG = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)


def stream(modality, **given):
    """Return the status of a stream that is well."""
    return StreamStatus(
        modality=modality,
        **{"taken": 100, "stored": 100, "queue_size": 64, "rate_hz": 30.0, **given},
    )


def status(*streams, **given):
    """Return the status of a session of one machine that is well."""
    machine = MachineStatus(
        name="here",
        devices=(
            DeviceStatus(
                driver="pattern",
                serial="0",
                streams=streams or tuple(stream(m) for m in RIG),
                readings={"housing_celsius": 38.14},
            ),
        ),
        free_bytes=400_000_000_000,
        clock_error_us=given.pop("clock_error_us", 20.0),
    )
    told = {"session": "s01", "elapsed_s": 60.0, "planned_s": 900.0, "phase": ""}
    return SessionStatus(
        **{**told, "skew_ms": 9.0, "minutes_left_on_disk": 5000.0, **given}, machines=(machine,)
    )


def device(rate_hz=30.0, modalities=RIG):
    """Return a device that says it delivers so many frames a second."""
    return DeviceInfo(
        driver="pattern",
        model="test pattern",
        serial="0",
        simulated=True,
        streams=tuple(
            StreamInfo(modality=m, width_px=64, height_px=48, rate_hz=rate_hz, unit="mm")
            for m in modalities
        ),
    )


def picture(modality, pixels, number=0, *, status=FrameStatus.OK, unit=None, at_s=None) -> Glimpse:
    """Return a glimpse of these pixels."""
    at_ns = round((number * 0.5 if at_s is None else at_s) * NS_PER_S)
    stamp = Stamp(host_ns=at_ns, device_ns=None, number=number, status=status)
    units = {Modality.COLOR: "rgb8", Modality.DEPTH: "mm", Modality.THERMAL: "0.04 K"}
    frame = Frame(modality=modality, stamp=stamp, pixels=pixels)
    return glimpse.of(frame, unit or units.get(modality, "ir"))


def warm(celsius=34.0, share=0.1, room=22.0, seed=0):
    """Return thermal counts of a room in which so large a share is as warm as that."""
    counts = np.full((100, 120), round((room + 273.15) / 0.04), np.uint16)
    counts += np.random.default_rng(seed).integers(0, 3, counts.shape).astype(np.uint16)
    counts[: round(100 * share)] = round((celsius + 273.15) / 0.04)
    return counts


class Player:
    """Leads a recording of nothing, and keeps what the desk asks of it."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, ...]] = []
        self.shown = status()
        self.pictures: dict[Modality, Glimpse] = {}
        self.session = SimpleNamespace(
            manifest=Manifest(
                name="s01",
                participant=None,
                consent=None,
                simulated=True,
                state=State.RECORDING,
                epoch=Epoch(host_ns=0, unix_ns=START_UNIX_NS),
                devices=(),
                streams={},
            )
        )

    def status(self):
        """Return what was given to be shown."""
        return self.shown

    def glimpse(self, modality):
        """Return what was given to be seen."""
        return self.pictures.get(modality)

    def mark(self, name, note="", source="operator", unix_ns=None):
        """Keep a marker."""
        at_ns = self.now_unix_ns() if unix_ns is None else unix_ns
        marker = Marker(name=name, unix_ns=at_ns, note=note, source=source)
        self._put(markers=(*self.session.manifest.markers, marker))

    def begin_phase(self, name):
        """Keep a phase."""
        phase = Phase(name=name, start_unix_ns=self.now_unix_ns())
        self._put(phases=(*self.session.manifest.phases, phase))

    def end_phase(self):
        """Keep that the last has ended."""
        self.asked.append(("end phase",))

    def self_report(self, report):
        """Keep a report."""
        self._put(reports=(*self.session.manifest.reports, report))

    def close_shutter(self, why):
        """Keep that it was asked for, and when."""
        self.asked.append(("shutter", why, self.clock.now_ns() / NS_PER_S))

    def now_unix_ns(self):
        """Return the recording's time."""
        return self.session.manifest.epoch.to_unix_ns(self.clock.now_ns())

    def _put(self, **changed):
        self.session.manifest = msgspec.structs.replace(self.session.manifest, **changed)

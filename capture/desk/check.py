"""Is everything ready: what some seconds of all streams were like, said in words."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

import msgspec

from capture import words
from capture.desk.health import depth, face, flow, heat
from capture.desk.health.finding import Finding, Level
from capture.status import HappeningKind
from taver.core.errors import DeviceError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capture.desk.health.face import Box, Detector
    from capture.glimpse import Glimpse
    from capture.master.preview import Checkup, SessionPreview
    from capture.plan import Plan
    from capture.status import SessionStatus
    from taver.core.frames import DeviceInfo

SECONDS: Final = 5.0
_PACKETS: Final = "GevSCPSPacketSize"
_SMALL_PACKET, _JUMBO_PACKET = 1_400, 8_000
_SEEN_SHARE: Final = 0.5  # of the looks; people blink, turn and laugh
_WIDTH: Final = 80
_MARKS: Final = {Level.GOOD: "ok", Level.UNSURE: "--", Level.BAD: "NO"}


def verdicts(
    found: SessionPreview, checkup: Checkup, plan: Plan, detector: Detector | None
) -> list[Finding]:
    """Return what there is to say, in the order people go through a room."""
    told = [
        *_streams(found.devices, checkup, plan),
        *_face(checkup, detector),
        *_heat(checkup.glimpses.get(Modality.THERMAL, ())),
        *_packets(found.devices),
        *_machines(checkup.status, plan.seconds),
    ]
    told += [
        Finding(about="warning", level=Level.UNSURE, text=warning) for warning in found.warnings
    ]
    told += [
        Finding(about="device", level=Level.BAD, text=happened.text, fix=happened.fix)
        for happened in checkup.happenings
        if happened.kind is HappeningKind.LOST
    ]
    return told


def said(findings: Iterable[Finding]) -> list[str]:
    """Return the lines to print, none wider than a terminal."""
    lines = []
    for finding in findings:
        mark = _MARKS[finding.level]
        lines += textwrap.wrap(
            finding.text, _WIDTH, initial_indent=f"{mark}  ", subsequent_indent="    "
        )
        if finding.level is Level.BAD and finding.fix:
            lines += textwrap.wrap(
                finding.fix, _WIDTH, initial_indent="    fix  ", subsequent_indent="         "
            )
    return lines


def refuse(findings: Sequence[Finding]) -> None:
    """Raise DeviceError if anything that was found forbids a good recording."""
    bad = list(dict.fromkeys(f.about for f in findings if f.level is Level.BAD))
    if bad:
        raise DeviceError(
            f"Not ready to record: {', '.join(bad)}",
            fix="do what stands beside each NO, then check again",
        )


def _streams(devices: Iterable[DeviceInfo], checkup: Checkup, plan: Plan) -> list[Finding]:
    told = []
    of = flow.streams(checkup.status)
    for stream in (s for device in devices for s in device.streams):
        if not plan.wants(stream.modality):
            continue
        status = of.get(stream.modality)
        if status is None or not status.taken:
            told.append(
                Finding(
                    about=str(stream.modality),
                    level=Level.BAD,
                    text=f"{stream.modality} gave no frame",
                    fix="unplug that device and plug it in again; see taver devices",
                )
            )
            continue
        told.append(flow.rate(status, stream.rate_hz))
        lost = flow.losses(status)
        if lost:
            told.append(flow.drops(status, {}, checkup.status.elapsed_s))
    return told


def _face(checkup: Checkup, detector: Detector | None) -> list[Finding]:
    colors = checkup.glimpses.get(Modality.COLOR, ())
    if not colors:
        return []
    if detector is None:
        return [Finding(about=face.ABOUT, level=Level.UNSURE, text=face.NOT_LOOKED_FOR)]
    boxes = [detector(glimpse.pixels) for glimpse in colors]  # type: ignore[arg-type]  # uint8
    seen = [(glimpse, box) for glimpse, box in zip(colors, boxes, strict=True) if box is not None]
    if len(seen) < _SEEN_SHARE * len(colors):
        found = face.judged(None, seen_before=False)
        text = f"a face is found in {len(seen)} of {len(colors)} colour pictures"
        return [msgspec.structs.replace(found, text=text)]
    told = [
        Finding(
            about=face.ABOUT,
            level=Level.GOOD,
            text=f"a face is found in {len(seen)} of {len(colors)} colour pictures",
        )
    ]
    depths = checkup.glimpses.get(Modality.DEPTH, ())
    if depths:
        told.append(_depth(seen, depths))
    return told


def _depth(seen: Sequence[tuple[Glimpse, Box]], depths: Sequence[Glimpse]) -> Finding:
    """Return the middle one of what was found on each face, by the share that has depth."""
    found = []
    for glimpse, box in seen:
        near = min(depths, key=lambda other: abs(other.host_ns - glimpse.host_ns))
        found.append((depth.on_face(box, near.pixels)[0], depth.judged(box, near.pixels)))
    found.sort(key=lambda pair: pair[0])
    return found[len(found) // 2][1]


def _heat(thermals: Sequence[Glimpse]) -> list[Finding]:
    if not thermals:
        return []
    told: list[Finding] = []
    warmths = [heat.judged(glimpse.pixels, glimpse.unit) for glimpse in thermals]
    known = [warmth for warmth in warmths if warmth is not None]
    if known:
        told.append(known[-1])
    else:
        told.append(
            Finding(
                about=heat.WARMTH,
                level=Level.UNSURE,
                text=f"thermal counts are {thermals[-1].unit!r}, not kelvin: no temperature "
                "can be told",
            )
        )
    standing = heat.standing(thermals[0])
    for glimpse in thermals[1:]:
        standing = standing.after(glimpse)
    told.append(standing.judged())
    return told


def _packets(devices: Iterable[DeviceInfo]) -> list[Finding]:
    """Say how large the packets of network cameras are, where a driver tells."""
    told = []
    for device in devices:
        text = device.settings.get(_PACKETS, "")
        if not text.isdecimal():
            continue
        size = int(text)
        name = f"{device.model or device.driver} {device.serial}"
        if size >= _JUMBO_PACKET:
            told.append(
                Finding(about="packets", level=Level.GOOD, text=f"{name}: packets of {size} bytes")
            )
            continue
        small = size < _SMALL_PACKET
        told.append(
            Finding(
                about="packets",
                level=Level.BAD if small else Level.UNSURE,
                text=f"{name}: packets of {size} bytes; larger ones spare the processor",
                fix="set the network card's MTU to 9000 (jumbo frames), then check again",
            )
        )
    return told


def _machines(status: SessionStatus, seconds_planned: float) -> list[Finding]:
    # What records on this machine goes by its clock, and onto its disk.
    away = [machine for machine in status.machines if machine.clock_error_us]
    here = [machine.free_bytes for machine in status.machines if not machine.clock_error_us]
    told = [flow.clock(machine.name, machine.clock_error_us) for machine in away]
    disks = [(f"the disk of {machine.name}", machine.free_bytes) for machine in away]
    disks += [("the disk", min(here))] if here else []
    told += [
        Finding(about="disk", level=Level.GOOD, text=f"{whose} has {words.size(free)} free")
        for whose, free in disks
    ]
    left = status.minutes_left_on_disk
    if left is not None:
        planned = msgspec.structs.replace(status, planned_s=seconds_planned, elapsed_s=0.0)
        found = flow.disk(planned)
        if found is not None:
            text = (
                f"the disk lasts for {words.disk_time(left)}; "
                f"{words.minutes(seconds_planned)} are planned"
            )
            told.append(msgspec.structs.replace(found, text=text))
    return told

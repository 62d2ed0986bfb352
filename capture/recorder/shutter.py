"""Closes thermal cameras' shutters, and marks when they were closed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from capture.status import HappeningKind
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.errors import TaverError
from taver.core.frames import FrameStatus, Shuttered
from taver.core.session.manifest import Marker

if TYPE_CHECKING:
    from collections.abc import Callable

    from capture.recorder.course import Course
    from capture.recorder.device import Device
    from taver.core.frames import Modality, Stamp

SHUTTER: Final = "shutter"


class ShutterLog:
    """The closings of one device's shutter, as its frames tell of them."""

    def __init__(self, name: str, course: Course) -> None:
        self._name = name
        self._course = course
        self._closed_ns: dict[Modality, int] = {}

    def see(self, modality: Modality, stamp: Stamp) -> None:
        """Look whether the picture of a frame stands still."""
        if stamp.status & FrameStatus.FROZEN:
            self._closed_ns.setdefault(modality, stamp.host_ns)
        elif modality in self._closed_ns:
            self._opened(modality, stamp.host_ns)

    def end(self, now_ns: int) -> None:
        """Mark what was closed until the end."""
        for modality in list(self._closed_ns):
            self._opened(modality, now_ns)

    def _opened(self, modality: Modality, host_ns: int) -> None:
        closed_ns = self._closed_ns.pop(modality)
        note = f"{self._name}: the {modality} picture stood still"
        self._course.mark(
            Marker(
                name=SHUTTER,
                unix_ns=self._course.unix_ns(closed_ns),
                until_unix_ns=self._course.unix_ns(host_ns),
                note=note,
                source=SHUTTER,
            )
        )
        self._course.tell(
            HappeningKind.SHUTTER,
            closed_ns,
            f"{note} for {(host_ns - closed_ns) / NS_PER_S:.1f} s",
            modality=modality,
            until_host_ns=host_ns,
        )


def set_automatic(device: Device, course: Course, *, automatic: bool) -> None:
    """Let a camera close its shutter when it likes, or only when told; if it has one."""
    if isinstance(device.source.driver, Shuttered):
        how = "when it likes" if automatic else "when told"
        act = partial(device.set_shutter, automatic=automatic)
        _do(device, course, act, f"closes its shutter {how}")


def close(device: Device, course: Course) -> bool:
    """Close a camera's shutter and mark it; tell whether there is one."""
    driver = device.source.driver
    if not isinstance(driver, Shuttered):
        return False
    began_ns = _do(device, course, driver.close_shutter, "was told to close its shutter")
    if began_ns is not None:
        note = f"{device.name} was told to close it"
        unix_ns = course.unix_ns(began_ns)
        course.mark(Marker(name=SHUTTER, unix_ns=unix_ns, note=note, source=SHUTTER))
    return True


def _do(device: Device, course: Course, act: Callable[[], None], what: str) -> int | None:
    """Let a camera do it and tell what it answers; return when, or None where it refused."""
    clock = device.source.clock
    began_ns = clock.now_ns()
    try:
        act()
    except Exception as error:  # noqa: BLE001  a camera that refuses goes on recording
        fix = error.fix if isinstance(error, TaverError) else "see the camera's manual"
        text = f"{device.name} refuses its shutter: {error}"
        course.tell(HappeningKind.WARNING, began_ns, text, fix=fix)
        return None
    took_ms = (clock.now_ns() - began_ns) / NS_PER_MS
    course.tell(HappeningKind.SHUTTER, began_ns, f"{device.name} {what}: done in {took_ms:.0f} ms")
    return began_ns

"""libfreenect2 as Python sees it: the shim's functions, declared for ctypes."""

from __future__ import annotations

import ctypes
import math
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.errors import DeviceError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

COLOR, IR, DEPTH = 1, 2, 4
UNTOLD, RAW, FLOAT, BGRX, RGBX = 0, 1, 2, 4, 5
_ABI: Final = 1
_BYTES_PER_PIXEL: Final = 4  # of colour with an unused one, and of the others' floats
_TEXT_BYTES: Final = 2048


class _Frame(ctypes.Structure):
    """As shim.cpp declares it."""

    _fields_ = (
        ("host_ns", ctypes.c_int64),
        ("pixels", ctypes.c_void_p),
        ("held", ctypes.c_void_p),
        ("type", ctypes.c_uint32),
        ("format", ctypes.c_uint32),
        ("width_px", ctypes.c_uint32),
        ("height_px", ctypes.c_uint32),
        ("bytes_per_pixel", ctypes.c_uint32),
        ("ticks", ctypes.c_uint32),
        ("number", ctypes.c_uint32),
        ("status", ctypes.c_uint32),
        ("exposure", ctypes.c_float),
        ("gain", ctypes.c_float),
    )


class Taken(NamedTuple):
    """A frame as libfreenect2 gave it; its pixels are gone when it is released."""

    host_ns: int
    kind: int
    form: int
    ticks: int
    number: int
    status: int
    exposure: float
    gain: float
    values: npt.NDArray[np.uint8] | npt.NDArray[np.float32]
    held: _Frame


class FactoryNumbers(NamedTuple):
    """The device's own calibration, for its mirrored pictures."""

    color: tuple[float, ...]  # fx fy cx cy
    ir: tuple[float, ...]  # fx fy cx cy k1 k2 k3 p1 p2


class Library:
    """The shim, loaded."""

    def __init__(self, path: Path) -> None:
        try:
            self._calls = ctypes.CDLL(str(path))
            self._declare()
        except (OSError, AttributeError) as error:
            raise MissingExtraError(
                f"{path} cannot be loaded as the shim to libfreenect2: {error}",
                fix="delete that file: taver builds it again; or reinstall libfreenect2",
            ) from None
        if self._calls.taver_k2_abi() != _ABI:
            raise MissingExtraError(
                f"{path} is a shim of another version of taver",
                fix="leave the key shim out, so that taver builds its own",
            )

    def serials(self) -> list[str]:
        """Return the serial numbers of the devices that are there."""
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        count = self._calls.taver_k2_list(text, _TEXT_BYTES)
        if count < 0:
            raise DeviceError(
                f"libfreenect2 cannot look for devices: {_told(text)}",
                fix="check that this user may use USB devices (90-kinect2.rules)",
            )
        return [line for line in _told(text).splitlines() if line]

    def open(self, serial: str, pipeline: str) -> Device:
        """Open a device, by its serial number or the first one."""
        problem = ctypes.create_string_buffer(_TEXT_BYTES)
        handle = self._calls.taver_k2_open(serial.encode(), pipeline.encode(), problem, _TEXT_BYTES)
        if not handle:
            raise _not_opened(serial, _told(problem), self.serials())
        return Device(self._calls, handle)

    def _declare(self) -> None:
        calls = self._calls
        text, whole, handle = ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p
        for name, result, takes in (
            ("abi", whole, []),
            ("list", whole, [text, whole]),
            ("open", handle, [text, text, text, whole]),
            ("about", None, [handle, text, text, whole]),
            ("start", whole, [handle, whole]),
            ("listen", None, [handle, whole]),
            ("cameras", whole, [handle, *[ctypes.POINTER(ctypes.c_float)] * 2]),
            ("next", whole, [handle, whole, ctypes.POINTER(_Frame)]),
            ("release", None, [ctypes.POINTER(_Frame)]),
            ("complaint", None, [text, whole]),
            ("close", None, [handle]),
        ):
            call = getattr(calls, f"taver_k2_{name}")
            call.restype, call.argtypes = result, takes


class Device:
    """One open Kinect v2."""

    def __init__(self, calls: ctypes.CDLL, handle: int) -> None:
        self._calls = calls
        self._handle: int | None = handle
        self._turn = threading.Lock()

    def about(self) -> tuple[str, str]:
        """Return its serial number, and of a device that was started its firmware's version."""
        serial, firmware = (ctypes.create_string_buffer(_TEXT_BYTES) for _ in range(2))
        self._calls.taver_k2_about(self._handle, serial, firmware, _TEXT_BYTES)
        return _told(serial), _told(firmware)

    def cameras(self) -> FactoryNumbers:
        """Return its own calibration, of a device that was started."""
        color, ir = (ctypes.c_float * 4)(), (ctypes.c_float * 9)()
        if not self._calls.taver_k2_cameras(self._handle, color, ir):
            raise DeviceError(
                "The Kinect does not tell its calibration", fix="unplug it and plug it in again"
            )
        return FactoryNumbers(tuple(color), tuple(ir))

    def start(self, wanted: int) -> bool:
        """Start the streams of these kinds; tell whether the device agreed."""
        return bool(self._calls.taver_k2_start(self._handle, wanted))

    def listen(self, wanted: int) -> None:
        """Keep frames of these kinds from now on."""
        self._calls.taver_k2_listen(self._handle, wanted)

    def complaint(self) -> str:
        """Return what the library last complained of, or nothing."""
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        self._calls.taver_k2_complaint(text, _TEXT_BYTES)
        return _told(text)

    def next(self, timeout_s: float) -> Taken | None:
        """Wait so long for a frame; whoever gets one releases it."""
        frame = _Frame()
        with self._turn:
            if self._handle is None:
                return None
            if not self._calls.taver_k2_next(self._handle, round(1000 * timeout_s), frame):
                return None
        try:
            values = _values(frame)
        except DeviceError:
            self._calls.taver_k2_release(frame)
            raise
        return Taken(
            host_ns=frame.host_ns,
            kind=frame.type,
            form=frame.format,
            ticks=frame.ticks,
            number=frame.number,
            status=frame.status,
            exposure=frame.exposure,
            gain=frame.gain,
            values=values,
            held=frame,
        )

    def release(self, taken: Taken) -> None:
        """Give a frame's memory back."""
        self._calls.taver_k2_release(taken.held)

    def close(self) -> None:
        """Stop it and let go of it; may be called twice."""
        with self._turn:
            if self._handle is not None:
                self._calls.taver_k2_close(self._handle)
                self._handle = None


def _values(frame: _Frame) -> npt.NDArray[np.uint8] | npt.NDArray[np.float32]:
    """Return a view of the pixels: no copy yet."""
    if frame.format == RAW or frame.bytes_per_pixel != _BYTES_PER_PIXEL:
        raise DeviceError(
            f"libfreenect2 gives frames in a form that taver does not know (format {frame.format}, "
            f"{frame.bytes_per_pixel} bytes a pixel)",
            fix="choose another pipeline, such as pipeline = 'cpu'",
        )
    shape = (frame.height_px, frame.width_px)
    raw = (ctypes.c_uint8 * (math.prod(shape) * _BYTES_PER_PIXEL)).from_address(frame.pixels)
    if frame.type == COLOR:
        return np.frombuffer(raw, np.uint8).reshape(*shape, _BYTES_PER_PIXEL)
    return np.frombuffer(raw, np.float32).reshape(shape)


def _not_opened(serial: str, problem: str, there: list[str]) -> DeviceError:
    what = f"The Kinect {serial}" if serial else "The Kinect"
    if not there:
        return DeviceError(
            "No Kinect v2 is found",
            fix="plug it into a USB 3 port and its own power supply; where it is plugged in, "
            "install 90-kinect2.rules of libfreenect2, so that this user may open it",
        )
    if serial and serial not in there:
        return DeviceError(
            f"{what} is not there (there is: {', '.join(there)})", fix="choose one of these"
        )
    return DeviceError(
        f"{what} cannot be opened: {problem or 'libfreenect2 gives no reason'}",
        fix="close the program that uses it; or unplug it and plug it in again",
    )


def _told(text: ctypes.Array[ctypes.c_char]) -> str:
    return text.value.decode(errors="replace").strip()

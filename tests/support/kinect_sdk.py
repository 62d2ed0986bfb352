"""A stand-in for Microsoft's Kinect SDK: COM objects as pykinect2 declares them, and events."""

# ruff: noqa: N802  the names are the SDK's

from __future__ import annotations

import ctypes
import itertools
import threading
import time
from typing import ClassVar

import numpy as np

from taver.core.frames import Modality

E_PENDING = -2147483638
SERIAL = "1234567890"
SIZE = {Modality.COLOR: (1080, 1920), Modality.DEPTH: (424, 512), Modality.IR: (424, 512)}
PERIOD_TICKS = 333_333
_TYPE = {Modality.COLOR: ctypes.c_ubyte}


class ComError(Exception):
    """As `_ctypes.COMError`, which there is on Windows only."""

    def __init__(self, hresult: int) -> None:
        super().__init__(hresult)
        self.hresult = hresult


class StandIn:
    """The SDK as the driver sees it, and what it shall do wrong."""

    def __init__(
        self,
        *,
        period_s=0.01,
        plugged_in=True,
        appears_after_s=0.0,
        dim=False,
        lose_every=0,
        unplug_after=None,
    ):
        self.period_s = period_s
        self.plugged_in = plugged_in
        self.appears_after_s = appears_after_s
        self.dim = dim
        self.lose_every = lose_every
        self.unplug_after = unplug_after
        self.came = threading.Condition()
        self.made: list[Sensor] = []

    def sensor(self):
        self.made.append(Sensor(self))
        return self.made[-1]

    def serial(self, sensor):
        assert sensor in self.made
        return SERIAL

    def wait(self, events, timeout_s):
        def first():
            return next((n for n, event in enumerate(events) if Reader.of[event].is_set), None)

        with self.came:
            self.came.wait_for(lambda: first() is not None, timeout_s)
            return first()

    def is_pending(self, error):
        return isinstance(error, ComError) and error.hresult == E_PENDING


class Sensor:
    """IKinectSensor."""

    def __init__(self, sdk):
        self._sdk = sdk
        self.is_open = False
        self._opened_s = 0.0
        for modality, name in (
            (Modality.COLOR, "ColorFrameSource"),
            (Modality.DEPTH, "DepthFrameSource"),
            (Modality.IR, "InfraredFrameSource"),
        ):
            setattr(self, name, Source(sdk, self, modality))

    def Open(self):
        self.is_open, self._opened_s = True, time.monotonic()

    def Close(self):
        self.is_open = False

    @property
    def IsAvailable(self):
        waited_s = time.monotonic() - self._opened_s
        return self.is_open and self._sdk.plugged_in and waited_s >= self._sdk.appears_after_s


class Source:
    """IColorFrameSource and its like."""

    def __init__(self, *made_of):
        self._made_of = made_of

    def OpenReader(self):
        return Reader(*self._made_of)


class Reader:
    """IColorFrameReader and its like: one event, and the latest frame."""

    of: ClassVar[dict[int, Reader]] = {}
    _handles = itertools.count(2**33, 4)  # wider than an int, as handles may be

    def __init__(self, sdk, sensor, modality):
        self._sdk, self._sensor, self._modality = sdk, sensor, modality
        self.is_set = False
        self._latest = None
        self.held = False
        self._handle = next(Reader._handles)
        Reader.of[self._handle] = self

    def SubscribeFrameArrived(self):
        threading.Thread(target=self._run, daemon=True).start()
        return self._handle

    def UnsubscribeFrameArrived(self, handle):
        assert handle == self._handle
        self._sensor.is_open = False

    def GetFrameArrivedEventData(self, handle):
        assert handle == self._handle
        with self._sdk.came:
            self.is_set = False
        return object()

    def AcquireLatestFrame(self):
        with self._sdk.came:
            number, self._latest = self._latest, None
            if number is None or self.held:
                raise ComError(E_PENDING)
            self.held = True
            return Shot(self, self._modality, number, self._step)

    @property
    def _step(self):
        return 2 if self._sdk.dim and self._modality is Modality.COLOR else 1

    def _run(self):
        lost = self._sdk.lose_every
        for number in itertools.count():
            time.sleep(self._sdk.period_s * self._step)
            if not self._sensor.is_open:
                return
            if self._sdk.unplug_after is not None and number >= self._sdk.unplug_after:
                continue
            if lost and number % lost == lost - 1:
                continue
            with self._sdk.came:
                self._latest, self.is_set = number, True
                self._sdk.came.notify_all()


class Settings:
    """IColorCameraSettings."""

    def __init__(self, interval):
        self.FrameInterval = interval


class Shot:
    """IColorFrame and its like; while it lives, no other comes."""

    def __init__(self, reader, modality, number, step):
        self._reader, self._modality, self._number, self._step = reader, modality, number, step

    def __del__(self):
        self._reader.held = False

    @property
    def RelativeTime(self):
        return 70_000_000 + self._number * self._step * PERIOD_TICKS + self._number % 3

    @property
    def ColorCameraSettings(self):
        return Settings(self._step * PERIOD_TICKS)

    def CopyConvertedFrameDataToArray(self, capacity, at, form):
        assert isinstance(at, ctypes.POINTER(ctypes.c_ubyte))
        assert form == 3  # BGRA
        height, width = SIZE[Modality.COLOR]
        true = np.empty((height, width, 4), np.uint8)
        true[..., 0], true[..., 3] = self._number % 256, 255
        true[..., 1] = np.linspace(0, 255, height).astype(np.uint8)[:, None]
        true[..., 2] = np.linspace(0, 255, width).astype(np.uint8)
        self._copy(capacity, at, true[:, ::-1])

    def CopyFrameDataToArray(self, capacity, at):
        assert isinstance(at, ctypes.POINTER(ctypes.c_ushort))
        height, width = SIZE[self._modality]
        true = np.tile(np.arange(500, 500 + width, dtype=np.uint16), (height, 1))
        true[0] = self._number
        self._copy(capacity, at, true[:, ::-1])

    def _copy(self, capacity, at, mirrored):
        assert capacity == mirrored.size
        data = np.ascontiguousarray(mirrored)
        ctypes.memmove(at, data.ctypes.data, data.nbytes)

"""Microsoft's Kinect SDK on Windows: the sensor, and waiting for the events of its readers."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any, Final, Protocol

from capture.kinect2 import definitions
from taver.core.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIMEOUT: Final = 0x102
_FAILED: Final = 0xFFFFFFFF
_E_PENDING: Final = -2147483638  # 0x8000000A: no new frame
_SERIAL_LETTERS: Final = 256
NO_SERIAL: Final = "default"


class Sdk(Protocol):
    """What the driver asks of the SDK; `sensor` is an IKinectSensor as pykinect2 declares it."""

    def sensor(self) -> Any:
        """Return the machine's Kinect; it need not be plugged in yet."""
        ...

    def serial(self, sensor: Any) -> str:
        """Return the sensor's own identifier."""
        ...

    def wait(self, events: Sequence[int], timeout_s: float) -> int | None:
        """Return the place of an event that has come, or None after so long."""
        ...

    def is_pending(self, error: Exception) -> bool:
        """Tell whether an error only says that there is no new frame."""
        ...


class WindowsSdk:
    """The real one."""

    def __init__(self) -> None:
        self._declared = definitions.load()
        self._kernel = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009  on Windows only
        self._wait = self._kernel.WaitForMultipleObjects
        self._wait.argtypes = [
            ctypes.c_uint32,
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.c_int,
            ctypes.c_uint32,
        ]
        self._wait.restype = ctypes.c_uint32

    def sensor(self) -> Any:
        """Return the machine's Kinect; the SDK knows one only."""
        sensor = ctypes.POINTER(self._declared.IKinectSensor)()
        library = getattr(ctypes, "WinDLL")("Kinect20")  # noqa: B009  on Windows only
        result = library.GetDefaultKinectSensor(ctypes.byref(sensor))
        if result < 0 or not sensor:
            raise DeviceError(
                f"The Kinect SDK gives no sensor (0x{result & 0xFFFFFFFF:08X})",
                fix="repair the Kinect for Windows SDK 2.0; its Configuration Verifier tells more",
            )
        return sensor

    def serial(self, sensor: Any) -> str:
        """Return the sensor's unique name, past a declaration that makes room for one letter."""
        letters = (ctypes.c_ushort * _SERIAL_LETTERS)()
        try:
            call = sensor._IKinectSensor__com__get_UniqueKinectId  # noqa: SLF001  comtypes' name for the bare call
            call(_SERIAL_LETTERS, letters)
        except (AttributeError, OSError, ctypes.ArgumentError):
            return NO_SERIAL
        told = bytes(letters).decode("utf-16-le", errors="replace").split("\0", 1)[0]
        return told or NO_SERIAL

    def wait(self, events: Sequence[int], timeout_s: float) -> int | None:
        """Wait for the first of these events."""
        handles = (ctypes.c_void_p * len(events))(*events)
        came: int = self._wait(len(events), handles, 0, round(1000 * timeout_s))
        if came == _TIMEOUT:
            return None
        if came == _FAILED or came >= len(events):
            raise DeviceError(
                f"Windows cannot wait for the Kinect (wait gave 0x{came:X})",
                fix="unplug it and plug it in again",
            )
        return came

    def is_pending(self, error: Exception) -> bool:
        """Tell E_PENDING from all other errors of COM."""
        return getattr(error, "hresult", None) == _E_PENDING


def missing() -> str | None:
    """Return what to install or to choose instead, or None if the SDK can be tried."""
    if sys.platform != "win32":
        return "use the driver kinect2_linux here; the Kinect for Windows SDK 2.0 is for Windows"
    return definitions.missing()

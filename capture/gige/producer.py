"""One camera behind a GenTL producer, in the hands of harvesters: its nodes, and its frames."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from capture.gige.taking import Grabbed
from taver.core import install
from taver.core.clock import NS_PER_S
from taver.core.errors import (
    BusyError,
    DeviceError,
    InputError,
    MissingExtraError,
    NotFoundError,
    TaverError,
)

if TYPE_CHECKING:
    from taver.core.clock import Clock
    from taver.core.frames import Pixels

ENVIRONMENT: Final = "GENICAM_GENTL64_PATH"  # folders of producers, as their installers set it
# Of colour pictures: which formats are taken, and how many values a pixel has in them.
COLOURS: Final = {"RGB8": 3, "RGBa8": 4}
_BUSY: Final = (3, 4, 5)  # GenTL's access states: not reachable, another's, open in this process
_MS_PER_S: Final = 1_000


class Producing:
    """One camera in the hands of harvesters: its nodes, and its frames."""

    def __init__(self, producers: list[Path], serial: str, buffers: int, clock: Clock) -> None:
        self._clock = clock
        self._turn = threading.RLock()  # over the nodes
        self._hands = threading.RLock()  # nothing is let go under a thread that waits for a frame
        self._running = False
        self._harvester: Any = harvester()()
        try:
            for path in producers:
                self._harvester.add_file(str(path), check_existence=True, check_validity=True)
            self._harvester.update()
            chosen = _chosen(self._harvester.device_info_list, serial)
            told = chosen.property_dict
            self.vendor, self.model, self.version = (
                str(told.get(name) or "").strip() for name in ("vendor", "model", "version")
            )
            self.serial = str(told["serial_number"])
            self.producer = ", ".join(path.name for path in producers)
            self._camera: Any = self._harvester.create(chosen)
            self._camera.num_buffers = buffers
        except TaverError:
            self._harvester.reset()
            raise
        except Exception as error:  # the producer's errors have no class of their own in common
            self._harvester.reset()
            raise DeviceError(
                f"The GenTL producer {', '.join(map(str, producers))} gives no camera: {error}",
                fix="see that it is this machine's (64 bit), whole, and the camera is not open in "
                "another program",
            ) from error

    def read(self, name: str) -> str | None:
        """Return a node's value, or None if the camera has no such node or does not tell."""
        with self._turn:
            if self._camera is None:
                return None
            nodes = self._camera.remote_device.node_map
            try:
                return str(nodes.get_node(name).to_string()) if nodes.has_node(name) else None
            except Exception:  # noqa: BLE001  whatever it says, the value is not known
                return None

    def write(self, name: str, value: str) -> None:
        """Set a node; raises DeviceError if the camera has none or refuses."""
        self._do(name, lambda node: node.from_string(value), f"be set to {value}")

    def execute(self, name: str) -> None:
        """Let the camera do what a command node stands for; raises DeviceError if it cannot."""
        self._do(name, lambda node: node.execute(), "be executed")

    def begin(self) -> None:
        """Let the camera send."""
        with self._hands:
            if self._camera is None:
                raise DeviceError(f"The camera {self.serial} was closed", fix="open it again")
            try:
                self._camera.start()
            except Exception as error:
                raise self._gone(error) from error
            self._running = True

    def grab(self, timeout_ms: int) -> Grabbed | None:
        """Return the next complete frame, or None if none came in time."""
        with self._hands:
            return self._grabbed(timeout_ms) if self._running else None

    def end(self) -> bool:
        """Let the camera send no more; harvesters throws away what is under way."""
        with self._hands:
            if self._running:
                self._running = False
                try:
                    self._camera.stop()
                except Exception as error:
                    raise self._gone(error) from error
        return False

    def close(self) -> None:
        """Give the camera back; what a producer complains of on the way out changes nothing."""
        with self._hands, self._turn:
            camera, self._camera = self._camera, None
            self._running = False
            if camera is None:
                return
            for step in (camera.stop, camera.destroy, self._harvester.reset):
                try:
                    step()
                except Exception:  # noqa: BLE001, S112  each step is to be tried
                    continue

    def _grabbed(self, timeout_ms: int) -> Grabbed | None:
        try:
            buffer = self._camera.try_fetch(timeout=timeout_ms / _MS_PER_S)
            host_ns = self._clock.now_ns()
            if buffer is None:
                return None
            try:
                return Grabbed(
                    block_id=int(buffer.module.frame_id),
                    host_ns=host_ns,
                    device_ns=_device_ns(buffer),
                    incomplete=False,
                    pixels=_pixels(buffer.payload.components[0]),
                )
            finally:
                buffer.queue()
        except TaverError:
            raise
        except Exception as error:
            raise self._gone(error) from error

    def _do(self, name: str, deed: Any, what: str) -> None:
        with self._turn:
            if self._camera is None:
                raise DeviceError(f"The camera {self.serial} was closed", fix="open it again")
            nodes = self._camera.remote_device.node_map
            if not nodes.has_node(name):
                raise DeviceError(f"The camera has no node {name}", fix="leave it out")
            try:
                deed(nodes.get_node(name))
            except Exception as error:
                raise DeviceError(
                    f"{name} cannot {what}: {error}", fix="leave it as it is"
                ) from error

    def _gone(self, error: Exception) -> DeviceError:
        return DeviceError(
            f"The camera {self.serial} of {self.producer} failed: {error}",
            fix="check its cable and power, then open it again",
        )


def _pixels(picture: Any) -> Pixels:
    """Copy a picture out of the producer's memory."""
    shape = (int(picture.height), int(picture.width))
    values = COLOURS.get(picture.data_format)
    if values is not None:
        whole = np.asarray(picture.data, dtype=np.uint8).reshape(*shape, values)
        return np.ascontiguousarray(whole[:, :, :3]) if values > 3 else whole.copy()
    return np.array(picture.data, dtype=np.uint16).reshape(shape)


def _device_ns(buffer: Any) -> int | None:
    """Return the camera's time of a frame; a producer may have none."""
    try:
        ticks, hertz = int(buffer.timestamp), int(buffer.timestamp_frequency)
    except Exception:  # noqa: BLE001  harvesters stumbles where a producer tells no times
        return None
    return ticks * NS_PER_S // hertz if ticks > 0 and hertz > 0 else None


def _chosen(devices: list[Any], serial: str) -> Any:
    """Return the one that is meant; raises NotFoundError, DeviceError or BusyError."""
    there = [f"there is {d.vendor} {d.model} {d.serial_number}" for d in devices]
    fitting = [d for d in devices if not serial or d.serial_number == serial]
    if not fitting:
        raise NotFoundError(
            f"The GenTL producer finds no camera {serial}".rstrip(),
            fix="check its cable and power, and the serial",
            problems=there,
        )
    if len(fitting) > 1:
        raise DeviceError(
            f"The GenTL producer finds {len(fitting)} cameras"
            + (f" of the serial {serial}" if serial else ""),
            fix="unplug all but one" if serial else "name the serial of one of them",
            problems=there,
        )
    if fitting[0].access_status in _BUSY:
        raise BusyError(
            f"The camera {fitting[0].serial_number} is in the hands of another program",
            fix="close it there",
        )
    return fitting[0]


def producers(cti: str, *, environment: bool) -> list[Path]:
    """Return the producers that were named; raises if there is none, or one is not there."""
    folders = os.environ.get(ENVIRONMENT, "").split(os.pathsep) if environment else []
    told = [Path(cti)] if cti else []
    told += [
        file for folder in filter(None, folders) for file in sorted(Path(folder).glob("*.cti"))
    ]
    if not told:
        raise InputError(
            "No GenTL producer is named"
            + (f", and {ENVIRONMENT} leads to none" if environment else ""),
            fix="give the path of the maker's .cti file as cti",
        )
    lacking = [str(path) for path in told if not path.is_file()]
    if lacking:
        raise NotFoundError(
            f"There is no GenTL producer {', '.join(lacking)}",
            fix="give the path of the .cti file as it stands on this machine",
        )
    return told


def harvester() -> Any:
    """Import harvesters; raises MissingExtraError with what to install."""
    try:
        from harvesters.core import Harvester
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed", fix=install.with_extra("flir")
        ) from None
    except ImportError as error:  # the wheel of genicam needs the interpreter's shared library
        library = f"libpython{sys.version_info.major}.{sys.version_info.minor}"
        raise MissingExtraError(
            f"genicam cannot be loaded: {error}", fix=install.apt(library)
        ) from None
    # It tells every error twice: raised, and printed with a traceback.
    logging.getLogger("harvesters").setLevel(logging.CRITICAL)
    logging.getLogger("harvesters.core").setLevel(logging.CRITICAL)
    return Harvester

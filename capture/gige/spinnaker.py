"""One camera in the hands of the vendor's Spinnaker SDK: its nodes, and its frames.

Written against the SDK's documentation and tested against a stand-in that behaves as that says; it
has not been run with the SDK itself, which cannot be had without the vendor's licence.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from capture.gige.taking import Grabbed
from taver.core.errors import BusyError, DeviceError, MissingExtraError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.clock import Clock

INSTALL: Final = (
    "install the Spinnaker SDK from teledynevisionsolutions.com, then the PySpin wheel beside it "
    "that fits this Python: pip install spinnaker_python-*.whl"
)
_TIMEOUT: Final = -1011  # SPINNAKER_ERR_TIMEOUT
_TAKEN: Final = (-1004, -1005)  # SPINNAKER_ERR_RESOURCE_IN_USE, SPINNAKER_ERR_ACCESS_DENIED


class Seen(NamedTuple):
    """What the SDK says of a camera without opening it."""

    vendor: str
    model: str
    serial: str
    address: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.model} {self.serial} {self.address}".strip()


def pyspin() -> Any:
    """Import PySpin; raises MissingExtraError with what to install."""
    try:
        import PySpin
    except ImportError as error:
        raise MissingExtraError(f"PySpin cannot be imported: {error}", fix=INSTALL) from None
    return PySpin


@contextlib.contextmanager
def _cameras(spin: Any) -> Iterator[list[Any]]:
    """Lend the SDK's cameras; the SDK breaks if its instance goes before the last of them."""
    system = spin.System.GetInstance()
    listed = system.GetCameras()
    try:
        held = [listed.GetByIndex(place) for place in range(listed.GetSize())]
        yield held
        held.clear()
    finally:
        listed.Clear()
        del listed
        system.ReleaseInstance()


def seen() -> list[Seen]:
    """List the cameras that the SDK finds."""
    spin = pyspin()
    with _cameras(spin) as cameras:
        return [_seen(spin, camera) for camera in cameras]


def _seen(spin: Any, camera: Any) -> Seen:
    nodes = Nodes(spin, camera.GetTLDeviceNodeMap())
    vendor, model, serial = (
        (nodes.read(name) or "").strip()
        for name in ("DeviceVendorName", "DeviceModelName", "DeviceSerialNumber")
    )
    address = _dotted(nodes.read("GevDeviceIPAddress"))
    return Seen(vendor, model, serial, address)


class Nodes:
    """A node map of the SDK; see capture.a65.nodes.NodeMap."""

    def __init__(self, spin: Any, node_map: Any) -> None:
        self._spin = spin
        self._map = node_map
        self._turn = threading.RLock()

    def shut(self) -> None:
        """Reach the camera no more: the SDK breaks if a node is held beyond it."""
        with self._turn:
            self._map = None

    def read(self, name: str) -> str | None:
        """Return a node's value, or None if the camera has no such node or does not tell."""
        with self._turn, contextlib.suppress(self._spin.SpinnakerException):
            node = self._node(name)
            if node is not None and self._spin.IsReadable(node):
                return str(self._spin.CValuePtr(node).ToString())
        return None

    def write(self, name: str, value: str) -> None:
        """Set a node; raises DeviceError if the camera has none or refuses."""
        spin = self._spin
        with self._turn:
            node = self._node(name)
            if node is None or not spin.IsWritable(node):
                raise DeviceError(f"{name} cannot be written", fix="leave it as it is")
            try:
                kind = node.GetPrincipalInterfaceType()
                if kind == spin.intfIEnumeration:
                    choices = spin.CEnumerationPtr(node)
                    entry = choices.GetEntryByName(value)
                    if entry is None or not spin.IsReadable(entry):
                        raise DeviceError(f"{name} has no {value}", fix="leave it as it is")
                    choices.SetIntValue(spin.CEnumEntryPtr(entry).GetValue())
                elif kind == spin.intfIInteger:
                    spin.CIntegerPtr(node).SetValue(int(value))
                elif kind == spin.intfIFloat:
                    spin.CFloatPtr(node).SetValue(float(value))
                elif kind == spin.intfIBoolean:
                    spin.CBooleanPtr(node).SetValue(value == "1")
                else:
                    raise DeviceError(f"{name} holds no value", fix="leave it out")
            except spin.SpinnakerException as error:
                raise DeviceError(
                    f"{name} cannot be set to {value}: {error}", fix="leave it as it is"
                ) from error

    def execute(self, name: str) -> None:
        """Let the camera do what a command node stands for; raises DeviceError if it cannot."""
        spin = self._spin
        with self._turn:
            node = self._node(name)
            if node is None or not spin.IsWritable(node):
                raise DeviceError(f"The camera has no command {name}", fix="leave it out")
            try:
                spin.CCommandPtr(node).Execute()
            except spin.SpinnakerException as error:
                raise DeviceError(
                    f"{name} cannot be executed: {error}", fix="check the camera's cable and power"
                ) from error

    def _node(self, name: str) -> Any:
        return None if self._map is None else self._map.GetNode(name)


class SpinnakerCamera:
    """An open camera; `nodes` may be used from any thread, the rest from one."""

    def __init__(self, serial: str, clock: Clock) -> None:
        """Take hold of the camera of a serial, or of the only one."""
        self._spin = pyspin()
        self._clock = clock
        self._running = False
        self._hands = threading.RLock()  # nothing is let go under a thread that waits for a frame
        self._held = contextlib.ExitStack()
        try:
            cameras = self._held.enter_context(_cameras(self._spin))
            self.told, self._camera = _chosen(self._spin, cameras, serial)
            cameras.clear()
            self._camera.Init()
        except self._spin.SpinnakerException as error:
            self._camera = None
            self._held.close()
            if error.errorcode in _TAKEN:
                raise BusyError(
                    f"The camera {self.told} is in the hands of another program",
                    fix="close it there; SpinView too holds a camera while it shows it",
                ) from error
            raise DeviceError(
                f"The camera {serial} cannot be opened: {error}",
                fix="check its cable and power, and whether SpinView shows it",
            ) from error
        except BaseException:
            self._camera = None
            self._held.close()
            raise
        self.nodes = Nodes(self._spin, self._camera.GetNodeMap())

    def prepare(self, buffers: int, *, resend: bool) -> None:
        """Let the SDK keep so many pictures, the oldest first: its default forgets old ones."""
        stream = Nodes(self._spin, self._camera.GetTLStreamNodeMap())
        for name, value in (
            ("StreamBufferHandlingMode", "OldestFirst"),
            ("StreamBufferCountMode", "Manual"),
            ("StreamBufferCountManual", str(buffers)),
            ("StreamPacketResendEnable", str(int(resend))),
        ):
            if stream.read(name) not in (None, value):
                stream.write(name, value)

    def begin(self) -> None:
        """Let the camera send."""
        with self._hands, self._told_as_gone():
            if self._camera is None:
                raise DeviceError(f"The camera {self.told} was closed", fix="open it again")
            self._camera.BeginAcquisition()
            self._running = True

    def grab(self, timeout_ms: int) -> Grabbed | None:
        """Return the next frame, or None if none came in time."""
        with self._hands, self._told_as_gone():
            return self._grabbed(timeout_ms) if self._running else None

    def end(self) -> bool:
        """Let the camera send no more; the SDK throws away what is under way."""
        with self._hands, self._told_as_gone():
            if self._running:
                self._running = False
                self._camera.EndAcquisition()
        return False

    def close(self) -> None:
        """Let go of the camera, then of the SDK; may be called twice."""
        with self._hands:
            camera, self._camera = self._camera, None
            if camera is None:
                return
            self.nodes.shut()
            if self._running:
                self._running = False
                with contextlib.suppress(self._spin.SpinnakerException):  # it is gone already
                    camera.EndAcquisition()
            with contextlib.suppress(self._spin.SpinnakerException):
                camera.DeInit()
            del camera
            self._held.close()

    def _grabbed(self, timeout_ms: int) -> Grabbed | None:
        try:
            image = self._camera.GetNextImage(timeout_ms)
        except self._spin.SpinnakerException as error:
            if error.errorcode == _TIMEOUT:
                return None
            raise
        host_ns = self._clock.now_ns()
        try:
            return Grabbed(
                block_id=image.GetFrameID(),
                host_ns=host_ns,
                device_ns=image.GetTimeStamp() or None,
                incomplete=bool(image.IsIncomplete()),
                pixels=np.array(image.GetNDArray(), dtype=np.uint16),
            )
        finally:
            image.Release()

    @contextlib.contextmanager
    def _told_as_gone(self) -> Iterator[None]:
        try:
            yield
        except self._spin.SpinnakerException as error:
            raise self._gone(error) from error

    def _gone(self, error: Exception) -> DeviceError:
        return DeviceError(
            f"The thermal camera {self.told} failed: {error}",
            fix="check its cable and power; then see whether it is found with: taver devices",
        )


def _chosen(spin: Any, cameras: list[Any], serial: str) -> tuple[Seen, Any]:
    """Return the one that is meant; raises NotFoundError or DeviceError."""
    there = [(_seen(spin, camera), camera) for camera in cameras]
    fitting = [(told, camera) for told, camera in there if not serial or told.serial == serial]
    problems = [f"there is {told}" for told, _ in there]
    if not fitting:
        raise NotFoundError(
            f"Spinnaker finds no camera {serial}".rstrip(),
            fix="check its cable and power; what is found is listed by: taver devices",
            problems=problems,
        )
    if len(fitting) > 1:
        raise DeviceError(
            f"Spinnaker finds {len(fitting)} cameras" + (f" of the serial {serial}" * bool(serial)),
            fix="unplug all but one" if serial else "name the serial of one of them",
            problems=problems,
        )
    return fitting[0]


def _dotted(number: str | None) -> str:
    """Write an IP address, which the SDK tells as one number, as people do."""
    if not number:
        return ""
    try:
        return socket.inet_ntoa(struct.pack(">I", int(number, 0)))
    except (ValueError, struct.error):
        return number

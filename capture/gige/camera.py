"""One GigE Vision camera, held through Aravis: its nodes, and its frames."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.gige.kernel import PICTURES_WAITING
from capture.gige.library import Aravis, AravisError, aravis
from capture.gige.taking import Grabbed
from taver.core.clock import NS_PER_S
from taver.core.errors import BusyError, DeviceError

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.clock import Clock

_SUCCESS: Final = 0  # ARV_BUFFER_STATUS_SUCCESS
_CHECK_ACCESS: Final = 1  # ARV_ACCESS_CHECK_POLICY_ENABLE
_NEVER: Final = 0  # ARV_GV_PACKET_SIZE_ADJUSTMENT_NEVER: it was settled when the camera was opened
_READ_ONLY: Final = 0  # ARV_GC_ACCESS_MODE_RO
# A frame whose packets stopped coming is given up after this; a resend takes a few milliseconds.
_RETENTION_US: Final = 100_000
_BYTES_A_PIXEL: Final = 2
_FIXED: Final = 0  # ARV_GV_STREAM_SOCKET_BUFFER_FIXED


class Nodes:
    """The camera's settings by name; see capture.a65.nodes.NodeMap."""

    def __init__(self, library: Aravis, device: int) -> None:
        self._library = library
        self._device: int | None = device
        self._turn = threading.RLock()  # Aravis' node maps are not made for several threads

    def read(self, name: str) -> str | None:
        """Return a node's value, or None if the camera has no such node or does not tell."""
        with self._turn:
            node = self._node(name)
            if node is None:
                return None
            try:
                said = self._library.call("arv_gc_feature_node_get_value_as_string", node)
            except AravisError:
                return None
            return None if said is None else str(said.decode(errors="replace"))

    def write(self, name: str, value: str) -> None:
        """Set a node; raises DeviceError if the camera has none or refuses."""
        with self._turn:
            node = self._node(name)
            if node is None:
                raise DeviceError(f"The camera has no node {name}", fix="leave it out")
            mode = self._library.call("arv_gc_feature_node_get_actual_access_mode", node)
            if mode == _READ_ONLY:
                raise DeviceError(f"{name} is read-only", fix="leave it as it is")
            try:
                self._library.call(
                    "arv_gc_feature_node_set_value_from_string", node, value.encode()
                )
            except AravisError as error:
                raise DeviceError(
                    f"{name} cannot be set to {value}: {error}", fix="leave it as it is"
                ) from None

    def execute(self, name: str) -> None:
        """Let the camera do what a command node stands for; raises DeviceError if it cannot."""
        with self._turn:
            if self._node(name) is None:
                raise DeviceError(f"The camera has no node {name}", fix="leave it out")
            try:
                self._library.call("arv_device_execute_command", self._device, name.encode())
            except AravisError as error:
                raise DeviceError(
                    f"{name} cannot be executed: {error}", fix="check the camera's cable and power"
                ) from None

    def shut(self) -> None:
        """Reach the camera no more, from whichever thread; it is about to be let go."""
        with self._turn:
            self._device = None

    def _node(self, name: str) -> int | None:
        if self._device is None:
            return None
        node: int | None = self._library.call("arv_device_get_feature", self._device, name.encode())
        if node is None:
            return None
        kind = self._library.call("arv_gc_feature_node_get_type")
        return node if self._library.call("g_type_check_instance_is_a", node, kind) else None


class Camera:
    """An open camera; `nodes` may be used from any thread, the rest from one."""

    def __init__(self, address: str, clock: Clock) -> None:
        """Take control of the camera at an address; raises BusyError if another program has it."""
        self._library = aravis()
        self._clock = clock
        self._address = address
        self._stream: int | None = None
        self._buffers: dict[int, npt.NDArray[np.uint8]] = {}
        self._shape = (0, 0)
        self._lost = False
        self._turn = threading.Lock()  # nothing is let go under a thread that waits for a frame
        try:
            self._device: int | None = self._library.call("arv_open_device", address.encode())
        except AravisError as error:
            raise DeviceError(
                f"The camera at {address} cannot be opened: {error}",
                fix="check its cable and power, and that this machine has an address in its "
                "network",
            ) from None
        device = self._open()
        self.nodes = Nodes(self._library, device)
        if not self._library.call("arv_gv_device_is_controller", device):
            self.give_up()
            self.close()
            raise BusyError(
                f"The camera at {address} is in the hands of another program",
                fix="close it there; a program that crashed lets go after the camera's heartbeat, "
                "3 s as a rule",
            )
        self._library.call("arv_device_set_access_check_policy", device, _CHECK_ACCESS)
        self._library.call("arv_gv_device_set_packet_size_adjustment", device, _NEVER)

    def settle_packet_size(self, wanted_bytes: int) -> int:
        """Set the size of packets, 0 for the largest that come through; return what it is."""
        device = self._open()
        try:
            if wanted_bytes:
                self._library.call("arv_gv_device_set_packet_size", device, wanted_bytes)
            else:
                self._library.call("arv_gv_device_auto_packet_size", device)
            return int(self._library.call("arv_gv_device_get_packet_size", device))
        except AravisError as error:
            raise DeviceError(
                f"The camera at {self._address} cannot send packets of "
                f"{wanted_bytes or 'any'} bytes: {error}",
                fix="leave packet_size_bytes at 0",
            ) from None

    def prepare(self, width_px: int, height_px: int, buffers: int, *, resend: bool) -> None:
        """Make the stream and give it buffers, for pictures of 16 bit a pixel."""
        device = self._open()
        self._shape = (height_px, width_px)
        size = width_px * height_px * _BYTES_A_PIXEL
        payload = int(self.nodes.read("PayloadSize") or size)
        if payload < size:
            raise DeviceError(
                f"The camera at {self._address} announces {payload} bytes a picture; "
                f"{width_px} x {height_px} pixels of 16 bit have {size}",
                fix="check that its PixelFormat is Mono14 or Mono16",
            )
        try:
            stream = self._library.call("arv_device_create_stream", device, None, None)
        except AravisError as error:
            raise DeviceError(
                f"No stream from the camera at {self._address}: {error}",
                fix="let the firewall pass UDP from the camera to this machine",
            ) from None
        self._stream = stream
        self._library.set_property(stream, "packet-resend", int(resend))
        # Packets of a picture come in one burst. The kernel gives what it is allowed to.
        self._library.set_property(stream, "socket-buffer", _FIXED)
        self._library.set_property(stream, "socket-buffer-size", PICTURES_WAITING * payload)
        self._library.set_property(stream, "frame-retention", _RETENTION_US)
        for _ in range(buffers):
            memory = np.zeros(payload, dtype=np.uint8)
            buffer = self._library.call("arv_buffer_new", payload, memory.ctypes.data)
            self._buffers[buffer] = memory
            self._library.call("arv_stream_push_buffer", stream, buffer)

    def begin(self) -> None:
        """Let the camera send."""
        self.nodes.execute("AcquisitionStart")

    def end(self) -> bool:
        """Let the camera send no more; what is under way is still received."""
        self.nodes.execute("AcquisitionStop")
        return True

    def grab(self, timeout_ms: int) -> Grabbed | None:
        """Return the next frame, or None if none came in time."""
        with self._turn:
            if self._stream is None:
                raise DeviceError(f"The camera at {self._address} was closed", fix="open it again")
            buffer = self._library.call(
                "arv_stream_timeout_pop_buffer", self._stream, timeout_ms * 1_000
            )
            if buffer is None:
                return None
            popped_ns, popped_unix_ns = self._clock.now_ns(), time.time_ns()
            try:
                return self._grabbed(buffer, popped_ns, popped_unix_ns)
            finally:
                self._give_back(buffer)

    def give_up(self) -> None:
        """Note that the camera is gone, so that `close` waits for no answer."""
        self._lost = True

    def close(self) -> None:
        """Let go of the camera; may be called twice."""
        with self._turn:
            device, self._device = self._device, None
            stream, self._stream = self._stream, None
            buffers, self._buffers = self._buffers, {}
        if device is None:
            return
        self.nodes.shut()
        # Aravis asks the camera to let go and waits seconds for the answer of one that is gone.
        release = threading.Thread(
            target=_release, args=(self._library, stream, device, buffers), daemon=True
        )
        release.start()
        if not self._lost:
            release.join()

    def _grabbed(self, buffer: int, popped_ns: int, popped_unix_ns: int) -> Grabbed:
        library = self._library
        block_id = library.call("arv_buffer_get_frame_id", buffer)
        begun_unix_ns = library.call("arv_buffer_get_system_timestamp", buffer)
        # When its first packet came in: a frame that waited for a resend is older than it looks.
        # Aravis tells it by the clock of the wall; should that have been set meanwhile, what it
        # says cannot be, and the moment it was handed over stands.
        age_ns = popped_unix_ns - begun_unix_ns
        if not begun_unix_ns or not 0 <= age_ns <= NS_PER_S:
            age_ns = 0
        height_px, width_px = self._shape
        size = height_px * width_px * _BYTES_A_PIXEL
        counts = self._buffers[buffer][:size].view("<u2")
        return Grabbed(
            block_id=block_id or None,
            host_ns=popped_ns - age_ns,
            device_ns=library.call("arv_buffer_get_timestamp", buffer) or None,
            incomplete=library.call("arv_buffer_get_status", buffer) != _SUCCESS,
            pixels=counts.reshape(height_px, width_px).astype(np.uint16),
        )

    def _give_back(self, buffer: int) -> None:
        """Let Aravis fill it again; where packets are missing it keeps what was there before."""
        self._buffers[buffer].fill(0)
        for what in ("frame_id", "timestamp", "system_timestamp"):
            self._library.call(f"arv_buffer_set_{what}", buffer, 0)
        self._library.call("arv_stream_push_buffer", self._stream, buffer)

    def _open(self) -> int:
        if self._device is None:
            raise DeviceError(f"The camera at {self._address} was closed", fix="open it again")
        return self._device


def _release(
    library: Aravis, stream: int | None, device: int, buffers: dict[int, npt.NDArray[np.uint8]]
) -> None:
    """Let Aravis end its threads; only then may the memory go that they fill."""
    if stream is not None:
        library.call("g_object_unref", stream)  # and of the buffers it holds
    library.call("g_object_unref", device)
    buffers.clear()

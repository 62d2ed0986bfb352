"""Any microphone that PortAudio opens: blocks of a tenth of a second, with the host's time."""

from __future__ import annotations

import contextlib
import importlib
import math
import queue
import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import msgspec
import numpy as np

from capture.units import UNIT
from taver.core import install
from taver.core.clock import NS_PER_S, machine_ns
from taver.core.errors import DeviceError, InputError, MissingExtraError
from taver.core.frames import DeviceInfo, Frame, FrameStatus, Modality, Stamp, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.clock import Clock

_NAME: Final = "microphone"
_BLOCKS_HZ: Final = 10
_LISTEN_EVERY_S: Final = 0.1
_SILENCE_S: Final = 1.5
_FIRST_SILENCE_S: Final = 5.0  # some take their time to begin, above all those without a cable
_BUFFERED_S = 2.0  # so long Python may be kept from fetching before anything is lost
_LONGEST_QUEUE: Final = 600  # a minute
_TREMBLE: Final = 0.1  # of a block
_LONGEST_WAY_S: Final = 5.0  # from the microphone to the program; more is a clock that is not set


class MicrophoneConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which microphone, and how finely it listens."""

    serial: str = ""  # its name; empty: the system's own choice
    samples_hz: int = 16_000
    channels: int = 1

    def __post_init__(self) -> None:
        if not 8000 <= self.samples_hz <= 192_000 or self.samples_hz % _BLOCKS_HZ:
            raise InputError(
                f"No microphone is asked for {self.samples_hz} samples a second",
                fix=f"give 8000 to 192000, a multiple of {_BLOCKS_HZ}",
            )
        if not 1 <= self.channels <= 8:  # what FLAC holds
            raise InputError(
                f"Sound of {self.channels} channels cannot be recorded", fix="give 1 to 8"
            )


class _Heard(NamedTuple):
    """One block as PortAudio gave it."""

    place: int  # how many it gave before
    host_ns: int  # of its first sample
    overflowed: bool  # samples before it are lost
    data: bytes


class MicrophoneDriver:
    """Takes blocks in PortAudio's own thread, which only stamps and copies.

    Its frames keep the machine's monotonic time, whatever clock is given.
    """

    Config: ClassVar = MicrophoneConfig

    def __init__(self, config: MicrophoneConfig, clock: Clock) -> None:  # noqa: ARG002  see above
        self._config = config
        self._samples = config.samples_hz // _BLOCKS_HZ
        self._stream: Any = None
        self._name = config.serial
        self._start_ns: int | None = None
        self._stopped = threading.Event()
        self._blocks: queue.Queue[_Heard] = queue.Queue(_LONGEST_QUEUE)
        self._given = 0

    @classmethod
    def missing(cls) -> str | None:
        """Return the line that installs sounddevice or PortAudio, if they are not here."""
        try:
            _sounddevice()
        except MissingExtraError as error:
            return error.fix
        return None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """List the microphones that PortAudio knows, unopened, by their names."""
        if cls.missing() is not None:
            return []
        config = MicrophoneConfig()
        return [
            _info(name, interface, _stream(config.samples_hz, config.channels))
            for name, interface in _listed(_sounddevice())
        ]

    def open(self) -> DeviceInfo:
        """Open the microphone; it is not listening yet."""
        self.close()
        sounddevice = _sounddevice()
        device, name, interface = _chosen(sounddevice, self._config.serial)
        self._blocks, self._given = queue.Queue(_LONGEST_QUEUE), 0
        try:
            self._stream = sounddevice.RawInputStream(
                device=device,
                samplerate=self._config.samples_hz,
                channels=self._config.channels,
                dtype="int16",
                blocksize=self._samples,
                latency=_BUFFERED_S,  # blocks are kept, not played: better late than lost
                callback=self._take,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"The microphone {name!r} cannot be opened: {error}",
                fix="close other programs that use it, or ask for another samples_hz or fewer "
                "channels",
            ) from error
        self._name = name
        self._stopped.clear()
        stream = _stream(self._config.samples_hz, self._config.channels)
        return _info(name, interface, stream)

    def start(self, at_ns: int) -> None:
        """Listen; blocks that begin before `at_ns` are passed over."""
        if self._stream is None:
            raise DeviceError("The microphone was not opened", fix="call open() before start()")
        if self._start_ns is None:
            try:
                self._stream.start()
            except _sounddevice().PortAudioError as error:
                raise DeviceError(
                    f"The microphone {self._name!r} does not start: {error}",
                    fix="plug it in again, and close other programs that use it",
                ) from error
        self._start_ns = at_ns

    def frames(self) -> Iterator[Frame]:
        """Yield blocks as they fill; after an overflow the number skips what is lost."""
        start_ns = self._start_ns
        if self._stream is None or start_ns is None:
            raise DeviceError("The microphone was not started", fix="call start() first")
        counted = _Counted(self._samples * NS_PER_S // self._config.samples_hz)
        waited_s, patience_s = 0.0, _FIRST_SILENCE_S
        while not self._stopped.is_set():
            try:
                heard = self._blocks.get(timeout=_LISTEN_EVERY_S)
            except queue.Empty:
                waited_s += _LISTEN_EVERY_S
                if waited_s >= patience_s and not self._stopped.is_set():
                    raise DeviceError(
                        f"The microphone {self._name!r} sends nothing any more",
                        fix="plug it in again, and close other programs that use it",
                    ) from None
                continue
            waited_s, patience_s = 0.0, _SILENCE_S
            stamp = counted(heard)
            if stamp.host_ns < start_ns or self._stopped.is_set():
                continue
            yield Frame(
                modality=Modality.SOUND,
                stamp=stamp,
                pixels=np.frombuffer(heard.data, np.int16).reshape(-1, self._config.channels),
            )

    def stop(self) -> None:
        """End the blocks within a tenth of a second."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the microphone."""
        self.stop()
        stream, self._stream = self._stream, None
        self._start_ns = None
        if stream is not None:
            stream.close(ignore_errors=True)

    def _take(self, data: Any, count: int, times: Any, status: Any) -> None:  # noqa: ARG002  PortAudio's
        """Stamp a block and keep it; runs in PortAudio's thread."""
        now_ns = machine_ns()
        stream = self._stream
        if stream is None or self._stopped.is_set():
            return  # it is being closed at this moment
        # PortAudio tells when the block began by a clock of its own, and what that clock says now:
        # this thread may have waited for its turn. Some systems leave the time at 0.
        way_s = stream.time - times.inputBufferAdcTime
        if not 0 <= way_s <= _LONGEST_WAY_S or times.inputBufferAdcTime == 0:
            way_s = self._samples / self._config.samples_hz
        first_ns = now_ns - round(way_s * NS_PER_S)
        with contextlib.suppress(queue.Full):  # nobody fetches them: its place will be missing
            self._blocks.put_nowait(
                _Heard(self._given, first_ns, bool(status.input_overflow), bytes(data))
            )
        self._given += 1


class _Counted:
    """Numbers blocks: one after the other, further on where some are missing.

    Not every system tells PortAudio of an overflow, so a hole in the times counts as one, too.
    """

    def __init__(self, block_ns: int) -> None:
        self._block_ns = block_ns
        self._lost = 0
        self._last: tuple[int, int] | None = None

    def __call__(self, heard: _Heard) -> Stamp:
        """Return the block's stamp; number and time are above those of the block before."""
        number, host_ns = heard.place + self._lost, heard.host_ns
        broken = heard.overflowed
        if self._last is not None:
            last, last_ns = self._last
            periods = (host_ns - last_ns) / self._block_ns
            # Times tremble: without the word of the system only what lacks a whole block is lost.
            passed = round(periods) if heard.overflowed else math.floor(periods + _TREMBLE)
            gone = max(0, passed - (number - last))
            self._lost += gone
            number += gone
            broken |= number > last + 1
            host_ns = max(host_ns, last_ns + 1)
        self._last = number, host_ns
        status = FrameStatus.INCOMPLETE if broken else FrameStatus.OK
        return Stamp(host_ns=host_ns, device_ns=None, number=number, status=status)


def _sounddevice() -> Any:
    """Return the package, with PortAudio under it; raises MissingExtraError."""
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise MissingExtraError(
            f"The driver microphone needs the package sounddevice ({error})",
            fix=install.with_extra("sound"),
        ) from error
    except OSError as error:  # its way of saying that PortAudio is not there
        raise MissingExtraError(
            f"The driver microphone needs the library PortAudio ({error})",
            fix=install.apt("libportaudio2")
            if sys.platform.startswith("linux")
            else install.pip("install", "--force-reinstall", "sounddevice"),
        ) from error


def _listed(sounddevice: Any) -> list[tuple[str, str]]:
    """Return name and interface of each microphone."""
    interfaces = sounddevice.query_hostapis()
    return [
        (device["name"], interfaces[device["hostapi"]]["name"])
        for device in sounddevice.query_devices()
        if device["max_input_channels"] > 0
    ]


def _chosen(sounddevice: Any, name: str) -> tuple[int, str, str]:
    """Return number, name and interface of the microphone of that name, or of the usual one."""
    devices = list(sounddevice.query_devices())
    interfaces = sounddevice.query_hostapis()
    able = [number for number, device in enumerate(devices) if device["max_input_channels"] > 0]
    if not able:
        raise DeviceError(
            "No microphone is found",
            fix="plug one in; on Linux see what arecord -l lists, and that this user is in the "
            "group audio",
        )
    if not name:
        usual = sounddevice.default.device[0]
        number = usual if usual in able else able[0]
    else:
        same = [number for number in able if devices[number]["name"] == name]
        if not same:
            there = ", ".join(dict.fromkeys(devices[number]["name"] for number in able))
            raise DeviceError(
                f"There is no microphone {name!r} (there are: {there})", fix="choose one of these"
            )
        number = same[0]  # Windows lists one under several interfaces; the first is as good
    device = devices[number]
    return number, device["name"], interfaces[device["hostapi"]]["name"]


def _stream(samples_hz: int, channels: int) -> StreamInfo:
    return StreamInfo(
        modality=Modality.SOUND,
        rate_hz=_BLOCKS_HZ,
        unit=UNIT[Modality.SOUND],
        samples_hz=samples_hz,
        channels=channels,
    )


def _info(name: str, interface: str, stream: StreamInfo) -> DeviceInfo:
    return DeviceInfo(
        driver=_NAME,
        model=f"microphone through {interface}",
        serial=name,
        streams=(stream,),
        simulated=False,
    )

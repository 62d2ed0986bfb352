"""Any camera that OpenCV opens: colour, with the host's time and nothing else."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
import numpy as np

from capture import limits
from capture.units import UNIT
from taver.core.clock import NS_PER_S
from taver.core.errors import DeviceError, MissingExtraError
from taver.core.extras import need
from taver.core.frames import DeviceInfo, Frame, Modality, Stamp, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.clock import Clock

_NAME: Final = "webcam"
_LISTED: Final = Path("/sys/class/video4linux")
_DEVICES: Final = Path("/dev")
_USUAL_HZ: Final = 30.0
_ALMOST: Final = 0.01
_NOT_COUNTED: Final = (
    "a webcam numbers no frames: ones that are dropped on the way cannot be known, only seen as "
    "longer intervals"
)


class WebcamConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which camera, and how it is asked to work; what it answers is recorded."""

    serial: str = "0"  # its number, its name, its path such as /dev/video0; or a film's path
    width_px: int = 0  # 0: as the camera likes
    height_px: int = 0
    rate_hz: float = 0.0

    def __post_init__(self) -> None:
        limits.refuse(
            "No webcam can be asked for",
            (
                ("serial", repr(self.serial), bool(self.serial)),
                ("width_px", self.width_px, 0 <= self.width_px <= 16_384),
                ("height_px", self.height_px, 0 <= self.height_px <= 16_384),
                ("rate_hz", self.rate_hz, 0 <= self.rate_hz <= 1000),
            ),
            fix="give a number, name or path, pixels up to 16384, a rate up to 1000 Hz; 0 leaves "
            "the choice to the camera",
        )


class WebcamDriver:
    """Stamps each frame when it has arrived, then decodes it.

    A film is played at its own rate and ends the frames with its end.
    """

    Config: ClassVar = WebcamConfig

    def __init__(self, config: WebcamConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._camera: Any = None
        self._info: DeviceInfo | None = None
        self._is_film = False
        self._start_ns: int | None = None
        self._stopped = threading.Event()
        self._turn = threading.Lock()

    @classmethod
    def missing(cls) -> str | None:
        """Return the line that installs OpenCV, if it is not here."""
        try:
            need("cv2", extra="capture", to="use a webcam")
        except MissingExtraError as error:
            return error.fix
        return None

    @classmethod
    def discover(cls) -> list[DeviceInfo]:
        """List the cameras that Linux knows, unopened; other systems do not list them."""
        return [
            DeviceInfo(
                driver=_NAME,
                model=name,
                serial=path,
                streams=(_stream(0, 0, _USUAL_HZ),),
                simulated=False,
                address=path,
            )
            for path, name in _listed().items()
        ]

    def open(self) -> DeviceInfo:
        """Open the camera, ask for what the config says, and tell what it really does."""
        self.close()
        cv2 = need("cv2", extra="capture", to="use a webcam")
        where, self._is_film = _place(self._config.serial)
        camera = cv2.VideoCapture(where)
        if not camera.isOpened():
            camera.release()
            raise _not_opened(self._config.serial, is_film=self._is_film)
        asked = {
            cv2.CAP_PROP_FRAME_WIDTH: self._config.width_px,
            cv2.CAP_PROP_FRAME_HEIGHT: self._config.height_px,
            cv2.CAP_PROP_FPS: self._config.rate_hz,
        }
        for name, value in asked.items():
            if value and not self._is_film:
                camera.set(name, value)
        told = {name: camera.get(name) for name in asked}
        self._camera = camera
        self._stopped.clear()
        self._info = self._described(*told.values(), backend=camera.getBackendName())
        return self._info

    def start(self, at_ns: int) -> None:
        """Let frames come; those before `at_ns` are passed over."""
        if self._camera is None:
            raise DeviceError("The webcam was not opened", fix="call open() before start()")
        self._start_ns = at_ns

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they arrive; the number counts those that did."""
        info, start_ns = self._info, self._start_ns
        if info is None or start_ns is None:
            raise DeviceError("The webcam was not started", fix="call start() first")
        stream = info.streams[0]
        number = 0
        while not self._stopped.is_set():
            if self._is_film:
                due_ns = start_ns + round(number * NS_PER_S / stream.rate_hz)
                self._clock.sleep_until_ns(due_ns, self._stopped)
            with self._turn:
                if self._camera is None or self._stopped.is_set():
                    return
                came = self._camera.grab()
                host_ns = self._clock.now_ns()
                good, picture = self._camera.retrieve() if came else (False, None)
            if self._stopped.is_set():
                return
            if not came and self._is_film:
                return
            if not came:
                raise DeviceError(
                    f"The webcam {info.serial} sends nothing any more",
                    fix="plug it in again, and close other programs that use it",
                )
            if host_ns < start_ns:
                continue
            if good:
                yield Frame(
                    modality=Modality.COLOR,
                    stamp=Stamp(host_ns=host_ns, device_ns=None, number=number),
                    pixels=_pixels(picture, stream),
                )
            number += 1  # a frame that came and cannot be read is a lost one

    def stop(self) -> None:
        """End the frames; one that is being waited for does not come."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the camera, as soon as it has given the frame it is waited for."""
        self.stop()
        with self._turn:
            camera, self._camera = self._camera, None
            self._info = self._start_ns = None
            if camera is not None:
                camera.release()

    def _described(
        self, width_px: float, height_px: float, rate_hz: float, *, backend: str
    ) -> DeviceInfo:
        config = self._config
        told_hz = rate_hz if rate_hz > 0 else 0.0
        warnings = [] if self._is_film else [_NOT_COUNTED]
        if config.width_px and (config.width_px, config.height_px) != (width_px, height_px):
            warnings.append(
                f"asked for {config.width_px}x{config.height_px}, it gives "
                f"{width_px:.0f}x{height_px:.0f}"
            )
        if config.rate_hz and abs(told_hz - config.rate_hz) > _ALMOST * config.rate_hz:
            warnings.append(f"asked for {config.rate_hz:g} Hz, it says {told_hz:g} Hz")
        if not told_hz:
            warnings.append(f"it does not tell its rate; {_USUAL_HZ:g} Hz is assumed")
        path = self._config.serial
        return DeviceInfo(
            driver=_NAME,
            model="film" if self._is_film else _listed().get(path, "webcam"),
            serial=Path(path).name if self._is_film else path,
            streams=(_stream(int(width_px), int(height_px), told_hz or _USUAL_HZ),),
            simulated=self._is_film,
            settings={"backend": backend},
            warnings=tuple(warnings),
        )


def _stream(width_px: int, height_px: int, rate_hz: float) -> StreamInfo:
    return StreamInfo(
        modality=Modality.COLOR,
        width_px=width_px,
        height_px=height_px,
        rate_hz=rate_hz,
        unit=UNIT[Modality.COLOR],
    )


def _listed() -> dict[str, str]:
    """Return the names of the cameras by their paths, in the order of their numbers."""
    if not sys.platform.startswith("linux") or not _LISTED.is_dir():
        return {}
    found: dict[str, str] = {}
    for entry in sorted(_LISTED.iterdir(), key=lambda e: (len(e.name), e.name)):
        try:
            name = (entry / "name").read_text(errors="replace").strip()
            part = (entry / "index").read_text().strip()
        except OSError:  # unplugged at this moment
            continue
        if part == "0":  # the others of a camera give no pictures
            found[str(_DEVICES / entry.name)] = name
    return found


def _place(serial: str) -> tuple[int | str, bool]:
    """Return what OpenCV is given, and whether it is a film."""
    if serial.isdecimal():
        if sys.platform.startswith("linux") and not (_DEVICES / f"video{serial}").exists():
            raise _not_there(serial)
        return int(serial), False
    listed = _listed()
    named = [path for path, name in listed.items() if name == serial]
    if len(named) > 1:
        raise DeviceError(
            f"{len(named)} webcams are called {serial!r}",
            fix=f"give the path of one of them: {', '.join(named)}",
        )
    if named:
        return named[0], False
    path = Path(serial)
    if not path.exists() or path.is_dir():
        raise _not_there(serial)
    return str(path), path.is_file()


def _not_there(serial: str) -> DeviceError:
    listed = _listed()
    there = ", ".join(f"{path} ({name})" for path, name in listed.items()) or "none"
    return DeviceError(
        f"There is no webcam {serial!r} (there are: {there})",
        fix="plug it in, and give its number, its name or its path",
    )


def _not_opened(serial: str, *, is_film: bool) -> DeviceError:
    if is_film:
        return DeviceError(
            f"{serial} is no film that OpenCV can read", fix="give a camera, or another film"
        )
    return DeviceError(
        f"The webcam {serial} is there, but cannot be opened",
        fix="close other programs that use it; on Linux this user has to be in the group video",
    )


def _pixels(picture: Any, stream: StreamInfo) -> np.ndarray[Any, np.dtype[np.uint8]]:
    cv2 = need("cv2", extra="capture", to="use a webcam")
    if picture.shape != (stream.height_px, stream.width_px, 3) or picture.dtype != np.uint8:
        raise DeviceError(
            f"The webcam sends pictures of {picture.shape}, not of "
            f"{stream.width_px}x{stream.height_px} pixels as it said",
            fix="ask for another size with width_px and height_px",
        )
    pixels: np.ndarray[Any, np.dtype[np.uint8]] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    return pixels

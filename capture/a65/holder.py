"""What every driver of a GigE camera does alike once it is open: start, take, read, let go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

import msgspec

from capture.a65 import settings as a65
from capture.a65.nodes import CLOSE_SHUTTER
from capture.gige.taking import Giving, Taking
from taver.core.errors import DeviceError
from taver.core.frames import Modality, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capture.a65.nodes import NodeMap
    from taver.core.clock import Clock
    from taver.core.frames import Frame


class Closing(Giving, Protocol):
    """An open camera that can be given back."""

    def close(self) -> None:
        """Give it back."""
        ...


CameraT = TypeVar("CameraT", bound=Closing)


class Holder(Generic[CameraT]):
    """Holds an open camera for a driver, which opens it and hands it over with `_hold`."""

    WHAT: ClassVar[str] = "The thermal camera"

    def __init__(
        self, clock: Clock, *, silence_s: float, modality: Modality = Modality.THERMAL
    ) -> None:
        self._clock = clock
        self._silence_s = silence_s
        self._modality = modality
        self._camera: CameraT | None = None
        self._nodes: NodeMap | None = None
        self._name = self.WHAT
        self._at_ns: int | None = None
        self._taking: Taking | None = None
        self._stopped = threading.Event()

    def start(self, at_ns: int) -> None:
        """Let the camera send from `at_ns` on."""
        self._held()
        self._at_ns = at_ns
        self._stopped.clear()

    def frames(self) -> Iterator[Frame]:
        """Yield the pictures; raises DeviceError if none comes for `silence_s`."""
        camera = self._held()
        if self._at_ns is None:
            raise DeviceError(f"{self._name} was not started", fix="call start() first")
        self._taking = Taking(
            camera, self._modality, self._clock, name=self._name, silence_s=self._silence_s
        )
        yield from self._taking.frames(self._at_ns, self._stopped)

    def set_shutter(self, *, automatic: bool) -> None:
        """Let the camera close its shutter when it likes, or only when told."""
        a65.let_shutter_be(self._held_nodes(), automatic=automatic)

    def close_shutter(self) -> None:
        """Close the shutter once, now."""
        self._held_nodes().execute(CLOSE_SHUTTER)

    def readings(self) -> Mapping[str, float]:
        """Return the camera's temperatures, where it has any, and what became of its frames."""
        counted = {} if self._taking is None else msgspec.structs.asdict(self._taking.tally)
        return {
            **a65.readings(self._held_nodes()),
            **{f"frames_{name}": count for name, count in counted.items()},
        }

    def stop(self) -> None:
        """End the frames; also while one is awaited."""
        self._stopped.set()

    def close(self) -> None:
        """Give the camera back."""
        self.stop()
        camera, self._camera = self._camera, None
        self._at_ns = None
        if camera is not None:
            camera.close()

    def _hold(self, camera: CameraT, nodes: NodeMap, name: str) -> None:
        """Take over a camera that was opened and set."""
        self._camera, self._nodes, self._name = camera, nodes, name
        self._stopped.clear()

    def _held(self) -> CameraT:
        if self._camera is None:
            raise DeviceError(f"{self.WHAT} was not opened", fix="call open() first")
        return self._camera

    def _held_nodes(self) -> NodeMap:
        self._held()
        if self._nodes is None:
            raise DeviceError(f"{self.WHAT} was not opened", fix="call open() first")
        return self._nodes


def stream_of(settled: a65.Settled, modality: Modality = Modality.THERMAL) -> StreamInfo:
    """Say what a camera that was set so will give."""
    return StreamInfo(
        modality=modality,
        width_px=settled.width_px,
        height_px=settled.height_px,
        rate_hz=settled.rate_hz,
        unit=settled.unit,
    )

"""The simulated rig as a device: a scenario's people or boards, as they are seen and heard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from capture.played import Played
from capture.sim import microphone
from capture.sim import scenario as scenarios
from capture.sim import world as worlds
from capture.sim.scenario import Scenario
from capture.sim.voice import RATE_HZ
from capture.units import UNIT
from taver.core.clock import NS_PER_MS, NS_PER_S, VirtualClock
from taver.core.errors import DeviceError, InputError
from taver.core.frames import (
    DeviceInfo,
    Frame,
    FrameStatus,
    Modality,
    Stamp,
    StreamInfo,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capture.sim.timing import Shot
    from capture.sim.world import World
    from taver.core.clock import Clock

KINECT: Final = (Modality.COLOR, Modality.DEPTH, Modality.IR)
# A picture that is further behind is not drawn: like frames of a camera whose host is too slow.
_FARTHEST_BEHIND_NS: Final = 150 * NS_PER_MS
_SOUND: Final = StreamInfo(
    modality=Modality.SOUND,
    rate_hz=microphone.BLOCKS_HZ,
    unit=UNIT[Modality.SOUND],
    samples_hz=RATE_HZ,
    channels=microphone.CHANNELS,
)


class SimConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which scenario, and which of its cameras."""

    scenario: str | Scenario | None = None  # a file, or what would stand in one; None: an interview
    modalities: tuple[Modality, ...] = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)
    serial: str = "sim-0"

    def __post_init__(self) -> None:
        if not self.modalities or len(set(self.modalities)) != len(self.modalities):
            raise InputError(
                f"The simulated rig cannot deliver {[str(m) for m in self.modalities]}",
                fix="name one modality or more, each once",
            )
        if Modality.SOUND in self.modalities and len(self.modalities) > 1:
            raise InputError(
                f"No simulated device delivers {[str(m) for m in self.modalities]} together",
                fix="sound comes from a microphone: give it a device of its own",
            )


class SimDriver(Played):
    """Draws what a scenario's cameras see, as fast as it can or as fast as they would."""

    Config: ClassVar = SimConfig
    WHAT: ClassVar = "The simulated rig"

    def __init__(self, config: SimConfig, clock: Clock) -> None:
        super().__init__(clock)
        self._config = config
        self._world: World | None = None

    @classmethod
    def missing(cls) -> str | None:
        """Return the line that installs the head's mesh and the compiler, if they are not here."""
        return worlds.missing()

    def open(self) -> DeviceInfo:
        """Read the scenario and the mesh, and say what is delivered."""
        world = worlds.World(self._scenario())
        streams = []
        for modality in self._config.modalities:
            if modality is Modality.SOUND:
                streams.append(_SOUND)
                continue
            camera = world.rig.of(modality).camera
            streams.append(
                StreamInfo(
                    modality=modality,
                    width_px=camera.width_px,
                    height_px=camera.height_px,
                    rate_hz=world.sensor(modality).rate_hz,
                    unit=UNIT[modality],
                )
            )
        if not self._hears:
            world.get_ready()
        self._world = world
        self._opened()
        return DeviceInfo(
            driver="sim",
            model=_model(self._config.modalities),
            serial=self._config.serial,
            streams=tuple(streams),
            simulated=True,
        )

    def frames(self) -> Iterator[Frame]:
        """Yield the frames as they are taken; after the scenario's end people simply go on."""
        start_ns, world = self._started_ns(), self._world
        if world is None:  # closed at this moment
            return
        if self._hears:
            yield from self._blocks(world, start_ns)
            return
        for shot, pixels in world.frames(self._config.modalities, self._skip):
            host_ns = start_ns + shot.arrived_ns
            if not self._is_wanted_at(host_ns):
                return
            stamp = Stamp(
                host_ns=host_ns,
                device_ns=shot.device_ns,
                number=shot.number,
                status=FrameStatus.FROZEN if shot.frozen else FrameStatus.OK,
            )
            yield Frame(modality=shot.modality, stamp=stamp, pixels=pixels)
            if self._stopped.is_set():
                return

    def _blocks(self, world: World, start_ns: int) -> Iterator[Frame]:
        """Yield blocks of sound when they are full; their stamp is that of their first sample."""
        for block in microphone.blocks(world):
            if not self._is_wanted_at(start_ns + block.arrived_ns):
                return
            stamp = Stamp(host_ns=start_ns + block.taken_ns, device_ns=None, number=block.number)
            yield Frame(modality=Modality.SOUND, stamp=stamp, pixels=block.samples)
            if self._stopped.is_set():
                return

    def close(self) -> None:
        """Let go of the mesh."""
        super().close()
        self._world = None

    @property
    def _hears(self) -> bool:
        return Modality.SOUND in self._config.modalities

    def _scenario(self) -> Scenario:
        wanted = self._config.scenario
        if wanted is None:
            return scenarios.interview(60.0)
        return scenarios.load(Path(wanted)) if isinstance(wanted, str) else wanted

    def _skip(self, shot: Shot) -> bool:
        """Tell whether a frame is not to be drawn; raises where the device is gone by then."""
        self._refuse_unplugged(shot)
        if self._start_ns is None or isinstance(self._clock, VirtualClock):
            return False
        behind_ns = self._clock.now_ns() - (self._start_ns + shot.arrived_ns)
        return behind_ns > _FARTHEST_BEHIND_NS and not self._stopped.is_set()

    def _refuse_unplugged(self, shot: Shot) -> None:
        if self._world is None:
            return
        faults = self._world.scenario.faults
        fault = faults.thermal if shot.modality is Modality.THERMAL else faults.kinect
        if fault.unplug_after_s and shot.taken_ns >= fault.unplug_after_s * NS_PER_S:
            raise DeviceError(
                f"The simulated {_model((shot.modality,))} {self._config.serial} was unplugged "
                f"after {fault.unplug_after_s:g} s",
                fix="leave unplug_after_s at 0 in the scenario",
            )


def _model(modalities: tuple[Modality, ...]) -> str:
    """Return what kind of device delivers these."""
    if Modality.SOUND in modalities:
        return "microphone, simulated"
    if Modality.THERMAL not in modalities:
        return "Kinect v2, simulated"
    return "FLIR A65, simulated" if len(modalities) == 1 else "Kinect v2 and FLIR A65, simulated"

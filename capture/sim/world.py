"""The simulated rig as a whole: a scenario in, every sensor's frames out, in the order taken."""

from __future__ import annotations

import itertools
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from capture.sim.stage import Stage
from capture.sim.timing import Sensor, Shot, in_order, shutter_period_s
from taver.core import install
from taver.core.clock import NS_PER_S
from taver.core.errors import MissingExtraError
from taver.core.frames import PICTURES, Modality

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from capture.sim.acting import Mood
    from capture.sim.ideal import Ideal, Landmarks
    from capture.sim.scenario import Scenario
    from capture.sim.scene import Performance, Scene
    from capture.sim.sensors.suite import SensorSuite
    from taver.core.frames import Pixels

_PACKAGES = ("anny", "numba")


class Taken(NamedTuple):
    """A frame that arrived."""

    shot: Shot
    pixels: Pixels


def missing() -> str | None:
    """Return the line that installs what the simulation lacks here, or None if it can run."""
    return install.with_extra("sim") if _lacking() else None


def require() -> None:
    """Raise MissingExtraError if the simulation cannot run here."""
    lacking = _lacking()
    if lacking:
        raise MissingExtraError(
            f"The simulated rig needs {' and '.join(lacking)}, not installed here",
            fix=install.with_extra("sim"),
        )


def _lacking() -> list[str]:
    return [name for name in _PACKAGES if not _is_there(name)]


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ImportError:  # whoever hides a package may say so like this
        return False


class World:
    """A scenario before the cameras."""

    def __init__(self, scenario: Scenario) -> None:
        """Take a scenario; the person's mesh is read when the first picture is asked for."""
        self.scenario = scenario
        self._stage = Stage(scenario)
        self.rig = self._stage.rig
        self._sensors: dict[Modality, Sensor] = {m: Sensor(scenario, m) for m in PICTURES}
        require()
        from capture.sim.render.renderer import Renderer

        self._renderer = Renderer(self.rig)

    def get_ready(self) -> None:
        """Read and compile all that the first frames need, so that they come in time."""
        everybody = self._stage.everybody()
        ideal = self._renderer.render(everybody, PICTURES)
        self._suite().take(ideal, everybody.room, 0, 0)

    def sensor(self, modality: Modality) -> Sensor:
        """Return when the sensor of `modality` takes frames."""
        return self._sensors[modality]

    def scene(self, t_s: float) -> Scene:
        """Return all that can be seen at this time."""
        return self._stage.scene(t_s)

    def mood(self, t_s: float) -> Mood | None:
        """Return what the first person feels, if there is one."""
        return self._stage.mood(t_s)

    def landmarks(self, scene: Scene, modalities: Sequence[Modality]) -> tuple[Landmarks, ...]:
        """Return the landmarks of everybody in the scene, in its order, as these cameras see them.

        Others are left out: to know what hides a point takes as long as to draw the picture.
        """
        return self._renderer.landmarks(scene, modalities)

    def ideal(self, t_s: float, modalities: Sequence[Modality]) -> Ideal:
        """Return what perfect cameras would see at this time."""
        return self._renderer.render(self.scene(t_s), modalities)

    def first(self, t_s: float) -> Performance | None:
        """Return what the first person does, while they are in the scene: its first actor."""
        return self._stage.first(t_s)

    def voice(self, first: int, count: int) -> npt.NDArray[np.int16]:
        """Return the first person's sound: `count` samples from number `first` on."""
        return self._stage.players[0].voice.samples(first, count)

    def frames(
        self, modalities: Sequence[Modality], skip: Callable[[Shot], bool] | None = None
    ) -> Iterator[Taken]:
        """Yield every frame that arrives, in the order taken, without end.

        Those for which `skip` is true are neither drawn nor yielded. Frames that are lost on the
        way were taken all the same, so that losing one changes nothing in the others.
        """
        suite = self._suite()
        shots = in_order([self._sensors[m] for m in modalities])
        for (taken_ns, number), together in itertools.groupby(
            shots, key=lambda shot: (shot.taken_ns, shot.number)
        ):
            wanted = [shot for shot in together if skip is None or not skip(shot)]
            if not wanted:
                continue
            scene = self.scene(taken_ns / NS_PER_S)
            ideal = self._renderer.render(scene, _needed(shot.modality for shot in wanted))
            taken = suite.take(ideal, scene.room, number, taken_ns)
            for shot in wanted:
                if not shot.lost:
                    yield Taken(shot, taken.pixels[shot.modality])

    def _suite(self) -> SensorSuite:
        from capture.sim.sensors.suite import SensorSuite

        return SensorSuite(
            self.rig,
            self.scenario.seed,
            shutter_period_s=shutter_period_s(self.scenario.cameras),
        )


def _needed(modalities: Iterable[Modality]) -> set[Modality]:
    """Return what has to be drawn: how well depth is measured depends on the infrared light."""
    drawn = set(modalities)
    return drawn | {Modality.IR} if Modality.DEPTH in drawn else drawn

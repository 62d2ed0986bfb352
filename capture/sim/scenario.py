"""The scenario file: who is in front of the simulated cameras, what they do, what goes wrong."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from capture.sim.plausible import problems
from taver.core import config
from taver.core.config import Section, Words
from taver.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

Seed = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
# From a second to a second of the scenario.
Span = tuple[float, float]


class Walk(Section, frozen=True, kw_only=True):
    """Valence or arousal by chance: it returns to `mean` with this time constant."""

    mean: float = 0.0
    spread: float = 0.4
    time_constant_s: float = 20.0
    seed: Seed | None = None  # None: from the scenario's


class Body(Section, frozen=True, kw_only=True):
    """How skin answers to arousal 1, and how slowly (one time constant: 63 % of the way)."""

    nose_k: float = -2.5
    nose_time_constant_s: float = 90.0
    cheeks_k: float = 0.6
    cheeks_time_constant_s: float = 150.0
    forehead_k: float = 0.15
    forehead_time_constant_s: float = 240.0


class Person(Section, frozen=True, kw_only=True):
    """Somebody who sits before the cameras; the first one is who the session is about."""

    identity: Seed
    participant: Words | None = None
    distance_mm: float = 1000.0
    aside_mm: float = 0.0  # to the right in the colour picture
    valence: list[tuple[float, float]] | Walk = Walk()
    arousal: list[tuple[float, float]] | Walk = Walk()
    talking: list[Span] | Literal["turns", "never"] = "turns"  # turns: in interviews
    hand: tuple[Span, ...] = ()  # a hand is before the face
    away: tuple[Span, ...] = ()  # walks out of the picture and comes back
    body: Body = Body()


class Passer(Section, frozen=True, kw_only=True):
    """Somebody who walks through behind."""

    identity: Seed
    start_s: float
    seconds: float = 4.0
    distance_mm: float = 1800.0
    heading: Literal["left", "right"] = "right"  # in the colour picture


class Part(Section, frozen=True, kw_only=True):
    """A part of the protocol; it lasts until the next one starts."""

    name: Literal["relaxing", "interview"]
    start_s: float = 0.0


class Boards(Section, frozen=True, kw_only=True):
    """A calibration board, shown from one side after another."""

    views: int = 30
    seconds_each: float = 1.0
    columns: int = 5  # inner corners
    rows: int = 7
    square_mm: float = 30.0
    dictionary: Words | None = None  # ChArUco, for example DICT_4X4_50
    inkjet: bool = False  # printed with ink that the infrared does not see
    warm_k: float = 8.0


class Place(Section, frozen=True, kw_only=True):
    """The room; light 1 is a lit office, below 0.35 colour falls to 15 frames a second."""

    light: float = 1.0
    light_yaw_deg: float = 0.0
    wall_mm: float = 2200.0
    air_celsius: float = 22.5


class Cameras(Section, frozen=True, kw_only=True):
    """How the cameras are set."""

    kinect_hz: float = 10.0
    thermal_hz: float = 10.0
    thermal_clock: bool = True  # whether it stamps frames by a clock of its own, in milliseconds
    shutter_every_s: float = 180.0  # then the thermal picture stands still; 0 for never


class Fault(Section, frozen=True, kw_only=True):
    """How a device misbehaves."""

    drop_every: int = 0  # every so many frames one is lost; 0 for never
    jitter_ms: float = 0.0  # frames arrive up to so much late
    drift_ppm: float = 0.0  # its clock gains so many microseconds a second
    unplug_after_s: float = 0.0  # 0 for never


class Faults(Section, frozen=True, kw_only=True):
    """What goes wrong, by device."""

    kinect: Fault = Fault()
    thermal: Fault = Fault()


class Scenario(Section, frozen=True, kw_only=True):
    """All of a scenario file."""

    seconds: float
    seed: Seed = 0
    rig_seed: Seed | None = None  # None: the standard rig
    room: Place = Place()
    cameras: Cameras = Cameras()
    people: tuple[Person, ...] = ()
    parts: tuple[Part, ...] = ()
    passers: tuple[Passer, ...] = ()
    boards: Boards | None = None
    faults: Faults = Faults()

    @property
    def sha256(self) -> str:
        """Return the fingerprint of everything that was set, defaults included."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


def load(path: Path) -> Scenario:
    """Read the scenario at `path`, or list everything in it that cannot be."""
    scenario = config.load(path, Scenario)
    check(scenario, str(path))
    return scenario


def check(scenario: Scenario, name: str = "The scenario") -> None:
    """Raise ConfigError with everything in `scenario` that cannot be."""
    wrong = problems(scenario)
    if wrong:
        raise ConfigError(
            f"{name} describes what cannot be ({len(wrong)} problem{'s' if wrong[1:] else ''})",
            fix="correct what is listed; nothing was simulated",
            problems=wrong,
        )


def interview(seconds: float, *, identity: int = 12, seed: int = 3) -> Scenario:
    """Return an interview of that length, for whoever brings no scenario."""
    return Scenario(
        seconds=seconds,
        seed=seed,
        people=(
            Person(
                identity=identity,
                valence=Walk(mean=0.2, spread=0.5, time_constant_s=6.0),
                arousal=Walk(mean=0.1, spread=0.5, time_constant_s=6.0),
            ),
        ),
        parts=(Part(name="interview"),),
    )

"""What in a scenario cannot be: every value out of range, every impossible time, all at once."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final

from taver.core import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capture.sim.scenario import Boards, Fault, Person, Scenario, Span, Walk

LONGEST_S: Final = 6 * 3600.0
LEAVING_S: Final = 1.6  # from the chair out of the picture, and the same back
REACHING_S: Final = 0.5  # of a hand from the lap to the face, and the same back
_FULL_RATE_HZ: Final = 30.0
_NEAR_MM, _FAR_MM = 500.0, 4000.0
_MOST_PEOPLE: Final = 12  # ten materials each, which are numbered in a byte


def problems(scenario: Scenario) -> list[str]:
    """Return everything that is wrong with `scenario`, in words."""
    found = [
        *_ranges(
            ("seconds", scenario.seconds, 0.001, LONGEST_S),
            ("room.light", scenario.room.light, 0.05, 2.0),
            ("room.light_yaw_deg", scenario.room.light_yaw_deg, -90.0, 90.0),
            ("room.wall_mm", scenario.room.wall_mm, 1200.0, 8000.0),
            ("room.air_celsius", scenario.room.air_celsius, 5.0, 40.0),
            ("cameras.kinect_hz", scenario.cameras.kinect_hz, 0.1, _FULL_RATE_HZ),
            ("cameras.thermal_hz", scenario.cameras.thermal_hz, 0.1, _FULL_RATE_HZ),
        ),
    ]
    if scenario.cameras.shutter_every_s != 0:
        found += _ranges(
            ("cameras.shutter_every_s", scenario.cameras.shutter_every_s, 2.0, LONGEST_S)
        )
    if len(scenario.people) > _MOST_PEOPLE:
        found.append(f"people: {len(scenario.people)} are too many; at most {_MOST_PEOPLE}")
    for number, person in enumerate(scenario.people, 1):
        found += _person(f"people.{number}", person, scenario.seconds, scenario.room.wall_mm)
    found += _repeated([p.participant for p in scenario.people if p.participant])
    found += _parts(scenario)
    for number, passer in enumerate(scenario.passers, 1):
        where = f"passers.{number}"
        found += _ranges(
            (f"{where}.start_s", passer.start_s, 0.0, scenario.seconds),
            (f"{where}.seconds", passer.seconds, 1.0, 60.0),
            (f"{where}.distance_mm", passer.distance_mm, 700.0, scenario.room.wall_mm - 300.0),
        )
    if scenario.boards is not None:
        found += _boards(scenario.boards)
    if scenario.boards is None and not scenario.people and not scenario.passers:
        found.append("nobody is in it, and no board: add [[people]] or [boards]")
    for device, fault, rate_hz in (
        ("kinect", scenario.faults.kinect, scenario.cameras.kinect_hz),
        ("thermal", scenario.faults.thermal, scenario.cameras.thermal_hz),
    ):
        found += _fault(f"faults.{device}", fault, rate_hz)
    return found


def _ranges(*checks: tuple[str, float, float, float]) -> Iterator[str]:
    """Yield a line for each (name, value, lowest, highest) that is out of range or no number."""
    for name, value, low, high in checks:
        if not low <= value <= high:
            yield f"{name} = {value:g}: it has to be from {low:g} to {high:g}"


def _person(where: str, person: Person, seconds: float, wall_mm: float) -> Iterator[str]:
    yield from _ranges(
        (f"{where}.distance_mm", person.distance_mm, _NEAR_MM, min(_FAR_MM, wall_mm - 300.0)),
        (f"{where}.aside_mm", person.aside_mm, -1500.0, 1500.0),
    )
    if person.participant is not None and not names.fits(person.participant):
        yield f"{where}.participant = {person.participant!r} cannot name a participant"
    for dimension in ("valence", "arousal"):
        affect: list[tuple[float, float]] | Walk = getattr(person, dimension)
        if isinstance(affect, list):
            yield from _points(f"{where}.{dimension}", affect)
        else:
            yield from _walk(f"{where}.{dimension}", affect)
    if not isinstance(person.talking, str):
        yield from _spans(f"{where}.talking", person.talking, seconds, 0.0)
    yield from _spans(f"{where}.hand", person.hand, seconds, 2 * REACHING_S)
    yield from _spans(f"{where}.away", person.away, seconds, 2 * LEAVING_S)
    body = person.body
    for name in ("nose", "cheeks", "forehead"):
        yield from _ranges(
            (f"{where}.body.{name}_k", getattr(body, f"{name}_k"), -6.0, 6.0),
            (
                f"{where}.body.{name}_time_constant_s",
                getattr(body, f"{name}_time_constant_s"),
                1.0,
                3600.0,
            ),
        )


def _points(where: str, points: Sequence[tuple[float, float]]) -> Iterator[str]:
    if not points:
        yield f"{where}: give at least one [second, value]"
    for t_s, value in points:
        yield from _ranges((f"{where} at {t_s:g} s", value, -1.0, 1.0))
        if not 0 <= t_s <= LONGEST_S:
            yield f"{where}: there is no second {t_s:g}"
    for (before_s, _), (after_s, _) in itertools.pairwise(points):
        if not after_s > before_s:
            yield f"{where}: second {after_s:g} comes after {before_s:g}; times have to rise"


def _walk(where: str, walk: Walk) -> Iterator[str]:
    yield from _ranges(
        (f"{where}.mean", walk.mean, -1.0, 1.0),
        (f"{where}.spread", walk.spread, 0.0, 1.0),
        (f"{where}.time_constant_s", walk.time_constant_s, 0.5, 3600.0),
    )


def _spans(where: str, spans: Sequence[Span], seconds: float, least_s: float) -> Iterator[str]:
    for start_s, end_s in spans:
        if not 0 <= start_s < end_s or not start_s < seconds or not math.isfinite(end_s):
            yield f"{where}: [{start_s:g}, {end_s:g}] is not within the {seconds:g} seconds"
        elif end_s - start_s < least_s:
            yield f"{where}: [{start_s:g}, {end_s:g}] is shorter than the {least_s:g} s it takes"
    for (_, before_s), (after_s, _) in itertools.pairwise(spans):
        if not after_s >= before_s:
            yield f"{where}: second {after_s:g} is before the end at {before_s:g}"


def _repeated(people: Sequence[str]) -> Iterator[str]:
    for name in sorted({name for name in people if people.count(name) > 1}):
        yield f"people: {name} is there twice"


def _parts(scenario: Scenario) -> Iterator[str]:
    for number, part in enumerate(scenario.parts, 1):
        if not 0 <= part.start_s < scenario.seconds:
            yield (
                f"parts.{number}.start_s = {part.start_s:g}: "
                f"it is not within the {scenario.seconds:g} seconds"
            )
    for before, after in itertools.pairwise(scenario.parts):
        if not after.start_s > before.start_s:
            yield f"parts: {after.name} at {after.start_s:g} s does not come after {before.name}"


def _boards(boards: Boards) -> Iterator[str]:
    yield from _ranges(
        ("boards.views", boards.views, 1, 1000),
        ("boards.seconds_each", boards.seconds_each, 0.1, 60.0),
        ("boards.columns", boards.columns, 2, 30),
        ("boards.rows", boards.rows, 2, 30),
        ("boards.square_mm", boards.square_mm, 5.0, 200.0),
        ("boards.warm_k", boards.warm_k, 0.0, 60.0),
    )


def _fault(where: str, fault: Fault, rate_hz: float) -> Iterator[str]:
    yield from _ranges(
        (f"{where}.drop_every", fault.drop_every, 0, 1_000_000),
        (f"{where}.drift_ppm", fault.drift_ppm, -1000.0, 1000.0),
        (f"{where}.unplug_after_s", fault.unplug_after_s, 0.0, LONGEST_S),
        (f"{where}.jitter_ms", fault.jitter_ms, 0.0, 900.0 / max(rate_hz, 0.1)),
    )
    if fault.drop_every == 1:
        yield f"{where}.drop_every = 1: every frame would be lost"

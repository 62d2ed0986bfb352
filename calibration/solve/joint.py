"""The whole solution: each camera alone, the cameras to one another, then everything at once."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.adjust import adjust
from calibration.solve.alone import alone
from calibration.solve.covariance import covariance, measured_noise, rms_px
from calibration.solve.place import placed
from calibration.solve.reject import judged
from calibration.solve.rows import DEPTH, residuals, sources_of
from calibration.solve.setting import Setting
from calibration.solve.state import SHIFT, TURN, Layout
from calibration.solve.weak import warnings
from taver.core.errors import InputError

if TYPE_CHECKING:
    from calibration.observations import Observations
    from calibration.solve.adjust import Solution
    from calibration.solve.covariance import Covariance
    from calibration.solve.rows import Source
    from calibration.solve.state import Flags, State

FEWEST_VIEWS: Final = 3
FEWEST_CORNERS: Final = 6  # of a view: a pose and something to check it by
_ROUNDS: Final = 6
_FIRST_DEPTH_MM: Final = 5.0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Result:
    """The solution with all that is to be told about it."""

    observations: Observations  # as they were numbered in the end
    solution: Solution
    covariance: Covariance
    rms_px: dict[str, float]
    rejected: tuple[str, ...]
    warnings: tuple[str, ...]


def joint(observations: Observations, setting: Setting | None = None) -> Result:
    """Solve for everything at once; what does not belong is left out and told."""
    setting = setting or Setting()
    observations = checked(observations)
    first = {camera: alone(observations, camera, setting) for camera in observations.cameras}
    together = placed(observations, first)
    observations, state = together.observations, together.state
    everything = sources_of(observations)
    layout = Layout.of(state)
    noise = {camera: solution.noise[camera] for camera, solution in first.items()}
    noise[DEPTH] = _FIRST_DEPTH_MM
    state = _with_shift(state, everything)
    places = layout.free(
        [n for n in layout.names if n.endswith(TURN)] + [SHIFT[0]] * _has_depth(everything)
    )
    seen = tuple(source for source in everything if source.name != DEPTH)
    pairs = adjust(state, seen, places, noise, layout=layout, most_steps=20)
    return settled(observations, pairs.state, everything, setting, noise)


def settled(
    observations: Observations,
    state: State,
    everything: tuple[Source, ...],
    setting: Setting,
    noise: dict[str, float],
) -> Result:
    """Adjust everything from a state that is nearly right, until nothing is left to reject."""
    layout = Layout.of(state)
    free = free_of(state, layout, setting, depth=_has_depth(everything))
    sources, reasons = everything, list[str]()
    names = [view.name for view in observations.views]
    state = _with_shift(state, everything)
    before: tuple[bytes, ...] = ()
    solution = adjust(state, sources, free, noise, layout=layout)
    for number in range(_ROUNDS):
        # The first time nothing is known to be wrong, so the median tells how noisy it is.
        noise = measured_noise(solution, robust=number < 2)
        solution = dataclasses.replace(solution, noise=noise)
        sources, reasons = judged(solution, everything, names, setting)
        _refuse_too_few(sources, observations)
        solution = adjust(solution.state, sources, free, noise, layout=layout)
        now = tuple(source.weights.tobytes() for source in sources)
        if number >= 2 and now == before:
            break
        before = now
    solution = dataclasses.replace(solution, noise=measured_noise(solution, robust=False))
    known = covariance(solution)
    return Result(
        observations=observations,
        solution=solution,
        covariance=known,
        rms_px=rms_px(solution),
        rejected=tuple(reasons),
        warnings=tuple(warnings(observations, solution, known, observations.cameras)),
    )


def free_of(state: State, layout: Layout, setting: Setting, *, depth: bool) -> Flags:
    """Return which shared parameters are solved for; the shift's slopes are only looked at."""
    names = [n for c in state.cameras for n in setting.free_of(c, len(state.lenses[c]))]
    names += [name for name in layout.names if name.endswith(TURN)]
    if depth:
        names.append(SHIFT[0])
    return layout.free(names)


def checked(observations: Observations) -> Observations:
    """Leave out what no pose can be told from; refuse what no camera can be told from."""
    views = []
    for view in observations.views:
        good = {
            camera: sighting
            for camera, sighting in view.sightings.items()
            if camera in observations.cameras and len(sighting.corners) >= FEWEST_CORNERS
        }
        if good:
            views.append(dataclasses.replace(view, sightings=good))
    kept = dataclasses.replace(observations, views=tuple(views))
    problems = []
    for camera in kept.cameras:
        seen = kept.seen_by(camera)
        if seen == 0:
            problems.append(f"{camera} never saw the board")
        elif seen < FEWEST_VIEWS:
            problems.append(f"{camera} saw the board in {seen} of {len(views)} views")
    if problems:
        raise InputError(
            f"Too few views of the board: {'; '.join(problems)}",
            fix=f"show the board {FEWEST_VIEWS} times at least, better 20 times, whole in every "
            "camera's picture: near and far, tilted, in the middle and at the edges",
            problems=problems,
        )
    return kept


def _refuse_too_few(sources: tuple[Source, ...], observations: Observations) -> None:
    for source in sources:
        left = sum(bool((source.weights[part] > 0).any()) for _, part in source.parts)
        if source.name != DEPTH and left < FEWEST_VIEWS:
            raise InputError(
                f"{source.name}: only {left} of {observations.seen_by(source.name)} views fit one "
                "rigid rig",
                fix="hold the board still in every view, check its size (inner corners, mm) and "
                "that no camera was moved, then record it again",
            )


def _has_depth(sources: tuple[Source, ...]) -> bool:
    return any(source.name == DEPTH for source in sources)


def _with_shift(state: State, sources: tuple[Source, ...]) -> State:
    """Return the state with the shift that the median depth asks for."""
    for source in sources:
        if source.name == DEPTH:
            bare = dataclasses.replace(state, shift=np.zeros(3))
            shift = np.array([float(np.median(residuals(bare, source))), 0.0, 0.0])
            return dataclasses.replace(state, shift=shift)
    return state

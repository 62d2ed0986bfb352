"""How well a rig fits views of the board: reprojection, and transfer from camera to camera.

Transfer is what the rig is for: a corner seen in one camera is put onto the board's plane, as the
depth camera measured it (or, without depth, as the first camera sees it), and looked for in the
other camera.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.plane import met, moved, plane_of
from calibration.solve.adjust import adjust
from calibration.solve.alone import first_poses
from calibration.solve.covariance import measured_noise
from calibration.solve.lens import projected
from calibration.solve.rows import DEPTH, residuals, sources_of
from calibration.solve.state import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    from calibration.observations import Observations, Sighting, View
    from calibration.solve.adjust import Solution
    from calibration.solve.rows import Source
    from calibration.solve.state import State
    from taver.core.camera import Camera
    from taver.core.pose import Pose

    Floats = npt.NDArray[np.float64]

_CLIP: Final = 6.0  # robust deviations: a corner that was seen wrong says nothing of the rig


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Judged:
    """Errors of views that the state was not made from."""

    reprojection_px: Mapping[str, Floats]  # by camera, of each corner
    transfer_px: Mapping[tuple[str, str], Floats]  # from, to: of each corner
    shift_mm: Floats  # of each depth cell: the plane's z less the depth told


def judged(state: State, observations: Observations) -> Judged:
    """Return how far the views are from what `state` says, only the board's poses being found."""
    fitted = posed(state, observations)
    reprojection, shifts = {}, np.empty(0)
    for source in sources_of(observations):
        off = residuals(_still_shift(fitted), source)
        if source.name == DEPTH:
            shifts = off[:, 0]
        else:
            reprojection[source.name] = np.linalg.norm(off, axis=1)
    return Judged(
        reprojection_px=reprojection,
        transfer_px=_transfers(state, observations),
        shift_mm=shifts,
    )


def posed(state: State, observations: Observations) -> State:
    """Return the state with the board's poses of these views, nothing else being moved."""
    start = first_state(state, observations)
    layout = Layout.of(start)
    sources = tuple(s for s in sources_of(observations) if s.name != DEPTH)
    noise = dict.fromkeys((s.name for s in sources), 0.5)
    solution = adjust(start, sources, layout.free([]), noise, layout=layout)
    solution = dataclasses.replace(solution, noise=measured_noise(solution, robust=True))
    return adjust(solution.state, sources, layout.free([]), solution.noise, layout=layout).state


def first_state(state: State, observations: Observations) -> State:
    """Return the known cameras with first poses of the board in these views."""
    rotations, translations = [], []
    for view in observations.views:
        camera = next(c for c in observations.cameras if c in view.sightings)
        candidates = []
        for c, sighting in view.sightings.items():
            r, t = state.rotations[c], state.translations_mm[c]
            for rb, tb in first_poses(observations.board.points_mm, sighting, state.lenses[c]):
                pose = (r.T @ rb, r.T @ (tb - t))
                candidates.append((_misfit(state, observations, view, pose), c != camera, pose))
        best = min(candidates, key=lambda candidate: candidate[:2])[2]
        rotations.append(best[0])
        translations.append(best[1])
    return dataclasses.replace(
        state,
        cameras=observations.cameras,
        board_rotations=np.array(rotations),
        board_translations_mm=np.array(translations),
    )


def _misfit(
    state: State, observations: Observations, view: View, pose: tuple[Floats, Floats]
) -> float:
    total = 0.0
    for camera, sighting in view.sightings.items():
        world = observations.board.points_mm[sighting.corners] @ pose[0].T + pose[1]
        points = world @ state.rotations[camera].T + state.translations_mm[camera]
        if (points[:, 2] <= 0).any():
            return 1e6
        off = projected(state.lenses[camera], points)[0] - sighting.pixels
        total += float(np.median(np.linalg.norm(off, axis=1)))
    return total


def _still_shift(state: State) -> State:
    return dataclasses.replace(state, shift=np.zeros(3))


def _transfers(state: State, observations: Observations) -> dict[tuple[str, str], Floats]:
    cameras = {c: state.camera(c, observations.sizes_px[c]) for c in observations.cameras}
    poses = {c: state.pose(c) for c in observations.cameras}
    found: dict[tuple[str, str], list[Floats]] = {}
    for view in observations.views:
        for a, first in view.sightings.items():
            plane = _plane(state, observations, view, a, cameras, poses)
            if plane is None:
                continue
            for b, second in view.sightings.items():
                if b != a:
                    to = poses[b] @ poses[a].inverse()
                    off = _transfer(plane, cameras[a], cameras[b], to, first, second)
                    found.setdefault((a, b), []).append(off)
    return {pair: np.concatenate(parts) for pair, parts in found.items()}


def _plane(
    state: State,
    observations: Observations,
    view: View,
    camera: str,
    cameras: Mapping[str, Camera],
    poses: Mapping[str, Pose],
) -> Floats | None:
    """Return the board's plane in a camera's frame: from depth, else from that camera alone."""
    deep = observations.depth_camera
    if view.depths is not None and deep in cameras:
        plane = plane_of(view.depths, cameras[deep], float(state.shift[0]))
        if plane is not None:
            return moved(plane, poses[camera] @ poses[deep].inverse())
    only = dataclasses.replace(
        observations,
        views=(dataclasses.replace(view, sightings={camera: view.sightings[camera]}, depths=None),),
    )
    fitted = posed(state, only)
    board = fitted.board_pose(0).then(poses[camera])
    normal = board.rotation_matrix[:, 2]
    distance = float(normal @ np.array(board.translation_mm))
    return None if abs(distance) < 1.0 else np.asarray(normal / distance)


def _transfer(
    plane: Floats, camera: Camera, other: Camera, to: Pose, first: Sighting, second: Sighting
) -> Floats:
    _, mine, theirs = np.intersect1d(first.corners, second.corners, return_indices=True)
    points = met(plane, camera, first.pixels[mine])
    off = np.linalg.norm(other.project(to.apply(points)) - second.pixels[theirs], axis=1)
    return np.asarray(off[np.isfinite(off)])


def rms(errors: Floats) -> float:
    """Return the root mean square without what is far beyond the others."""
    if not len(errors):
        return float("nan")
    limit = _CLIP * max(float(np.median(errors)), 1e-9)
    return float(np.sqrt((errors[errors <= limit] ** 2).mean()))


def kept(solution: Solution, observations: Observations) -> Observations:
    """Return the observations without the corners and views that the solution left out."""
    views = [dict(view.sightings) for view in observations.views]
    for source in solution.sources:
        if source.name != DEPTH:
            _drop(source, views)
    return dataclasses.replace(
        observations,
        views=tuple(
            dataclasses.replace(view, sightings=sightings)
            for view, sightings in zip(observations.views, views, strict=True)
            if sightings
        ),
    )


def _drop(source: Source, views: list[dict[str, Sighting]]) -> None:
    for view, part in source.parts:
        keep = source.weights[part] > 0
        if not keep.any():
            del views[view][source.camera]
        elif not keep.all():
            views[view][source.camera] = views[view][source.camera].only(keep)


def folds(observations: Observations, count: int) -> Iterable[tuple[Observations, Observations]]:
    """Yield (the rest, the part held out), every view being held out once."""
    count = min(count, len(observations.views) // 2)
    for fold in range(count):
        out = tuple(v for at, v in enumerate(observations.views) if at % count == fold)
        rest = tuple(v for at, v in enumerate(observations.views) if at % count != fold)
        yield (
            dataclasses.replace(observations, views=rest),
            dataclasses.replace(observations, views=out),
        )


def held_out(
    solution: Solution,
    observations: Observations,
    solve: Callable[[Observations, State], State],
    count: int = 5,
) -> Judged | None:
    """Return the errors of views held out of their own solution, or None if views are too few.

    `solve(rest, state)` solves for the rest, from a state that is nearly right.
    """
    good = kept(solution, observations)
    if len(good.views) < 6:
        return None
    state = solution.state
    parts: list[Judged] = []
    for rest, out in folds(good, count):
        if any(rest.seen_by(c) < 4 for c in rest.cameras):
            return None
        parts.append(judged(solve(rest, first_state(state, rest)), out))
    if not parts:
        return None
    return Judged(
        reprojection_px={
            c: np.concatenate([p.reprojection_px[c] for p in parts if c in p.reprojection_px])
            for c in good.cameras
            if any(c in p.reprojection_px for p in parts)
        },
        transfer_px={
            pair: np.concatenate([p.transfer_px[pair] for p in parts if pair in p.transfer_px])
            for pair in {pair for p in parts for pair in p.transfer_px}
        },
        shift_mm=np.concatenate([p.shift_mm for p in parts]),
    )

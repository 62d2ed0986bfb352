"""Where the cameras stand to one another, and which end of the board each of them began at.

Every view that two cameras share tells one relative pose for each way the board can be numbered.
The true ones agree over the views, the others do not: most votes win (and among equals the smaller
turn: cameras of one rig stand the same side up).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.observations import Sighting
from calibration.solve.alone import first_poses
from calibration.solve.lens import projected
from calibration.solve.state import State, orthogonal
from calibration.solve.symmetry import orders, turn_of
from taver.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from calibration.board import Board
    from calibration.observations import Observations, View
    from calibration.solve.adjust import Solution

    Floats = npt.NDArray[np.float64]
    Pose = tuple[Floats, Floats]

_TURN_DEG: Final = 10.0
_PLACE: Final = 0.2  # of the distance: a camera alone knows its focal length no better
_AGREEING: Final = 0.5  # of the views
_MIRROR: Final = np.diag([-1.0, 1.0, 1.0])


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Placed:
    """A first state of everything, and what was seen in one common order of corners."""

    state: State
    observations: Observations


def placed(observations: Observations, alone: Mapping[str, Solution]) -> Placed:
    """Put the cameras and boards into the reference camera's frame."""
    reference = observations.cameras[0]
    poses = {camera: _poses(observations, camera, alone[camera]) for camera in observations.cameras}
    found: dict[str, Pose] = {reference: (np.eye(3), np.zeros(3))}
    while len(found) < len(observations.cameras):
        pairs = [
            (len(poses[a].keys() & poses[b].keys()), a, b)
            for a in found
            for b in observations.cameras
            if b not in found
        ]
        shared, a, b = max(pairs, key=lambda pair: pair[0])
        if shared == 0:
            raise DataError(
                f"No view of the board was seen by {b} together with another camera",
                fix="hold the board still where all cameras see the whole of it at once",
            )
        r, t = _relative(observations.board, poses[a], poses[b], a, b)
        before_r, before_t = found[a]
        found[b] = (r @ before_r, r @ before_t + t)
    lenses = {camera: alone[camera].state.lenses[camera] for camera in observations.cameras}
    return together(observations, lenses, poses, found)


def _poses(observations: Observations, camera: str, solution: Solution) -> dict[str, Pose]:
    names = [view.name for view in observations.views if camera in view.sightings]
    state = solution.state
    return {
        name: (orthogonal(r), t)
        for name, r, t in zip(
            names, state.board_rotations, state.board_translations_mm, strict=True
        )
    }


def _relative(
    board: Board, first: Mapping[str, Pose], second: Mapping[str, Pose], a: str, b: str
) -> Pose:
    """Return the way from camera `a` into camera `b` that most of their views agree on."""
    names = sorted(first.keys() & second.keys())
    turns = [turn_of(board, order) for order in orders(board)]
    candidates = _candidates(names, first, second, turns)
    votes, best = _most_agreed(*candidates, len(names))
    if votes < _AGREEING * len(names) and len(names) > 2:
        mirrored = {name: _unmirrored(board, second[name]) for name in names}
        straight, _ = _most_agreed(*_candidates(names, first, mirrored, turns), len(names))
        if straight >= max(0.8 * len(names), votes + 2):
            raise DataError(
                f"The {b} pictures are mirrored left to right against the {a} pictures",
                fix="flip one of them in its driver's settings and record the board again; a "
                "mirrored picture cannot be undone by a pose",
            )
        raise DataError(
            f"{a} and {b} disagree about where they stand: only {votes} of {len(names)} views "
            "fit together",
            fix="hold the board still while a view is taken, leave the cameras where they are, and "
            "check that both recordings are of the same board at the same time",
        )
    return best


def _candidates(
    names: list[str],
    first: Mapping[str, Pose],
    second: Mapping[str, Pose],
    turns: list[Pose],
) -> tuple[Floats, Floats, Floats]:
    """Return relative rotations, translations, and how far away the board was."""
    rotations, places, far = [], [], []
    for name in names:
        ra, ta = first[name]
        rb, tb = second[name]
        for rf, tf in turns:
            r = rb @ rf @ ra.T
            rotations.append(r)
            places.append(rb @ tf + tb - r @ ta)
            far.append(float(np.linalg.norm(ta)))
    return np.array(rotations), np.array(places), np.array(far)


def _most_agreed(rotations: Floats, places: Floats, far: Floats, views: int) -> tuple[int, Pose]:
    ways = len(rotations) // views
    cosines = (np.einsum("aij,bij->ab", rotations, rotations) - 1.0) / 2.0
    apart_mm = np.linalg.norm(places[:, None] - places[None], axis=-1)
    near = (cosines > np.cos(np.radians(_TURN_DEG))) & (
        apart_mm < _PLACE * np.minimum(far[:, None], far[None])
    )
    votes = near.reshape(len(rotations), views, ways).any(axis=2).sum(axis=1)
    turned = np.arccos(np.clip((np.trace(rotations, axis1=1, axis2=2) - 1.0) / 2.0, -1.0, 1.0))
    # Among those that agree as well, the one in the middle of its votes.
    closeness = (cosines * near).sum(axis=1) / near.sum(axis=1)
    best = int(np.lexsort((closeness, np.round(-turned, 1), votes))[-1])
    with_it = near[best]
    r = orthogonal(rotations[with_it].mean(axis=0))
    return int(votes[best]), (r, np.median(places[with_it], axis=0))


def _unmirrored(board: Board, pose: Pose) -> Pose:
    """Return the pose that a mirrored picture's pose stands for."""
    r, t = pose
    flip = np.array([(board.columns - 1) * board.square_mm, 0.0, 0.0])
    return _MIRROR @ r @ _MIRROR, _MIRROR @ (r @ flip + t)


def together(
    observations: Observations,
    lenses: Mapping[str, Floats],
    poses: Mapping[str, Mapping[str, Pose]],
    found: Mapping[str, Pose],
) -> Placed:
    """Return every view numbered as its leading camera does, and where its board was.

    `poses` are the board's in each camera by view; `found` the way from the reference into each.
    """
    views, rotations, translations = [], [], []
    for view in observations.views:
        (r, t), numbered = _best(observations, view, lenses, poses, found)
        rotations.append(r)
        translations.append(t)
        views.append(dataclasses.replace(view, sightings=numbered))
    state = State(
        cameras=observations.cameras,
        lenses=lenses,
        rotations={camera: r for camera, (r, _) in found.items()},
        translations_mm={camera: t for camera, (_, t) in found.items()},
        board_rotations=np.array(rotations),
        board_translations_mm=np.array(translations),
        shift=np.zeros(3),
    )
    return Placed(state=state, observations=dataclasses.replace(observations, views=tuple(views)))


def _best(
    observations: Observations,
    view: View,
    lenses: Mapping[str, Floats],
    poses: Mapping[str, Mapping[str, Pose]],
    found: Mapping[str, Pose],
) -> tuple[Pose, dict[str, Sighting]]:
    """Return the board's pose in the reference frame that all cameras bear out, and the orders."""
    board = observations.board
    ways = orders(board)
    leading = next(camera for camera in observations.cameras if camera in view.sightings)
    candidates: list[Pose] = []
    for camera, sighting in view.sightings.items():
        r, t = found[camera]
        own = [poses[camera][view.name], *first_poses(board.points_mm, sighting, lenses[camera])]
        # The leading camera's numbering is the board's; another one's may be any of its ways.
        for rf, tf in [turn_of(board, w) for w in (ways if camera != leading else ways[:1])]:
            candidates += [(r.T @ rb @ rf, r.T @ (rb @ tf + tb - t)) for rb, tb in own]
    best: tuple[float, Pose, dict[str, Sighting]] | None = None
    for pose in candidates:
        total, numbered = 0.0, {}
        for camera, sighting in view.sightings.items():
            options = ways if camera != leading else ways[:1]
            errors = [
                _error(board, pose, found[camera], lenses[camera], sighting, way) for way in options
            ]
            at = int(np.argmin(errors))
            total += errors[at]
            numbered[camera] = Sighting(
                pixels=sighting.pixels, corners=options[at][sighting.corners]
            )
        if best is None or total < best[0]:
            best = (total, pose, numbered)
    assert best is not None
    return best[1], best[2]


def _error(
    board: Board,
    pose: Pose,
    place: Pose,
    lens: Floats,
    sighting: Sighting,
    order: npt.NDArray[np.int64],
) -> float:
    """Return the median distance in shares of the board's size in the picture."""
    world = board.points_mm[order[sighting.corners]] @ pose[0].T + pose[1]
    points = world @ place[0].T + place[1]
    if (points[:, 2] <= 0).any():
        return 10.0
    off = np.linalg.norm(projected(lens, points)[0] - sighting.pixels, axis=1)
    size = max(float(np.ptp(sighting.pixels, axis=0).max()), 1.0)
    return min(float(np.median(off)) / size, 10.0)

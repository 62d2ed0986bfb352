"""One camera by itself: its lens and the board's poses, from nothing but what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.adjust import Solution, adjust
from calibration.solve.covariance import measured_noise
from calibration.solve.lens import directions
from calibration.solve.rows import residuals, sources_of
from calibration.solve.state import Layout, State
from calibration.vision import vision
from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.observations import Observations, Sighting
    from calibration.solve.setting import Setting

    Floats = npt.NDArray[np.float64]

_FIRST_NOISE_PX: Final = 1.0
_FOCAL: Final = (0.35, 12.0)  # of the longer side: from fisheyes to long lenses
_USUAL: Final = 1.0


def alone(observations: Observations, camera: str, setting: Setting) -> Solution:
    """Return the lens of `camera` and the poses of the board in each view that it saw."""
    mine = observations.of([camera])
    sources = sources_of(mine)[:1]
    lens = _first_lens(mine, camera, setting)
    state = _state(mine, camera, lens)
    layout = Layout.of(state)
    noise = {camera: _FIRST_NOISE_PX}
    stages = (
        [f"{camera}.{name}" for name in ("fx_px", "fy_px")],
        [f"{camera}.{name}" for name in ("fx_px", "fy_px", "k1")],
        setting.free_of(camera, len(lens)),
    )
    for number, names in enumerate(stages):
        solution = adjust(state, sources, layout.free(names), noise, layout=layout)
        state = solution.state
        if number == 1:  # the lens is known by now, and of two likely poses the better is taken
            state = _state(mine, camera, state.lenses[camera], keep=state)
        noise = measured_noise(solution, robust=True)
    return adjust(state, sources, layout.free(stages[-1]), noise, layout=layout)


def posed(observations: Observations, camera: str, lens: Floats) -> Solution:
    """Return the board's poses alone, the lens being known."""
    mine = observations.of([camera])
    state = _state(mine, camera, lens)
    layout = Layout.of(state)
    noise = {camera: _FIRST_NOISE_PX}
    sources = sources_of(mine)[:1]
    solution = adjust(state, sources, layout.free([]), noise, layout=layout)
    noise = measured_noise(solution, robust=True)
    return adjust(solution.state, sources, layout.free([]), noise, layout=layout)


def _first_lens(observations: Observations, camera: str, setting: Setting) -> Floats:
    width, height = observations.sizes_px[camera]
    board = observations.board.points_mm.astype(np.float32)
    seen = [view.sightings[camera] for view in observations.views]
    lens = np.zeros(4 + setting.coefficients)
    lens[2:4] = (width - 1) / 2, (height - 1) / 2
    try:
        matrix = vision().initCameraMatrix2D(
            [board[s.corners] for s in seen],
            [s.pixels.astype(np.float32) for s in seen],
            (width, height),
            1.0,
        )
        focal = float(matrix[0, 0])
    except vision().error:
        focal = 0.0
    longer = max(width, height)
    if not _FOCAL[0] * longer <= focal <= _FOCAL[1] * longer:
        focal = _USUAL * longer  # views from straight ahead tell nothing of the focal length
    lens[:2] = focal
    return lens


def _state(
    observations: Observations, camera: str, lens: Floats, keep: State | None = None
) -> State:
    """Return a state with the poses that fit best; those of `keep` stay where they fit better."""
    board = observations.board.points_mm
    poses = [first_poses(board, view.sightings[camera], lens)[0] for view in observations.views]
    state = State(
        cameras=(camera,),
        lenses={camera: lens},
        rotations={camera: np.eye(3)},
        translations_mm={camera: np.zeros(3)},
        board_rotations=np.array([r for r, _ in poses]).reshape(-1, 3, 3),
        board_translations_mm=np.array([t for _, t in poses]).reshape(-1, 3),
        shift=np.zeros(3),
    )
    if keep is None:
        return state
    source = sources_of(observations)[0]
    rows = [part for _, part in source.parts]
    new, old = ((residuals(s, source) ** 2).sum(axis=1) for s in (state, keep))
    better = np.array([new[part].mean() < old[part].mean() for part in rows])
    return State(
        cameras=state.cameras,
        lenses=state.lenses,
        rotations=state.rotations,
        translations_mm=state.translations_mm,
        board_rotations=np.where(
            better[:, None, None], state.board_rotations, keep.board_rotations
        ),
        board_translations_mm=np.where(
            better[:, None], state.board_translations_mm, keep.board_translations_mm
        ),
        shift=state.shift,
    )


def first_poses(board_mm: Floats, sighting: Sighting, lens: Floats) -> list[tuple[Floats, Floats]]:
    """Return the board's likely poses, the likeliest first: a flat board may have two.

    After Collins and Bartoli, "Infinitesimal plane-based pose estimation" (2014), in OpenCV.
    """
    cv2 = vision()
    points = board_mm[sighting.corners]
    rays = directions(lens, sighting.pixels)
    try:
        _, turns, places, _ = cv2.solvePnPGeneric(
            points, rays, np.eye(3), None, flags=cv2.SOLVEPNP_IPPE
        )
    except cv2.error as error:
        raise InputError(
            f"A view of the board with {len(points)} corners has no pose ({error})",
            fix="leave that view out: its corners lie on one line",
        ) from None
    poses = [
        (cv2.Rodrigues(turn)[0], place.reshape(3))
        for turn, place in zip(turns, places, strict=True)
        if np.isfinite(turn).all() and np.isfinite(place).all() and place[2] > 0
    ]
    if poses:
        return poses
    middle = np.append(rays.mean(axis=0), 1.0)
    size = max(float(np.ptp(rays, axis=0).max()), 1e-6)
    return [(np.eye(3), middle * float(np.ptp(points, axis=0).max()) / size)]

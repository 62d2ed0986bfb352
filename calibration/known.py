"""A rig that is known already, as the solver's state; and views numbered by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.solve.alone import first_poses
from calibration.solve.place import Placed, together
from calibration.solve.state import State
from taver.core.errors import DataError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calibration.observations import Observations
    from calibration.rig import Rig
    from taver.core.camera import Camera
    from taver.core.vectors import Floats


def state_of(rig: Rig, cameras: tuple[str, ...]) -> State:
    """Return the rig as a state without any view."""
    poses = {camera: rig.from_color(Modality(camera)) for camera in cameras}
    return State(
        cameras=cameras,
        lenses={camera: _lens(rig.cameras[Modality(camera)]) for camera in cameras},
        rotations={camera: pose.rotation_matrix for camera, pose in poses.items()},
        translations_mm={camera: np.array(pose.translation_mm) for camera, pose in poses.items()},
        board_rotations=np.empty((0, 3, 3)),
        board_translations_mm=np.empty((0, 3)),
        shift=np.array([rig.depth_shift_mm, 0.0, 0.0]),
    )


def numbered(rig: Rig, observations: Observations) -> Placed:
    """Return the views with their corners numbered as the rig makes them agree, and first poses."""
    require_sizes(rig, observations.sizes_px)
    state = state_of(rig, observations.cameras)
    poses = {
        camera: {
            view.name: first_poses(
                observations.board.points_mm, view.sightings[camera], state.lenses[camera]
            )[0]
            for view in observations.views
            if camera in view.sightings
        }
        for camera in observations.cameras
    }
    # The world is the colour camera's frame, also where it did not see a view.
    places = {c: (state.rotations[c], state.translations_mm[c]) for c in observations.cameras}
    done = together(observations, state.lenses, poses, places)
    return Placed(
        state=State(
            cameras=state.cameras,
            lenses=state.lenses,
            rotations=state.rotations,
            translations_mm=state.translations_mm,
            board_rotations=done.state.board_rotations,
            board_translations_mm=done.state.board_translations_mm,
            shift=state.shift,
        ),
        observations=done.observations,
    )


def require_sizes(rig: Rig, sizes_px: Mapping[str, tuple[int, int]]) -> None:
    """Raise DataError if the pictures are not of the size that the rig was calibrated at."""
    problems = []
    for camera, (width, height) in sizes_px.items():
        known = rig.cameras.get(Modality(camera))
        if known is not None and (known.width_px, known.height_px) != (width, height):
            problems.append(
                f"{camera}: calibrated at {known.width_px}x{known.height_px}, recorded at "
                f"{width}x{height}"
            )
    if problems:
        raise DataError(
            "The pictures have another size than those the rig was calibrated with",
            fix="record at the calibrated size, or calibrate again at this one",
            problems=problems,
        )


def _lens(camera: Camera) -> Floats:
    coefficients = camera.distortion.coefficients or (0.0,) * 5
    return np.array(
        [camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px, *coefficients], np.float64
    )

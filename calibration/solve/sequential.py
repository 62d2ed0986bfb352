"""The sequential way of iai_kinect2, the tool that the paper used, for comparison.

Each lens by itself, then each camera's place with the lenses held as they are, then the depth shift
as the mean over the pixels on the boards, each board's plane from the infrared corners alone. What
one step got wrong the next ones cannot mend.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.adjust import Solution, adjust
from calibration.solve.alone import alone, posed
from calibration.solve.covariance import covariance, measured_noise, rms_px
from calibration.solve.joint import Result, checked
from calibration.solve.place import placed
from calibration.solve.rows import DEPTH, residuals, sources_of
from calibration.solve.setting import Setting
from calibration.solve.state import TURN, Layout

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.observations import Observations

    Floats = npt.NDArray[np.float64]

_NEAREST_MM: Final = 100.0
_FARTHEST_OFF_MM: Final = 80.0


def sequential(observations: Observations, setting: Setting | None = None) -> Result:
    """Solve step by step; deviations are those of the last step alone, as if the others knew."""
    setting = setting or Setting()
    observations = checked(observations)
    first = {camera: alone(observations, camera, setting) for camera in observations.cameras}
    together = placed(observations, first)
    observations, state = together.observations, together.state
    layout = Layout.of(state)
    sources = sources_of(observations)
    noise = {camera: solution.noise[camera] for camera, solution in first.items()}
    noise[DEPTH] = 1.0
    seen = tuple(source for source in sources if source.name != DEPTH)
    reference = observations.cameras[0]
    for camera in observations.cameras[1:]:  # pair by pair, as a stereo calibration goes
        pair = tuple(source for source in seen if source.camera in {reference, camera})
        turns = layout.free([n for n in layout.names if n.startswith(f"{reference}_to_{camera}.")])
        moved = adjust(state, pair, turns, noise, layout=layout).state
        state = dataclasses.replace(
            state,
            rotations={**state.rotations, camera: moved.rotations[camera]},
            translations_mm={**state.translations_mm, camera: moved.translations_mm[camera]},
        )
    shift = _mean_shift(observations, state.lenses.get(observations.depth_camera))
    state = dataclasses.replace(state, shift=np.array([shift, 0.0, 0.0]))
    places = layout.free([n for n in layout.names if n.endswith(TURN)])
    last = adjust(state, seen, layout.free([]), noise, layout=layout)  # the boards, for the errors
    solution = dataclasses.replace(
        last, free=places, sources=seen, noise=measured_noise(last, robust=True)
    )
    return Result(
        observations=observations,
        solution=solution,
        covariance=covariance(solution),
        rms_px=rms_px(solution),
        rejected=(),
        warnings=(
            (
                "solved step by step as iai_kinect2 does; the deviations leave out what the lenses "
                "do not know. For use, calibrate with --method joint"
            ),
        ),
    )


def _mean_shift(observations: Observations, lens: Floats | None) -> float:
    """Return the mean of the plane's z less the depth told, within 80 mm of each other."""
    camera = observations.depth_camera
    if lens is None or not any(view.depths is not None for view in observations.views):
        return 0.0
    mine = observations.of([camera])
    alone_posed: Solution = posed(mine, camera, lens)
    deep = [source for source in sources_of(mine) if source.name == DEPTH]
    if not deep:
        return 0.0
    source = deep[0]
    off = residuals(alone_posed.state, source)[:, 0]
    good = (source.z_mm > _NEAREST_MM) & (np.abs(off) <= _FARTHEST_OFF_MM)
    if not good.any():
        return 0.0
    return float(np.average(off[good], weights=source.weights[good]))

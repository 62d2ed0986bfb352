"""Measures an old calibration on a new recording of the board, and tells if it still holds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration import store
from calibration.judge import Judged, judged, rms
from calibration.known import numbered, require_sizes
from calibration.look import MOST_VIEWS, look
from calibration.solve.adjust import Solution, adjust
from calibration.solve.covariance import covariance, measured_noise
from calibration.solve.rows import DEPTH, sources_of
from calibration.solve.state import SHIFT, TURN, Layout
from calibration.sources.shot import merged
from taver.core.errors import InputError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calibration.board import Board
    from calibration.look import Looked
    from calibration.rig import Rig
    from calibration.solve.rows import Source
    from calibration.solve.state import State
    from calibration.sources.shot import Source as Recording
    from taver.core.pose import Pose
    from taver.core.progress import Progress

_HOLDS_PX: Final = 1.0
_WORSE: Final = 2.0  # times what it was when it was made
_SURE: Final = 4.0  # deviations


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Moved:
    """How far a camera has moved since, in its own frame."""

    camera: str
    place_mm: float
    place_sigma_mm: float
    turn_deg: float
    turn_sigma_deg: float

    @property
    def surely(self) -> bool:
        """Whether it is more than chance."""
        return (
            self.place_mm > _SURE * self.place_sigma_mm
            or self.turn_deg > _SURE * self.turn_sigma_deg
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Checked:
    """What was measured."""

    judged: Judged
    moved: tuple[Moved, ...]
    shift_mm: float | None  # what the depth shift is now
    shift_sigma_mm: float
    views: int
    holds: bool
    verdict: str
    looked: Looked


def check(
    rig: Rig, sources: Sequence[Recording], board: Board, progress: Progress | None = None
) -> Checked:
    """Return how well `rig` fits new views of a board."""
    about = merged([source.about for source in sources])
    store.require(rig, about.serials)
    for source in sources:
        _require_sizes(rig, source)
    looked = look(sources, board, most_views=MOST_VIEWS, progress=progress)
    known = {m.value for m in rig.cameras}
    cameras = [c for c in looked.observations.cameras if c in known]
    if "color" not in cameras or len(cameras) < 2:
        raise InputError(
            f"The recording shows the board to {' and '.join(cameras) or 'no camera'} alone",
            fix="a check needs the board in colour and in one more camera of the rig",
        )
    placed = numbered(rig, looked.observations.of(cameras))
    errors = judged(placed.state, placed.observations)
    solution = _freed(placed.state, sources_of(placed.observations))
    moved = tuple(
        _moved(rig.from_color(Modality(camera)), solution, camera) for camera in cameras[1:]
    )
    deep = any(source.name == DEPTH for source in solution.sources)
    at = solution.layout.shift_at.start
    sigma = float(np.sqrt(max(covariance(solution).shared[at, at], 0.0)))
    shift = float(solution.state.shift[0]) if deep else None
    holds, words = _verdict(rig, errors, moved, shift)
    return Checked(
        judged=errors,
        moved=moved,
        shift_mm=shift,
        shift_sigma_mm=sigma,
        views=len(placed.observations.views),
        holds=holds,
        verdict=words,
        looked=looked,
    )


def _require_sizes(rig: Rig, source: Recording) -> None:
    """Refuse pictures of another size by the first of them, before boards are looked for."""
    shot = next(iter(source.shots()), None)
    if shot is not None:
        pictures = shot.pictures.items()
        require_sizes(rig, {m.value: (p.shape[1], p.shape[0]) for m, p in pictures})


def _freed(state: State, sources: tuple[Source, ...]) -> Solution:
    """Return the solution with the cameras' places and the shift free, the lenses held."""
    layout = Layout.of(state)
    names = [name for name in layout.names if name.endswith(TURN)]
    if any(source.name == DEPTH for source in sources):
        names.append(SHIFT[0])
    free = layout.free(names)
    noise = {source.name: 5.0 if source.name == DEPTH else 0.3 for source in sources}
    solution = adjust(state, sources, free, noise, layout=layout)
    for robust in (True, True, False):
        solution = adjust(solution.state, sources, free, noise, layout=layout)
        noise = measured_noise(solution, robust=robust)
    return dataclasses.replace(solution, noise=noise)


def _moved(before: Pose, solution: Solution, camera: str) -> Moved:
    now = solution.state.pose(camera)
    at = solution.layout.turn_at[camera]
    sigma = np.sqrt(np.maximum(np.diag(covariance(solution).shared)[at], 0.0))
    turned = (now @ before.inverse()).rotation_vector
    place = np.subtract(now.translation_mm, before.translation_mm)
    return Moved(
        camera=camera,
        place_mm=float(np.linalg.norm(place)),
        place_sigma_mm=float(np.linalg.norm(sigma[3:])),
        turn_deg=float(np.degrees(np.linalg.norm(turned))),
        turn_sigma_deg=float(np.degrees(np.linalg.norm(sigma[:3]))),
    )


def _verdict(
    rig: Rig, errors: Judged, moved: tuple[Moved, ...], shift_mm: float | None
) -> tuple[bool, str]:
    found = {f"{a} to {b}": rms(e) for (a, b), e in errors.transfer_px.items()}
    bad = {
        pair: error
        for pair, error in found.items()
        if error > max(_HOLDS_PX, _WORSE * rig.quality.transfer_px.get(pair, 0.0))
    }
    worst = max(found, key=lambda pair: found[pair])
    if not bad:
        return True, (
            f"The calibration holds: the worst pair, {worst}, is {found[worst]:.2f} px off."
        )
    parts = [f"The calibration no longer holds: {worst} is {found[worst]:.2f} px off."]
    gone = max(moved, key=lambda one: one.turn_deg)
    if gone.surely:
        parts.append(
            f"The {gone.camera} camera has turned by {gone.turn_deg:.2f} degrees and moved by "
            f"{gone.place_mm:.1f} mm against colour."
        )
    if shift_mm is not None and abs(shift_mm - rig.depth_shift_mm) > 5.0:
        parts.append(f"The depth shift is {shift_mm:+.1f} mm, not {rig.depth_shift_mm:+.1f} mm.")
    parts.append("Calibrate again.")
    return False, " ".join(parts)

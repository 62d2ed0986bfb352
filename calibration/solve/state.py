"""What is solved for: lenses, cameras' places, the board's poses, the depth shift.

The reference camera's frame is the world. A turn is a small rotation (rx, ry, rz), applied after
the rotation there is: R becomes exp(r) R, and t stays.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.lens import NAMES
from taver.core.camera import Camera
from taver.core.distortion import Distortion
from taver.core.pose import Pose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

TURN: Final = ("rx_rad", "ry_rad", "rz_rad", "tx_mm", "ty_mm", "tz_mm")
SHIFT: Final = ("depth_shift_mm", "depth_shift_per_m_mm", "depth_shift_per_radius_mm")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class State:
    """One guess at everything; arrays are replaced, never written into."""

    cameras: tuple[str, ...]  # the reference first
    lenses: Mapping[str, Floats]  # (9,) or (12,)
    rotations: Mapping[str, Floats]  # from the reference to each other camera
    translations_mm: Mapping[str, Floats]
    board_rotations: Floats  # (views, 3, 3), from the board to the reference
    board_translations_mm: Floats  # (views, 3)
    shift: Floats  # (3,) SHIFT, in its order

    def camera(self, name: str, size_px: tuple[int, int]) -> Camera:
        """Return one camera as the rest of taver takes it."""
        lens = self.lenses[name]
        return Camera(
            width_px=size_px[0],
            height_px=size_px[1],
            fx_px=float(lens[0]),
            fy_px=float(lens[1]),
            cx_px=float(lens[2]),
            cy_px=float(lens[3]),
            distortion=Distortion(coefficients=tuple(lens[4:].tolist())),
        )

    def pose(self, camera: str) -> Pose:
        """Return the way from the reference into `camera`."""
        return Pose.from_matrix(orthogonal(self.rotations[camera]), self.translations_mm[camera])

    def board_pose(self, view: int) -> Pose:
        """Return the way from the board into the reference camera."""
        return Pose.from_matrix(
            orthogonal(self.board_rotations[view]), self.board_translations_mm[view]
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Layout:
    """Where each shared parameter stands in the vector that is solved for."""

    names: tuple[str, ...]
    lens_at: Mapping[str, slice]
    turn_at: Mapping[str, slice]  # of every camera but the reference
    shift_at: slice

    @classmethod
    def of(cls, state: State) -> Layout:
        """Lay out the parameters of a state."""
        names: list[str] = []
        lens_at, turn_at = {}, {}
        for camera in state.cameras:
            size = len(state.lenses[camera])
            lens_at[camera] = slice(len(names), len(names) + size)
            names += [f"{camera}.{name}" for name in NAMES[:size]]
        for camera in state.cameras[1:]:
            turn_at[camera] = slice(len(names), len(names) + 6)
            names += [f"{state.cameras[0]}_to_{camera}.{name}" for name in TURN]
        shift_at = slice(len(names), len(names) + len(SHIFT))
        return cls(names=(*names, *SHIFT), lens_at=lens_at, turn_at=turn_at, shift_at=shift_at)

    def free(self, names: Iterable[str]) -> Flags:
        """Return which parameters are among `names`."""
        wanted = set(names)
        return np.array([name in wanted for name in self.names])


def moved(state: State, layout: Layout, shared: Floats, boards: Floats) -> State:
    """Return the state one step on: `shared` (parameters,), `boards` (views, 6)."""
    lenses = {c: state.lenses[c] + shared[layout.lens_at[c]] for c in state.cameras}
    rotations, translations = {}, {}
    for camera in state.cameras:
        rotations[camera] = state.rotations[camera]
        translations[camera] = state.translations_mm[camera]
        if camera in layout.turn_at:
            step = shared[layout.turn_at[camera]]
            rotations[camera] = rotation(step[None, :3])[0] @ rotations[camera]
            translations[camera] = translations[camera] + step[3:]
    return dataclasses.replace(
        state,
        lenses=lenses,
        rotations=rotations,
        translations_mm=translations,
        board_rotations=rotation(boards[:, :3]) @ state.board_rotations,
        board_translations_mm=state.board_translations_mm + boards[:, 3:],
        shift=state.shift + shared[layout.shift_at],
    )


def rotation(vectors: Floats) -> Floats:
    """Return the rotations (n, 3, 3) about these vectors (n, 3), by Rodrigues' formula."""
    turns = np.linalg.norm(vectors, axis=-1)[:, None, None] / np.pi
    k = crossing(vectors)
    return np.asarray(np.eye(3) + np.sinc(turns) * k + 0.5 * np.sinc(turns / 2.0) ** 2 * (k @ k))


def crossing(vectors: Floats) -> Floats:
    """Return the matrices (n, 3, 3) that multiply crosswise: [v] w = v x w."""
    k = np.zeros((len(vectors), 3, 3))
    x, y, z = vectors.T
    k[:, 0, 1], k[:, 0, 2], k[:, 1, 2] = -z, y, -x
    k[:, 1, 0], k[:, 2, 0], k[:, 2, 1] = z, -y, x
    return k


def orthogonal(matrix: Floats) -> Floats:
    """Return the rotation nearest to a matrix that many small steps have made."""
    u, _, vt = np.linalg.svd(matrix)
    return np.asarray(u @ vt)

"""A board as the renderer takes it: a sheet of small triangles on a stick."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim.board.geometry import MARGIN, check, outline_mm
from capture.sim.board.printed import STICK, texels_for, texture
from capture.sim.render.mesh import Mesh

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.rig import Rig
    from capture.sim.scene import Board, BoardView

    Float32 = npt.NDArray[np.float32]

_CELL_MM: Final = 15.0  # 27 pixels in colour at 0.6 m
_MOST_CELLS: Final = 80  # a side
_STICK_MM: Final = (24.0, 500.0)  # wide, long
_BEHIND_MM: Final = 3.0  # the board's face


def board_mesh(view: BoardView, rig: Rig, air_k: float) -> Mesh:
    """Return the board where it is held, printed as finely as these cameras can see there."""
    check(view.board)
    vertices, triangles, uv = _sheet(view.board)
    centre = view.pose.apply(outline_mm(view.board).mean(axis=0))
    color, ir, thermal = (
        texels_for(
            one.camera.fx_px * view.board.square_mm / max(one.from_color.apply(centre)[2], 1.0)
        )
        for one in (rig.color, rig.ir, rig.thermal)
    )
    return Mesh(
        vertices_mm=view.pose.apply(vertices).astype(np.float32),
        triangles=triangles,
        uv=uv,
        texture=texture(view.board, color, ir, thermal, air_k),
        sharp=True,
    )


@functools.lru_cache(maxsize=8)
def _sheet(
    board: Board,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32], Float32]:
    """Return vertices in the board's frame, triangles, and their corners' places in the texture."""
    left_above, _, right_below, _ = outline_mm(board)
    paper = STICK / (board.rows + 1 + 2 * MARGIN + STICK)  # of the texture's height is wood
    face = _grid(left_above, right_below, np.array([0.0, 0.0]), np.array([1.0, 1.0 - paper]))
    middle = (left_above[0] + right_below[0]) / 2
    wide, long = _STICK_MM
    stick = _grid(
        np.array([middle - wide / 2, right_below[1] - 2 * board.square_mm, _BEHIND_MM]),
        np.array([middle + wide / 2, right_below[1] + long, _BEHIND_MM]),
        np.array([0.1, 1.0 - 0.6 * paper]),
        np.array([0.9, 1.0 - 0.2 * paper]),
    )
    return (
        np.concatenate([face[0], stick[0]]),
        np.concatenate([face[1], stick[1] + np.int32(len(face[0]))]),
        np.concatenate([face[2], stick[2]]),
    )


def _grid(
    low_mm: npt.NDArray[np.float64],
    high_mm: npt.NDArray[np.float64],
    low_uv: npt.NDArray[np.float64],
    high_uv: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32], Float32]:
    """Cut an upright rectangle into cells of two triangles that turn clockwise."""
    across, down = (
        int(min(max(np.ceil(side / _CELL_MM), 1), _MOST_CELLS)) for side in (high_mm - low_mm)[:2]
    )
    v, u = (
        part.ravel()
        for part in np.mgrid[0.0 : 1.0 : (down + 1) * 1j, 0.0 : 1.0 : (across + 1) * 1j]
    )
    span = np.stack([u, v, np.zeros_like(u)], axis=-1)
    vertices = low_mm + span * (high_mm - low_mm)
    row, column = (part.ravel() for part in np.mgrid[:down, :across])
    first = row * (across + 1) + column
    below = first + across + 1
    triangles = np.concatenate(
        [
            np.stack([first, first + 1, below + 1], axis=-1),
            np.stack([first, below + 1, below], axis=-1),
        ]
    ).astype(np.int32)
    uv = low_uv + span[:, :2] * (high_uv - low_uv)
    return vertices, triangles, uv[triangles].astype(np.float32)

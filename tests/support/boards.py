"""Boards before the simulated rig: as plain corners with planted noise, and as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from calibration.board import Board
from calibration.observations import Depths, Observations, Sighting, View
from calibration.sources.shot import SEEING, About, Shot
from capture.sim import scene
from capture.sim.board.views import views
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capture.sim.rig import Rig, RigCamera
    from taver.core.pose import Pose

NOISE_PX = {"color": 0.1, "ir": 0.1, "thermal": 0.3}
DEPTH_NOISE_MM = 4.0
SHIFT_MM = -24.0
BOARD = Board()


def cameras(rig: Rig) -> dict[str, RigCamera]:
    """Return the rig's cameras by the calibration's names, the reference first."""
    return {"color": rig.color, "ir": rig.ir, "thermal": rig.thermal}


def planted(
    rig: Rig, count: int, seed: int, board: Board = BOARD, poses: Sequence[Pose] | None = None
) -> Observations:
    """Return what the rig would see of a board, with noise on every corner and every depth."""
    rng = np.random.default_rng([2026, seed])
    shown = scene.Board(columns=board.columns, rows=board.rows, square_mm=board.square_mm)
    if poses is None:
        poses = [view.pose for view in views(shown, count, rig, seed=seed)]
    seen = []
    for number, pose in enumerate(poses):
        sightings = {}
        for name, one in cameras(rig).items():
            pixels = one.camera.project(one.from_color.apply(pose.apply(board.points_mm)))
            pixels += rng.normal(0.0, NOISE_PX[name], pixels.shape)
            sightings[name] = Sighting(pixels=pixels, corners=np.arange(board.corners))
        seen.append(
            View(
                name=f"view {number + 1}",
                sightings=sightings,
                depths=_depths(rig, pose.then(rig.ir.from_color), board, rng),
            )
        )
    sizes = {n: (one.camera.width_px, one.camera.height_px) for n, one in cameras(rig).items()}
    return Observations(board=board, sizes_px=sizes, views=tuple(seen))


def _depths(rig: Rig, pose: Pose, board: Board, rng: np.random.Generator) -> Depths:
    """Return every depth pixel on the board, with the sensor's shift and noise."""
    ir = rig.ir.camera
    mask = np.zeros((ir.height_px, ir.width_px), np.uint8)
    outline = ir.project(pose.apply(board.outline_mm))
    cv2.fillConvexPoly(mask, np.rint(outline).astype(np.int32), 1)
    y, x = np.nonzero(mask)
    pixels = np.column_stack([x, y]).astype(np.float64)
    normal = pose.rotation_matrix[:, 2]
    z_mm = normal @ np.array(pose.translation_mm) / (ir.rays(pixels) @ normal)
    noise = rng.normal(0.0, DEPTH_NOISE_MM, z_mm.shape)
    return Depths(pixels=pixels, z_mm=z_mm - SHIFT_MM + noise)


class Rendered:
    """Boards that the simulated rig renders, as a source of shots."""

    def __init__(self, rig: Rig, count: int, seed: int, board: scene.Board | None = None) -> None:
        self._rig, self._count, self._seed = rig, count, seed
        self._board = board or scene.Board()
        self.about = About(names=("rendered",), serials={}, inputs={}, simulated=True)

    def __len__(self) -> int:
        return self._count

    def shots(self) -> Iterator[Shot]:
        """Yield every view with its sensors' noise."""
        from capture.sim.render.renderer import Renderer
        from capture.sim.sensors.suite import SensorSuite

        renderer, suite = Renderer(self._rig), SensorSuite(self._rig, self._seed)
        held = views(self._board, self._count, self._rig, seed=self._seed)
        for number, view in enumerate(held):
            shown = scene.Scene(boards=(view,))
            ideal = renderer.render(shown, [*SEEING, Modality.DEPTH])
            taken = suite.take(ideal, shown.room, number, number * 100_000_000)
            yield Shot(
                name=f"view {number + 1}",
                pictures={m: taken.pixels[m] for m in SEEING},
                depth_mm=taken.pixels[Modality.DEPTH],
            )

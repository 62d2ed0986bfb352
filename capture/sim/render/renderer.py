"""Draws scenes: from actors, boards and a room to noise-free pictures and the landmarks' truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.board.shape import board_mesh
from capture.sim.head import figure
from capture.sim.ideal import Ideal, Landmarks
from capture.sim.render import landmarks, light
from capture.sim.render.background import backdrop
from capture.sim.render.lens import Lens
from capture.sim.render.samples import Samples
from capture.sim.render.shade import feel, measure, paint
from capture.sim.render.shape import BOTH, Shape, Solid, joined, joined_shape, shape_of_mesh
from capture.sim.render.view import seen_through
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from capture.sim.render.background import Backdrop
    from capture.sim.render.mesh import Mesh
    from capture.sim.rig import Rig
    from capture.sim.scene import Scene

_FINE = 2  # samples a pixel, each way, in colour; the other cameras blur or mix edges themselves


class Renderer:
    """Draws for one rig; it keeps buffers, so let one thread use it at a time."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._color = Lens(rig.color)
        self._ir = Lens(rig.ir)
        self._thermal = Lens(rig.thermal)
        self._samples = Samples()
        self._shapes: dict[tuple[int, ...], tuple[list[Shape], Shape]] = {}

    def render(self, scene: Scene, modalities: Iterable[Modality]) -> Ideal:
        """Return what perfect cameras would see; only the pictures of these modalities."""
        wanted = set(modalities)
        room = scene.room
        empty = backdrop(room, self.rig.color.camera, self.rig.ir.camera, self.rig.thermal.camera)
        solid = self._solid(scene)
        infrared = bool(wanted & {Modality.DEPTH, Modality.IR})
        depth, reflectance = self._measured(solid, empty) if infrared else (None, None)
        return Ideal(
            color=self._painted(solid, empty) if Modality.COLOR in wanted else None,
            depth_mm=depth if Modality.DEPTH in wanted else None,
            reflectance=reflectance if Modality.IR in wanted else None,
            thermal_k=self._felt(solid, empty) if Modality.THERMAL in wanted else None,
        )

    def landmarks(
        self, scene: Scene, modalities: Iterable[Modality] = landmarks.ALL
    ) -> tuple[Landmarks, ...]:
        """Return the 68 points of every actor, and which of these cameras see them."""
        solid = self._solid(scene)
        if solid is None:
            return ()
        points = [figure.landmarks_mm(actor) for actor in scene.actors]
        wanted = tuple(modalities)
        return tuple(
            landmarks.seen(self.rig, where, solid, self._samples, wanted) for where in points
        )

    def _solid(self, scene: Scene) -> Solid | None:
        """Return everything in the scene as one solid, or None if it is empty."""
        lamps = light.lamps(scene.room.light_yaw_deg)
        solids = []
        for actor in scene.actors:
            solids.extend(figure.solids(actor, lamps, scene.room))
        solids += [
            _lit(board_mesh(view, self.rig, scene.room.air_k), lamps) for view in scene.boards
        ]
        if not solids:
            return None
        return joined(solids, self._joined([s.shape for s in solids], solids))

    def _joined(self, shapes: list[Shape], solids: list[Solid]) -> Shape:
        """Join shapes once: the same people are in one frame after the other."""
        if len(shapes) == 1:
            return shapes[0]
        key = tuple(id(shape) for shape in shapes)
        kept = self._shapes.get(key)
        if kept is None:
            # The shapes are kept beside their numbers, which others could take over else.
            kept = (shapes, joined_shape(shapes, [len(s.vertices_mm) for s in solids]))
            self._shapes = {key: kept}
        return kept[1]

    def _painted(self, solid: Solid | None, empty: Backdrop) -> npt.NDArray[np.uint8]:
        picture = empty.color.copy()
        window = self._rastered(self._color, solid, _FINE)
        if window is not None and solid is not None:
            shape, pool = solid.shape, solid.shape.color
            paint(
                window.nearest,
                window.seen,
                window.planes,
                shape.triangles,
                shape.uv,
                shape.material,
                shape.sharp,
                solid.light,
                pool.texels,
                pool.table,
                picture,
                window.left,
                window.top,
            )
        return picture

    def _measured(
        self, solid: Solid | None, empty: Backdrop
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        depth, reflectance = empty.depth_mm, empty.reflectance.copy()
        window = self._rastered(self._ir, solid, 1)
        if window is not None and solid is not None:
            shape, pool = solid.shape, solid.shape.reflectance
            measure(
                window.nearest,
                window.seen,
                window.planes,
                shape.triangles,
                shape.uv,
                shape.material,
                solid.facing,
                pool.texels,
                pool.table,
                depth,
                reflectance,
                window.left,
                window.top,
            )
        return depth, reflectance

    def _felt(self, solid: Solid | None, empty: Backdrop) -> npt.NDArray[np.float32]:
        kelvin = empty.thermal_k
        window = self._rastered(self._thermal, solid, 1)
        if window is not None and solid is not None:
            shape = solid.shape
            feel(
                window.nearest,
                window.seen,
                window.planes,
                shape.uv,
                shape.material,
                solid.temperature_k,
                shape.temperature_k.table,
                kelvin,
                window.left,
                window.top,
            )
        return kelvin

    def _rastered(self, lens: Lens, solid: Solid | None, fine: int) -> Samples.Window | None:
        return None if solid is None else seen_through(lens, solid, self._samples, fine)


def _lit(mesh: Mesh, lamps: npt.NDArray[np.float32]) -> Solid:
    shape = shape_of_mesh(mesh)
    count = len(mesh.vertices_mm)
    lit = light.lit(
        mesh.vertices_mm,
        mesh.triangles,
        openness=np.ones(count, np.float32),
        creep=np.full((count, 3), light.PLAIN_CREEP, np.float32),
        gloss=np.zeros(count, np.float32),
        lamps=lamps,
    )
    return Solid(
        shape=shape,
        vertices_mm=mesh.vertices_mm,
        light=lit[0],
        facing=lit[1],
        sides=np.full(len(mesh.triangles), BOTH, np.uint8),
        temperature_k=shape.temperature_k.texels,
    )

"""What of a solid stays the same from frame to frame: triangles and the pictures on them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from capture.sim.render.mesh import Mesh, Texture

    Float32 = npt.NDArray[np.float32]
    Int32 = npt.NDArray[np.int32]

HIDDEN, FRONT, BOTH = 0, 1, 2


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pool:
    """Pictures of one kind, one after the other, and where each begins."""

    texels: npt.NDArray[Any]  # (N, 3) bytes of colour, or (N,) single floats
    table: Int32  # (materials, 3): first texel, width, height


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shape:
    """Triangles with their materials, ready for the compiled functions."""

    triangles: Int32  # (T, 3)
    uv: Float32  # (T, 3, 2)
    material: npt.NDArray[np.uint8]  # (T,)
    sides: npt.NDArray[np.uint8]  # (T,) from where each is seen: HIDDEN, FRONT, BOTH
    sharp: npt.NDArray[np.bool_]  # (materials,)
    color: Pool
    reflectance: Pool
    temperature_k: Pool


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Solid:
    """A shape at its place in the world, lit."""

    shape: Shape
    vertices_mm: Float32  # (V, 3)
    light: Float32  # (V, 4): by how much red, green and blue are lit; what shines on top, 0 to 255
    facing: Float32  # (V,) cosine between the surface and the way to the cameras
    sides: npt.NDArray[np.uint8]  # the shape's, or with parts hidden
    temperature_k: Float32  # the shape's texels, or as they are now


def pool_of(pictures: Sequence[npt.NDArray[Any]]) -> Pool:
    """Lay pictures one behind the other."""
    table = []
    first = 0
    for picture in pictures:
        height, width = picture.shape[:2]
        table.append((first, width, height))
        first += width * height
    flat = [picture.reshape(-1, *picture.shape[2:]) for picture in pictures]
    return Pool(texels=np.concatenate(flat), table=np.array(table, np.int32))


def shape_of_mesh(mesh: Mesh) -> Shape:
    """Make a mesh with one texture ready."""
    count = len(mesh.triangles)
    return shape_of(
        triangles=mesh.triangles,
        uv=mesh.uv,
        material=np.zeros(count, np.uint8),
        sides=np.full(count, BOTH, np.uint8),
        textures=[mesh.texture],
        sharp=[mesh.sharp],
    )


def shape_of(
    *,
    triangles: Int32,
    uv: Float32,
    material: npt.NDArray[np.uint8],
    sides: npt.NDArray[np.uint8],
    textures: Sequence[Texture],
    sharp: Sequence[bool],
) -> Shape:
    """Gather the textures of the materials."""
    return Shape(
        triangles=np.ascontiguousarray(triangles, np.int32),
        uv=np.ascontiguousarray(uv, np.float32),
        material=material,
        sides=sides,
        sharp=np.array(sharp, np.bool_),
        color=pool_of([texture.color for texture in textures]),
        reflectance=pool_of([texture.reflectance for texture in textures]),
        temperature_k=pool_of([texture.temperature_k for texture in textures]),
    )


def joined_shape(shapes: Sequence[Shape], vertices: Sequence[int]) -> Shape:
    """Return several shapes as one; `vertices` counts those of each."""
    first = np.cumsum([0, *vertices])[:-1]
    materials = np.cumsum([0, *(len(shape.sharp) for shape in shapes)])[:-1]
    return Shape(
        triangles=np.concatenate(
            [s.triangles + np.int32(at) for s, at in zip(shapes, first, strict=True)]
        ),
        uv=np.concatenate([s.uv for s in shapes]),
        material=np.concatenate(
            [s.material + np.uint8(at) for s, at in zip(shapes, materials, strict=True)]
        ),
        sides=np.concatenate([s.sides for s in shapes]),
        sharp=np.concatenate([s.sharp for s in shapes]),
        color=_joined([s.color for s in shapes]),
        reflectance=_joined([s.reflectance for s in shapes]),
        temperature_k=_joined([s.temperature_k for s in shapes]),
    )


def _joined(pools: Sequence[Pool]) -> Pool:
    first = np.cumsum([0, *(len(pool.texels) for pool in pools)])[:-1]
    table = [
        pool.table + np.array([at, 0, 0], np.int32) for pool, at in zip(pools, first, strict=True)
    ]
    return Pool(texels=np.concatenate([pool.texels for pool in pools]), table=np.concatenate(table))


def joined(solids: Sequence[Solid], shape: Shape) -> Solid:
    """Return several solids as one, whose shapes have been joined to `shape`."""
    if len(solids) == 1:
        return solids[0]
    return Solid(
        shape=shape,
        vertices_mm=np.concatenate([s.vertices_mm for s in solids]),
        light=np.concatenate([s.light for s in solids]),
        facing=np.concatenate([s.facing for s in solids]),
        sides=np.concatenate([s.sides for s in solids]),
        temperature_k=np.concatenate([s.temperature_k for s in solids]),
    )

"""What the renderer draws: triangles with pictures on them, in colour, infrared and heat."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Texture:
    """What a surface looks like to each camera; the three pictures may differ in size.

    A texture spans 0 to 1 from its left and upper outer edges to its right and lower ones, and is
    read between its texels (bilinearly), so a sharp edge is as wide as one texel.
    """

    color: npt.NDArray[np.uint8]  # (height, width, 3) RGB, as it looks when fully lit
    reflectance: npt.NDArray[np.float32]  # (height, width) in the infrared, 0 to 1
    temperature_k: npt.NDArray[np.float32]  # (height, width)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Mesh:
    """A thing in the world.

    A lens bends straight lines and the renderer moves only vertices: cut large flat things into
    triangles of at most some 30 pixels.
    """

    vertices_mm: npt.NDArray[np.float32]  # (vertices, 3) in the world
    triangles: npt.NDArray[np.int32]  # (triangles, 3), turning clockwise as seen from outside
    uv: npt.NDArray[np.float32]  # (triangles, 3, 2) where each corner is in the texture
    texture: Texture
    sharp: bool = False  # its texture is sampled four times a pixel even inside a triangle

"""What perfect cameras would see: pictures before any sensor adds its faults, and the truth."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from taver.core.frames import Modality


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ideal:
    """Noise-free pictures of one scene; those that were not asked for are None."""

    color: npt.NDArray[np.uint8] | None  # (1080, 1920, 3) RGB, exposed for a lit room
    depth_mm: npt.NDArray[np.float32] | None  # (424, 512) z in the infrared camera; never 0
    reflectance: npt.NDArray[np.float32] | None  # (424, 512) infrared, 0 to 1
    thermal_k: npt.NDArray[np.float32] | None  # (512, 640) temperature of the surface seen


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Landmarks:
    """The 68 points of one person's face, in the iBUG order."""

    world_mm: npt.NDArray[np.float64]  # (68, 3)
    pixels: dict[Modality, npt.NDArray[np.float64]]  # (68, 2) in each camera
    visible: dict[Modality, npt.NDArray[np.bool_]]  # (68,) in each camera

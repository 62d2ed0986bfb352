"""Pictures as a network sees them: one named config, from whole numbers to about -1 to 1.

Colour goes from -1 to 1. Depth is how far a pixel stands out of the plane through brows, eyes and
mouth, as in `taver.faces.crops.relief`; heat is what a pixel is above the person's own face in the
relaxing phase. Nothing here is learnt from any data: a person's plane and relaxing phase are their
own, measured without labels. What was not measured gets one value, `fill`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import numpy as np

from taver.core.config import Section
from taver.core.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from taver.dataset.read import Recording

# Brows, eyes and mouth of the 68 points; the nose stands out of the plane.
_PLANE: Final = (*range(17, 27), *range(36, 60))
_ROUNDS: Final = 4
_OFF_MM: Final = 25.0  # farther off the plane it is hair, or a hand
_FEWEST: Final = 12


class Scaling(Section, frozen=True, kw_only=True):
    """How pictures become numbers; it stands in every checkpoint."""

    depth: Literal["face-plane", "median"] = "face-plane"  # median: of the middle of the crop
    depth_range_mm: Annotated[float, msgspec.Meta(gt=0)] = 150.0
    # relaxing: above the mean of the person's face in the relaxing phase; who has none is taken
    # absolutely, and the report names them. absolute: everybody, above `thermal_zero_k`.
    thermal: Literal["relaxing", "absolute"] = "relaxing"
    thermal_range_k: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    thermal_zero_k: float = 305.15
    fill: Annotated[float, msgspec.Meta(ge=-1, le=1)] = 0.0

    def in_words(self) -> dict[str, str]:
        """Say what becomes of each modality."""
        zero = f"{self.thermal_zero_k:g} K"
        heat = f"its relaxing-phase face mean ({zero} without one)"
        plane = "out of the face's plane"
        if self.depth == "median":
            plane = "before the median of its middle"
        return {
            "color": "0 to 255 becomes -1 to 1",
            "depth": f"{plane}, +-{self.depth_range_mm:g} mm becomes -1 to 1, clipped",
            "thermal": f"above {heat if self.thermal == 'relaxing' else zero}, "
            f"+-{self.thermal_range_k:g} K becomes -1 to 1, clipped",
            "missing": f"{self.fill:g}",
        }


def coefficients(
    recording: Recording, modality: str, pictures: npt.NDArray[Any], scaling: Scaling
) -> npt.NDArray[np.float32]:
    """Return the three numbers a frame by which its picture is scaled.

    Depth: the inverse depth of the plane is a + b x + c y, x and y from 0 to 1 over the picture.
    Heat: kelvin above zero are a + b * count, in the first two. Colour has none that matter.
    """
    found = np.zeros((len(pictures), 3), np.float32)
    if modality == "thermal":
        factor, offset = _kelvin(recording)
        found[:, 0] = offset - zero_k(recording, scaling)
        found[:, 1] = factor
    elif modality == "depth":
        found[:] = _planes(pictures) if scaling.depth == "face-plane" else _medians(pictures)
    return found


def zero_k(recording: Recording, scaling: Scaling) -> float:
    """Return the temperature that becomes 0 for this recording."""
    if scaling.thermal == "relaxing" and recording.relaxing_face_k is not None:
        return recording.relaxing_face_k
    return scaling.thermal_zero_k


def scaled(modality: str, raw: torch.Tensor, terms: torch.Tensor, scaling: Scaling) -> torch.Tensor:
    """Return raw pictures (clips, frames, height, width[, 3]) as (clips, channels, frames, h, w).

    Runs where the tensors are. 16-bit counts come as int16, whose bits are those of uint16.
    """
    import torch

    if modality == "color":
        return raw.permute(0, 4, 1, 2, 3).to(torch.float32).mul_(1 / 127.5).sub_(1.0)
    counts = raw.to(torch.int32).bitwise_and_(0xFFFF).to(torch.float32)
    a, b, c = (terms[..., place, None, None] for place in range(3))
    known = counts > 0
    if modality == "depth":
        size = counts.shape[-1]
        at = torch.arange(size, dtype=torch.float32, device=counts.device) / size
        inverse = a + b * at[None, None, None, :] + c * at[None, None, :, None]
        known &= inverse > 0
        values = (1.0 / torch.where(known, inverse, 1.0) - counts) / scaling.depth_range_mm
    else:
        values = (a + b * counts) / scaling.thermal_range_k
    values = torch.where(known, values.clamp(-1.0, 1.0), scaling.fill)
    return values.unsqueeze(1)


def _kelvin(recording: Recording) -> tuple[float, float]:
    if recording.thermal_kelvin is None:
        raise DataError(
            f"The recording {recording.name} has heat, and does not say how counts become kelvin",
            fix="build the dataset again with: taver build-dataset",
        )
    return recording.thermal_kelvin


@functools.cache
def _points(size_px: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return where the plane is told in a crop of this size, and the terms of its equation."""
    from taver.faces.align import template

    at = np.rint(template(size_px)[list(_PLANE)]).astype(np.intp)
    at = np.unique(at[(at >= 0).all(axis=1) & (at < size_px).all(axis=1)], axis=0)
    terms = np.stack([np.ones(len(at)), at[:, 0] / size_px, at[:, 1] / size_px], axis=-1)
    return at, terms


def _planes(pictures: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the plane of each frame; zeros (a plane nowhere) where too little was measured."""
    at, terms = _points(pictures.shape[-1])
    z_mm = pictures[:, at[:, 1], at[:, 0]].astype(np.float64)
    kept = z_mm > 0
    inverse = 1.0 / np.where(kept, z_mm, 1.0)
    planes = np.zeros((len(pictures), 3))
    for _ in range(_ROUNDS):
        weighted = kept[:, :, None] * terms[None]
        normal = np.einsum("fpi,pj->fij", weighted, terms) + 1e-12 * np.eye(3)
        right = np.einsum("fpi,fp->fi", weighted, inverse)
        planes = np.linalg.solve(normal, right[..., None])[..., 0]
        off_mm = (planes @ terms.T - inverse) * np.where(kept, z_mm, 1.0) ** 2
        kept &= np.abs(off_mm) < _OFF_MM
    planes[kept.sum(axis=1) < min(_FEWEST, len(at) // 2)] = 0.0
    return planes


def _medians(pictures: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return planes that face the camera, as far as the median of the middle of the crop."""
    size = pictures.shape[-1]
    middle = pictures[:, size // 4 : size - size // 4, size // 4 : size - size // 4]
    flat = middle.reshape(len(pictures), -1)
    planes = np.zeros((len(pictures), 3))
    for frame, values in enumerate(flat):
        known = values[values > 0]
        if len(known):
            planes[frame, 0] = 1.0 / np.median(known)
    return planes

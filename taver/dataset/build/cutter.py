"""Cuts the pictures of one slot, aligned to each other.

Colour is cut out of the picture as it was recorded. Depth is registered onto that same picture,
densely and only around the face, and cut by the same similarity: a pixel of one is the same point
of the face in the other. Heat is cut by the similarity that the landmarks have in the thermal
picture, at the thermal frame's own time: it is off by half a pixel of 96 on the inner face, and has
no holes where depth has some, as a picture warped through depth would.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from calibration.registration.box import Box
from calibration.thermal.scale import Scale
from taver.core.errors import DataError, InputError
from taver.core.frames import Modality
from taver.faces import align, similarity

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.registration.engine import Registration
    from calibration.rig import Rig
    from taver.dataset.build.source import Source
    from taver.faces import crops
    from taver.faces.points import Floats

# Skin is at 7680 counts of 0.04 K, where the high byte changes from pixel to pixel. 64 counts above
# it hardly ever does, and is read three times as fast.
HEAT_SHIFT: Final = 64
_MOST: Final = np.iinfo(np.uint16).max  # a camera of 16 bits reaches 64 counts higher
_AROUND_PX: Final = 4  # for what interpolation and filled holes look at


class Picture(NamedTuple):
    """What of one modality a slot shows."""

    values: npt.NDArray[Any]
    seen: float  # the share of its pixels that hold what was measured


class Cutter(Protocol):
    """Cuts pictures of slots."""

    source: Source

    def cut(self, modality: Modality, slot: int, frame: int) -> Picture | None:
        """Return a slot's picture, or None where there is none."""
        ...


def sized(matrices: Floats, size_px: int) -> Floats:
    """Return similarities to the canonical face of 96 px as those to one of another size."""
    grown = size_px / align.SIZE_PX
    made = matrices * grown
    # A pixel's whole-numbered coordinate is its centre.
    made[..., 2] += (grown - 1.0) / 2.0
    return np.asarray(made)


def corners(matrices: Floats, size_px: int) -> Floats:
    """Return the boxes of pictures that crops are cut from: left, top, right, bottom of each."""
    ends = (-0.5, size_px - 0.5)
    points = np.array([[x, y] for x in ends for y in ends])
    placed = similarity.apply(similarity.inverse(matrices), points)
    low, high = placed.min(axis=-2) - _AROUND_PX, placed.max(axis=-2) + _AROUND_PX
    return np.concatenate([low, high], axis=-1)


class FaceCutter:
    """Cuts aligned faces."""

    def __init__(self, source: Source, rig: Rig | None) -> None:
        self.source, self.rig = source, rig
        self.size_px = source.cut.size_px
        self._to_face = sized(source.rows["similarity"], self.size_px)
        self._heat_to_face = sized(source.rows["thermal_similarity"], self.size_px)
        self._box = corners(self._to_face, self.size_px)
        self._heat_box = corners(self._heat_to_face, self.size_px)
        self._registration = registration(rig) if Modality.DEPTH in source.footage else None
        self._scale = scale(source) if Modality.THERMAL in source.footage else None

    def cut(self, modality: Modality, slot: int, frame: int) -> Picture | None:
        """Return a slot's picture, or None where there is none."""
        row = int(self.source.row_of_slot[slot])
        heat = modality is Modality.THERMAL
        matrix = (self._heat_to_face if heat else self._to_face)[row]
        box = (self._heat_box if heat else self._box)[row].tolist()
        if not all(map(math.isfinite, box)):
            return None
        if heat:
            return self._heat(frame, matrix, box)
        if modality is Modality.COLOR:
            return self._color(frame, matrix, box)
        return self._depth(frame, matrix, box)

    def _color(self, frame: int, matrix: Floats, box: list[float]) -> Picture | None:
        from taver.faces import crops  # compiles

        left, top, right, bottom = box
        try:
            part = self.source.color(frame).color((left, top, right, bottom))
        except DataError:
            return None
        moved = similarity.shifted(matrix, part.left_px, part.top_px)
        return told(crops.color(part.pixels, moved, self.size_px))

    def _depth(self, frame: int, matrix: Floats, box: list[float]) -> Picture | None:
        from taver.faces import crops  # compiles

        if self.rig is None or self._registration is None:
            return None
        crop = self.rig.crop
        left, top, right, bottom = map(int, box)
        size = (right + 2 - left, bottom + 2 - top)
        try:
            part = Box(left - crop.left_px, top - crop.top_px, *size).clipped(
                crop.width_px, crop.height_px
            )
        except InputError:
            return None  # the face is outside of where there is depth
        rows = self._registration.rows_of(part)
        pixels = self.source.raster(Modality.DEPTH, frame, rows)
        if pixels is None:
            return None
        around = self._registration.register(pixels, box=part).depth_mm
        moved = similarity.shifted(matrix, crop.left_px + part.left_px, crop.top_px + part.top_px)
        return told(crops.depth(around, moved, self.size_px))

    def _heat(self, frame: int, matrix: Floats, box: list[float]) -> Picture | None:
        from taver.faces import crops  # compiles

        if self._scale is None:
            return None
        wide, high = self.source.size_px(Modality.THERMAL)
        left, top, right, bottom = map(int, box)
        x, y = min(max(left, 0), wide - 2), min(max(top, 0), high - 2)
        end_x, end_y = max(right + 2, x + 2), max(bottom + 2, y + 2)
        pixels = self.source.raster(Modality.THERMAL, frame, slice(y, end_y))
        if pixels is None:
            return None
        moved = similarity.shifted(matrix, x, y)
        part = pixels[y:end_y, x:end_x]
        if not self._scale.holds(part):
            return None
        return counted(crops.heat(self._scale.kelvin(part), moved, self.size_px), self._scale)


def registration(rig: Rig | None) -> Registration | None:
    """Return what brings depth onto the colour picture as recorded."""
    if rig is None:
        return None
    from calibration.registration.engine import Registration  # compiles

    return Registration.from_rig(rig, onto="original")


def scale(source: Source) -> Scale:
    """Return what a count of the session's thermal stream stands for."""
    return Scale.from_unit(source.footage[Modality.THERMAL].header.unit)


def kelvin_of(unit: str) -> list[float]:
    """Return factor and offset that make kelvin of a dataset's counts of heat."""
    scale = Scale.from_unit(unit)
    return [scale.kelvin_per_count, scale.offset_k - HEAT_SHIFT * scale.kelvin_per_count]


def told(crop: crops.Crop) -> Picture:
    """Return a crop in whole numbers, as it is stored."""
    values = crop.values if crop.values.dtype.kind == "u" else np.rint(crop.values)
    return Picture(values, _share(crop.valid))


def counted(crop: crops.Crop, scale: Scale) -> Picture:
    """Return a crop in kelvin as counts, HEAT_SHIFT above its camera's; 0 stays what is missing."""
    counts = np.rint((crop.values - scale.offset_k) / scale.kelvin_per_count) + HEAT_SHIFT
    return Picture(np.where(crop.valid & (counts <= _MOST), counts, 0), _share(crop.valid))


def _share(valid: npt.NDArray[np.bool_]) -> float:
    """Return how much of a crop is valid; counted, which is quicker than a mean."""
    return np.count_nonzero(valid) / valid.size

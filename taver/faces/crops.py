"""Crops of an aligned face, each with a mask of where it holds what was measured.

A face near the edge of a picture, or a hole in the depth, leaves pixels of a crop without a value.
They are 0 there, and the mask is False: a black border is never data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.extras import need
from taver.faces import similarity
from taver.faces.align import SIZE_PX, template
from taver.faces.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.faces.points import Floats

    Mask = npt.NDArray[np.bool_]

# Neighbours in depth that differ by more than this share are two surfaces; between them there is
# nothing, so nothing is interpolated.
_SAME: Final = 0.02
# The face's plane is told by these: brows, eyes, mouth; not by the nose, which stands out of it.
_PLANE: Final = (*range(17, 27), *range(36, 60))
_ROUNDS: Final = 4
_OFF_MM: Final = 25.0
_FEWEST: Final = 12
_SURELY: Final = 1e-6  # px, more than rounding


class Crop(NamedTuple):
    """A crop, and where it holds what was measured."""

    values: npt.NDArray[Any]
    valid: Mask


def color(picture: npt.NDArray[np.uint8], matrix: Floats, size_px: int = SIZE_PX) -> Crop:
    """Return the crop of an RGB picture, averaged where it becomes smaller."""
    cv2 = need("cv2", extra="faces", to="cut faces out")
    shrinks = 1.0 / max(float(similarity.scale(matrix)), 1e-6)
    picture, matrix = _shrunk(cv2, picture, matrix, shrinks)
    size = (size_px, size_px)
    values = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR)
    return _masked(values, _inside(matrix, picture.shape, size_px))


def heat(kelvin: npt.NDArray[np.float32], matrix: Floats, size_px: int = SIZE_PX) -> Crop:
    """Return the crop of a picture of temperatures."""
    cv2 = need("cv2", extra="faces", to="cut faces out")
    values = cv2.warpAffine(
        np.ascontiguousarray(kelvin, np.float32), matrix, (size_px, size_px),
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    valid = _inside(matrix, kelvin.shape, size_px) & np.isfinite(values)
    return _masked(values, valid)


def depth(depth_mm: npt.NDArray[Any], matrix: Floats, size_px: int = SIZE_PX) -> Crop:
    """Return the crop of a depth picture in millimetres; 0 in the picture is a hole."""
    valid = _inside(matrix, depth_mm.shape, size_px)
    values = np.zeros((size_px, size_px), np.float32)
    if depth_mm.size and np.isfinite(matrix).all():
        _between(np.ascontiguousarray(depth_mm), similarity.inverse(matrix), values, valid)
    return Crop(values, valid)


@compiled
def _between(
    depth_mm: npt.NDArray[Any], back: Floats, values: npt.NDArray[np.float32], valid: Mask
) -> None:
    """Write each valid pixel's depth: of four neighbours, those on the nearest one's surface.

    Row by row in three loops, of which the compiler turns the first and the last into wide ones.
    """
    high, wide = depth_mm.shape
    pixels = depth_mm.reshape(-1)
    right, below = np.uintp(min(wide - 1, 1)), np.uintp(min(high - 1, 1) * wide)
    last_left, last_top = max(wide - 2.0, 0.0), max(high - 2.0, 0.0)
    columns = values.shape[1]
    at = np.empty(columns, np.int32)
    x, y = np.empty(columns), np.empty(columns)
    corners = np.empty((4, columns), np.float32)
    for row in range(values.shape[0]):
        for column in range(columns):
            u = back[0, 0] * column + back[0, 1] * row + back[0, 2]
            v = back[1, 0] * column + back[1, 1] * row + back[1, 2]
            left = np.int32(min(max(u, 0.0), last_left))
            top = np.int32(min(max(v, 0.0), last_top))
            x[column], y[column] = u - left, v - top
            at[column] = top * np.int32(wide) + left
        for column in range(columns):
            here = np.uintp(at[column])
            corners[0, column] = pixels[here]
            corners[1, column] = pixels[here + right]
            corners[2, column] = pixels[here + below]
            corners[3, column] = pixels[here + below + right]
        _blend(corners[0], corners[1], corners[2], corners[3], x, y, values[row], valid[row])


@compiled
def _blend(
    z00: npt.NDArray[np.float32],
    z01: npt.NDArray[np.float32],
    z10: npt.NDArray[np.float32],
    z11: npt.NDArray[np.float32],
    x: Floats,
    y: Floats,
    values: npt.NDArray[np.float32],
    valid: Mask,
) -> None:
    """Write the depth between each column's corners, and tell where the nearest one is a hole."""
    nothing = np.float32(0)
    for i in range(len(values)):
        # The corner that counts most; of two that count the same, the first.
        above = z01[i] if x[i] > 0.5 else z00[i]
        below = z11[i] if x[i] > 0.5 else z10[i]
        nearest = below if y[i] > 0.5 else above
        reach = np.float32(_SAME) * nearest
        # A hole is farther off than any surface reaches.
        s00 = (1.0 - x[i]) * (1.0 - y[i]) if abs(z00[i] - nearest) <= reach else 0.0
        s01 = x[i] * (1.0 - y[i]) if abs(z01[i] - nearest) <= reach else 0.0
        s10 = (1.0 - x[i]) * y[i] if abs(z10[i] - nearest) <= reach else 0.0
        s11 = x[i] * y[i] if abs(z11[i] - nearest) <= reach else 0.0
        sum_mm = z00[i] * s00 + z01[i] * s01 + z10[i] * s10 + z11[i] * s11
        mean_mm = np.float32(sum_mm / (s00 + s01 + s10 + s11))
        values[i] = mean_mm if valid[i] & (nearest > nothing) else nothing
    for i in range(len(values)):  # by itself: with two arrays to write into there is no wide loop
        valid[i] = values[i] > nothing


def relief(crop: Crop, size_px: int = SIZE_PX) -> Crop:
    """Return how far each pixel of a depth crop stands out of the face's plane, in millimetres.

    Towards the camera is above 0. The plane is fitted to brows, eyes and mouth; seen through a
    pinhole the inverse depth of a plane is linear over the picture, so it is fitted to that.
    """
    at = np.rint(template(size_px)[list(_PLANE)]).astype(np.intp)
    at = at[(at >= 0).all(axis=1) & (at < size_px).all(axis=1)]
    x, y = at.T
    kept = crop.valid[y, x]
    terms = np.stack([np.ones(len(at)), x / size_px, y / size_px], axis=-1)
    z_mm = np.where(kept, crop.values[y, x], 1.0)
    plane = np.zeros(3)
    for _ in range(_ROUNDS):
        if kept.sum() < _FEWEST:
            return Crop(np.zeros_like(crop.values), np.zeros_like(crop.valid))
        plane, *_ = np.linalg.lstsq(terms[kept], 1.0 / z_mm[kept], rcond=None)
        off_mm = (terms @ plane - 1.0 / z_mm) * z_mm**2
        kept &= np.abs(off_mm) < _OFF_MM
    row = np.arange(size_px) / size_px
    inverse = plane[0] + plane[1] * row[None, :] + plane[2] * row[:, None]
    usable = crop.valid & (inverse > 0)
    values = 1.0 / np.where(usable, inverse, 1.0) - crop.values
    return _masked(values.astype(np.float32), usable)


def _masked(values: npt.NDArray[Any], valid: Mask) -> Crop:
    values[~valid] = 0
    return Crop(values, valid)


def _sources(matrix: Floats, size_px: int) -> tuple[Floats, Floats]:
    """Return which place of the picture each pixel of the crop shows."""
    back = similarity.inverse(matrix)
    x, y = np.arange(size_px), np.arange(size_px)[:, None]
    u = back[0, 0] * x + back[0, 1] * y + back[0, 2]
    v = back[1, 0] * x + back[1, 1] * y + back[1, 2]
    return u, v


def _inside(matrix: Floats, shape: tuple[int, ...], size_px: int) -> Mask:
    high, wide = shape[:2]
    if _surely_inside(similarity.inverse(matrix), wide, high, size_px):
        return np.ones((size_px, size_px), np.bool_)
    u, v = _sources(matrix, size_px)
    return np.asarray((u >= 0) & (u <= wide - 1) & (v >= 0) & (v <= high - 1))


def _surely_inside(back: Floats, wide: int, high: int, size_px: int) -> bool:
    """Tell whether the crop's corners, and so all of it, show places of the picture."""
    (a, b, x), (c, d, y) = back.tolist()
    far = size_px - 1.0
    low, right, below = _SURELY, wide - 1.0 - _SURELY, high - 1.0 - _SURELY
    return all(
        low < a * across + b * down + x < right and low < c * across + d * down + y < below
        for across, down in ((0.0, 0.0), (far, 0.0), (0.0, far), (far, far))
    )


def _shrunk(
    cv2: Any, picture: npt.NDArray[np.uint8], matrix: Floats, shrinks: float
) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Return the part of the picture that is needed, halved until little is left to shrink.

    Linear interpolation looks at four pixels; more would be skipped, and fine texture flicker.
    """
    halves = 0
    while shrinks >= 2.0:
        shrinks /= 2.0
        halves += 1
    if not halves:
        return picture, matrix
    step = 2**halves
    high, wide = (side // step * step for side in picture.shape[:2])
    size = (wide // step, high // step)
    small = cv2.resize(picture[:high, :wide], size, interpolation=cv2.INTER_AREA)
    # A small pixel's centre is the middle of the pixels it was made of.
    grown = np.array([[step, 0.0, (step - 1) / 2], [0.0, step, (step - 1) / 2], [0.0, 0.0, 1.0]])
    return small, matrix @ grown

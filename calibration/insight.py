"""The board in the pictures of one moment: its corners by camera, and the depths on it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.depths import condensed
from calibration.detect import faults
from calibration.detect.detector import Found, find
from calibration.detect.prepare import colour, heat, infrared
from calibration.observations import Depths
from calibration.sources.shot import SEEING
from calibration.vision import vision
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from calibration.board import Board
    from calibration.sources.shot import Picture, Shot

_INSET: Final = 0.2  # squares of the board's rim that depth is not taken from
_FEWEST_DEPTHS: Final = 60
_THUMB_PX: Final = 360
_AROUND: Final = 0.35  # of the board's size is shown round it


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Thumb:
    """The part of a picture round the board, for the report."""

    picture: npt.NDArray[np.uint8]
    left_px: int
    top_px: int
    scale: float


@dataclasses.dataclass(kw_only=True, slots=True, eq=False)
class Taken:
    """What was found in one shot, and what was wrong with it."""

    shot_name: str
    found: dict[str, Found]
    depths: Depths | None
    thumbs: dict[str, Thumb]
    notes: list[str]


def in_shot(shot: Shot, board: Board) -> Taken:
    """Look for the board in every picture of a shot."""
    pictures = {m: shot.pictures[m] for m in SEEING if m in shot.pictures}
    found, notes = _found(pictures, board), []
    for modality, picture in pictures.items():
        one = found.get(modality.value)
        saturated = _saturated(modality, picture, one)
        if saturated:
            found.pop(modality.value, None)
            notes.append(f"{shot.name}, {modality}: {saturated}")
        elif one is None and found:
            notes.append(f"{shot.name}, {modality}: the board was not found")
    depths = None
    if shot.depth_mm is not None and "ir" in found:
        depths = depths_on(shot.depth_mm, found["ir"], board)
    thumbs = {
        str(m.value): _thumb(m, picture, found[m.value])
        for m, picture in pictures.items()
        if m.value in found
    }
    return Taken(shot_name=shot.name, found=found, depths=depths, thumbs=thumbs, notes=notes)


def _saturated(modality: Modality, picture: Picture, found: Found | None) -> str | None:
    """Say what is saturated: of the board where it was found, else of the whole picture."""
    if modality is not Modality.THERMAL:
        return None
    if found is None:
        return faults.saturation(picture)
    low = np.maximum(np.floor(found.sighting.pixels.min(axis=0)), 0).astype(int)
    high = np.ceil(found.sighting.pixels.max(axis=0)).astype(int) + 1
    return faults.saturation(picture[low[1] : high[1], low[0] : high[0]])


def _found(pictures: Mapping[Modality, Picture], board: Board) -> dict[str, Found]:
    """Return the board by camera; who finds it at once tells the others to look thoroughly."""
    found: dict[str, Found] = {}
    for thorough in (False, True):
        for modality, picture in pictures.items():
            if modality.value not in found:
                one = find(picture, modality.value, board, thorough=thorough)
                if one is not None:
                    found[modality.value] = one
        if not found:
            break
    return found


def depths_on(depth_mm: Picture, found: Found, board: Board) -> Depths | None:
    """Return the depths on the printed squares, less what is not on their plane; None if few."""
    cv2 = vision()
    sighting = found.sighting
    matrix, _ = cv2.findHomography(board.points_mm[sighting.corners][:, :2], sighting.pixels, 0)
    if matrix is None:
        return None
    middle = board.outline_mm[:, :2].mean(axis=0)
    outline = board.outline_mm[:, :2]
    inner = outline + np.sign(middle - outline) * _INSET * board.square_mm
    corners = cv2.perspectiveTransform(inner.reshape(-1, 1, 2), matrix).reshape(-1, 2)
    mask = np.zeros(depth_mm.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners).astype(np.int32), 1)
    y, x = np.nonzero((mask > 0) & np.isfinite(depth_mm) & (depth_mm > 0))
    if len(x) < _FEWEST_DEPTHS:
        return None
    depths = Depths(
        pixels=np.column_stack([x, y]).astype(np.float64),
        z_mm=np.asarray(depth_mm[y, x], np.float64),
    )
    few = condensed(depths)
    return None if few.counts is None or few.counts.sum() < _FEWEST_DEPTHS else few


def _thumb(modality: Modality, picture: Picture, found: Found) -> Thumb:
    cv2 = vision()
    if modality is Modality.THERMAL:
        grey = heat(picture, 12.0)
    elif modality is Modality.IR:
        grey = infrared(picture)
    else:
        grey = colour(picture)
    pixels = found.sighting.pixels
    around = _AROUND * float(np.ptp(pixels, axis=0).max())
    low = np.maximum(np.floor(pixels.min(axis=0) - around), 0).astype(int)
    high = np.ceil(pixels.max(axis=0) + around).astype(int) + 1
    part = grey[low[1] : high[1], low[0] : high[0]]
    scale = _THUMB_PX / part.shape[1]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return Thumb(
        picture=cv2.resize(part, None, fx=scale, fy=scale, interpolation=way),
        left_px=int(low[0]),
        top_px=int(low[1]),
        scale=scale,
    )
